"""Settings of the action server (environment prefix ACTIONS_)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ActionSettings(BaseSettings):
    """Where the action server listens and whom it asks."""

    model_config = SettingsConfigDict(env_prefix="ACTIONS_", extra="ignore", frozen=True)

    port: int = Field(default=5055, ge=1, le=65535, description="Port on the loopback interface.")
    knowledge_url: str = Field(default="http://127.0.0.1:8100", description="Address of the knowledge process.")
    knowledge_timeout: float = Field(default=4.0, gt=0, description="Seconds to wait for an answer.")
    close_margin: float = Field(
        default=0.15, ge=0, description="Two schemes whose scores differ by less are both offered."
    )
