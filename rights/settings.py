"""Settings of what contacts may ask about their own data."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InvalidInput
from core.settings import Profile

LEAST_NOTICE = 48
"""Hours between notice and erasure (Digital Personal Data Protection Rules 2025, rule 8)."""
LEAST_LOG_DAYS = 366
"""Days for which the log of an erased contact is kept (Digital Personal Data Protection Rules 2025, rule 8(3))."""


class RightsSettings(BaseSettings):
    """Times and limits of contacts' rights over their data; read from the environment with the prefix ``RIGHTS_``."""

    model_config = SettingsConfigDict(env_prefix="RIGHTS_", extra="ignore", frozen=True)

    public_url: str = Field(
        default="http://127.0.0.1:8081",
        description="Address under which contacts reach the webhooks' process, for links to a copy of their data",
    )
    notice_hours: float = Field(
        default=LEAST_NOTICE, ge=0, description="Hours between asking for an erasure and the erasure; at least 48"
    )
    log_days: float = Field(
        default=LEAST_LOG_DAYS, ge=0, description="Days for which bare log rows outlive an erasure; at least 366"
    )
    link_hours: float = Field(default=24, gt=0, le=72, description="Hours after which a link to a copy ends")
    links_a_day: int = Field(default=3, ge=1, description="Links to a copy that a contact may have in 24 hours")

    @property
    def notice(self) -> timedelta:
        """Time between asking and erasing."""
        return timedelta(hours=self.notice_hours)

    @property
    def log_kept(self) -> timedelta:
        """Time between erasing and forgetting that anything was there."""
        return timedelta(days=self.log_days)

    @property
    def link_life(self) -> timedelta:
        """Life of a link."""
        return timedelta(hours=self.link_hours)

    def checked(self, profile: Profile) -> "RightsSettings":
        """The same settings, if the law allows them.

        Raises:
            InvalidInput: Outside tests a time is shorter than the rules allow, or links would go over the open net.
        """
        if profile is Profile.TEST:
            return self
        if self.notice_hours < LEAST_NOTICE:
            raise InvalidInput("RIGHTS_NOTICE_HOURS", f"at least {LEAST_NOTICE}")
        if self.log_days < LEAST_LOG_DAYS:
            raise InvalidInput("RIGHTS_LOG_DAYS", f"at least {LEAST_LOG_DAYS}")
        if profile is Profile.PRODUCTION and not self.public_url.startswith("https://"):
            raise InvalidInput("RIGHTS_PUBLIC_URL", "an address with https://")
        return self
