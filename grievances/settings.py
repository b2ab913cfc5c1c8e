"""Settings of grievances."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GrievanceSettings(BaseSettings):
    """What an operator may change about grievances; read from the environment with the prefix ``GRIEVANCES_``."""

    model_config = SettingsConfigDict(env_prefix="GRIEVANCES_", extra="ignore", frozen=True)

    holidays_file: Path | None = Field(
        default=None,
        description="CSV file of holidays to add or remove, with the columns of grievances/holidays/",
    )
