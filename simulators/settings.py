"""Settings of the simulated provider, read from SIMULATOR_ variables."""

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BaseUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[^\s?#]*$")]


class SimulatorSettings(BaseSettings):
    """Where the simulated provider listens, whom it calls and how it behaves.

    The account, its token and the control token have no defaults: the simulator signs what it sends, so it
    refuses to start without secrets that were generated for this installation.
    """

    model_config = SettingsConfigDict(env_prefix="SIMULATOR_", extra="ignore", frozen=True)

    account_sid: Annotated[str, StringConstraints(pattern=r"^AC[0-9a-f]{32}$")]
    auth_token: SecretStr = Field(min_length=16)
    control_token: SecretStr = Field(
        min_length=16, description="Token of the control API, for tests; differs from the auth token"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65535)
    public_url: BaseUrl = Field(
        default="http://127.0.0.1:8090", description="Where the gateway reaches the simulated provider"
    )
    gateway_url: BaseUrl = Field(default="http://127.0.0.1:8080", description="Where webhooks are posted to")
    gateway_public_url: BaseUrl | None = Field(
        default=None,
        description="The gateway's address over which webhooks are signed; that of SIMULATOR_GATEWAY_URL when empty",
    )
    inbound_path: UrlPath = Field(
        default="/webhooks/whatsapp/inbound", description="Path of the gateway's webhook for messages"
    )
    status_path: UrlPath = Field(
        default="/webhooks/whatsapp/status",
        description="Path of the gateway's webhook for receipts, used when a message names none",
    )
    whatsapp_number: Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")] = Field(
        default="+910000000001", description="The business's own number"
    )

    data_dir: Path = Field(default=Path("var/simulator"), description="Folder in which messages and files are kept")
    in_memory: bool = Field(default=False, description="Keep nothing after a stop")
    locale_dir: Path = Field(default=Path("locale"), description="Folder of the catalogues")

    strict: bool = Field(default=True, description="Refuse unknown and repeated form keys")
    api_latency_ms: int = Field(
        default=0, ge=0, le=60_000, description="Milliseconds by which every API answer is delayed"
    )
    sent_after_ms: int = Field(
        default=150, ge=0, le=600_000, description="Milliseconds from acceptance to the receipt sent"
    )
    delivered_after_ms: int = Field(default=300, ge=0, le=600_000, description="Milliseconds from sent to delivered")
    read_after_ms: int = Field(
        default=1_200, ge=-1, le=600_000, description="Milliseconds from delivered to read; -1 for never"
    )
    scramble_statuses: bool = Field(default=False, description="Report receipts out of order")
    ordered_webhooks: bool = Field(default=True, description="Report a contact's messages one after another")
    webhook_timeout_seconds: float = Field(
        default=15.0,
        gt=0,
        le=60,
        description="Seconds within which a webhook must be answered, the second attempt included",
    )
    webhook_retry_seconds: float = Field(
        default=1.0, ge=0, le=15, description="Pause before the second and last attempt"
    )
    media_redirect: bool = Field(default=True, description="Lead media downloads to a short-lived link, as Twilio does")
    log_level: str = "INFO"

    @field_validator("host")
    @classmethod
    def _loopback_only(cls, value: str) -> str:
        """Refuse to offer an unguarded page and API to the network."""
        if value != "localhost" and not ipaddress.ip_address(value).is_loopback:
            msg = "the simulator listens on a loopback address only"
            raise ValueError(msg)
        return value

    @field_validator("public_url", "gateway_url", "gateway_public_url")
    @classmethod
    def _without_trailing_slash(cls, value: str | None) -> str | None:
        """Join base and path the same way everywhere."""
        return value.rstrip("/") if value else value

    @model_validator(mode="after")
    def _distinct_tokens(self) -> Self:
        """Keep the right to steer the simulator apart from the account's own secret."""
        if self.auth_token.get_secret_value() == self.control_token.get_secret_value():
            msg = "SIMULATOR_CONTROL_TOKEN must differ from SIMULATOR_AUTH_TOKEN"
            raise ValueError(msg)
        return self

    @property
    def signed_base_url(self) -> str:
        """The gateway's address as the provider knows it, over which webhooks are signed."""
        return self.gateway_public_url or self.gateway_url

    @property
    def sender_address(self) -> str:
        """The business's own WhatsApp address."""
        return f"whatsapp:{self.whatsapp_number}"
