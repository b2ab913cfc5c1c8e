"""Settings of the queue."""

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class QueueSettings(BaseSettings):
    """Limits and patience of the queue; read from the environment with the prefix ``HANDOFF_``."""

    model_config = SettingsConfigDict(env_prefix="HANDOFF_", extra="ignore", frozen=True)

    most_at_once: int = Field(default=6, ge=1, le=100, description="Most conversations that one officer may have")
    spill_after: float = Field(
        default=300.0, gt=0, description="Seconds of waiting after which another room with an officer on duty is asked"
    )
    hub_after: float = Field(default=600.0, gt=0, description="Seconds of waiting after which the hub is asked")
    wait_limit: float = Field(
        default=900.0, gt=0, description="Seconds of waiting after which a contact is offered to file a complaint"
    )
    tell_after: float = Field(
        default=2.0, ge=0, description="Seconds after which a contact is told its place in the queue"
    )
    dropped_after: float = Field(
        default=120.0, ge=15, description="Seconds without a sign of life after which an officer is not on duty"
    )
    language_patience: float = Field(
        default=300.0, ge=0, description="Seconds of waiting after which an officer's languages no longer matter"
    )
    amount_rupees: int = Field(
        default=10_000_000, ge=0, description="Amount from which a new grievance goes to an officer too; 0 is never"
    )
    categories: str = Field(
        default="", description="Categories of new grievances that go to an officer too, with spaces between"
    )
    sweep_every: float = Field(default=2.0, gt=0, le=60, description="Seconds between looks at what the queue owes")


@cache
def settings() -> QueueSettings:
    """The settings of this process."""
    return QueueSettings()
