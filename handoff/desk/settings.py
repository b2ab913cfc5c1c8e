"""Settings of the desk."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeskSettings(BaseSettings):
    """Where the desk listens by itself, and how it guards sign-in; read with the prefix ``DESK_``."""

    model_config = SettingsConfigDict(env_prefix="DESK_", extra="ignore")

    host: str = Field(default="127.0.0.1", description="Address for `python -m handoff serve`")
    port: int = Field(default=8081, ge=1, le=65535, description="Port for `python -m handoff serve`")
    session_key: SecretStr = Field(
        min_length=32, description="Key that guards the sign-in form; the same in every copy"
    )
    https: bool = Field(default=False, description="A proxy serves the desk over https: cookies are marked Secure")
    poll_seconds: float = Field(default=0.5, ge=0.05, le=10, description="Seconds between looks for changes")
    sign_in_per_minute: int = Field(default=20, ge=1, description="Attempts a minute to sign in from one address")
    demo_login: str = Field(default="officer", description="Login of the demo officer; not in production")
    demo_password: SecretStr = Field(default=SecretStr(""), description="Password of the demo officer; generated")
