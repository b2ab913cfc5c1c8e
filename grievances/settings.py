"""Settings of grievances."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GrievanceSettings(BaseSettings):
    """What an operator may change about grievances; read from the environment with the prefix ``GRIEVANCES_``."""

    model_config = SettingsConfigDict(env_prefix="GRIEVANCES_", extra="ignore", frozen=True)

    sweep_every: float = Field(
        default=2.0, gt=0, le=60, description="Seconds between looks at what has come due for a grievance"
    )
