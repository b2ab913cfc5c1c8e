"""Settings of the link to CPGRAMS."""

from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InvalidInput
from core.settings import Profile

ASSUMED_ORGANISATION = "DMSME"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SHORTEST_SECRET = 32


class RegisterWhen(StrEnum):
    """Which grievances are registered at CPGRAMS."""

    ASKED = "asked"
    ESCALATED = "escalated"
    ALL = "all"


class CpgramsSettings(BaseSettings):
    """The link to CPGRAMS; there is none while the address is empty."""

    model_config = SettingsConfigDict(env_prefix="GRIEVANCES_CPGRAMS_", extra="ignore", frozen=True)

    url: str = Field(default="", description="Address of the registry's interface; empty: no link")
    client_id: str = Field(default="sahayak", description="Name under which requests are signed")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Secret that signs requests and proves answers, at least 32 characters"
    )
    organisation: str = Field(
        default=ASSUMED_ORGANISATION,
        pattern=r"^[A-Z]{2,10}$",
        description="Code of the ministry in registration numbers; the default is assumed, production refuses it",
    )
    register_when: RegisterWhen = Field(
        default=RegisterWhen.ASKED,
        description="What is registered there: asked (by an officer), escalated (reached the hub), or all",
    )
    send_mobile: bool = Field(
        default=False, description="Hand on the contact's number; only where the contacts were told so"
    )
    timeout: float = Field(default=10.0, gt=0, le=60, description="Seconds to wait for an answer")
    spool_every: float = Field(default=10.0, gt=0, description="Seconds between looks at what is to be sent or asked")
    pull_every: float = Field(default=300.0, gt=0, description="Seconds between pulls of what was filed there")
    pull_overlap: float = Field(
        default=86400.0, ge=0, description="Seconds before the last pull from where the next one reads again"
    )
    pull_first: float = Field(default=2_592_000.0, gt=0, description="Seconds that the very first pull looks back")
    status_every: float = Field(
        default=21_600.0, gt=0, description="Seconds between looks at a grievance's status there"
    )
    settle_after: float = Field(
        default=360.0,
        gt=0,
        description="Seconds after which a reference unknown there was certainly not registered; more than the time "
        "for which the registry takes a signed request",
    )
    give_up_after: float = Field(default=604_800.0, gt=0, description="Seconds after which registering is given up")

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("expected an address that starts with http:// or https://")
        return value.rstrip("/")

    @property
    def linked(self) -> bool:
        """Whether there is a link."""
        return bool(self.url)

    def check(self, profile: Profile) -> None:
        """Refuse a link that is not safe.

        Raises:
            InvalidInput: The secret is missing or short; the address is not encrypted and not this machine's; or, in
                production, the ministry's code is the assumed one or the address is this machine's.
        """
        if not self.linked:
            return
        if len(self.secret.get_secret_value()) < _SHORTEST_SECRET:
            raise InvalidInput("GRIEVANCES_CPGRAMS_SECRET", f"a secret of at least {_SHORTEST_SECRET} characters")
        here = (urlsplit(self.url).hostname or "") in _LOOPBACK
        if not here and not self.url.startswith("https://"):
            raise InvalidInput("GRIEVANCES_CPGRAMS_URL", "an https:// address")
        if profile is not Profile.PRODUCTION:
            return
        if here:
            raise InvalidInput("GRIEVANCES_CPGRAMS_URL", "the registry's own address in production")
        if self.organisation == ASSUMED_ORGANISATION:
            raise InvalidInput("GRIEVANCES_CPGRAMS_ORGANISATION", "the ministry's real code in production")
