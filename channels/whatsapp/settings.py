"""Settings of WhatsApp through Twilio."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InvalidInput
from core.settings import Profile

TWILIO_API = "https://api.twilio.com"
TWILIO_CONTENT = "https://content.twilio.com"


class WhatsAppSettings(BaseSettings):
    """Credentials and addresses; read from the environment with the prefix ``WHATSAPP_``."""

    model_config = SettingsConfigDict(env_prefix="WHATSAPP_", extra="ignore")

    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    auth_token: SecretStr
    sender: str = Field(pattern=r"^\+\d{7,15}$", description="Our WhatsApp number")
    public_url: str = Field(description="Address of the gateway as the provider sees it, without a trailing slash")
    api_url: str = TWILIO_API
    content_url: str = TWILIO_CONTENT
    timeout: float = Field(default=10.0, gt=0, description="Seconds to wait for the provider")
    template_refresh: float = Field(
        default=300.0, ge=0, description="Seconds after which the provider is asked again which templates are approved"
    )
    quick_replies: bool = Field(default=True, description="Buttons as Content templates; numbered text when off")

    @field_validator("public_url", "api_url", "content_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("expected an address that starts with http:// or https://")
        return value.rstrip("/")

    def check(self, profile: Profile) -> None:
        """Refuse what production must not run with.

        Raises:
            InvalidInput: A base address is not the provider's, the public address is not https, or a token is short.
        """
        if len(self.auth_token.get_secret_value()) < 16:
            raise InvalidInput("WHATSAPP_AUTH_TOKEN", "the account's auth token, 32 characters")
        if profile is not Profile.PRODUCTION:
            return
        if self.api_url != TWILIO_API or self.content_url != TWILIO_CONTENT:
            raise InvalidInput("WHATSAPP_API_URL", f"{TWILIO_API} in production")
        if not self.public_url.startswith("https://"):
            raise InvalidInput("WHATSAPP_PUBLIC_URL", "an https:// address in production")
