"""Settings of the control rooms."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class HolidaySettings(BaseSettings):
    """Which days the rooms rest; read with the prefix ``GRIEVANCES_``, because the clock of grievances goes by them."""

    model_config = SettingsConfigDict(env_prefix="GRIEVANCES_", extra="ignore", frozen=True)

    holidays_file: Path | None = Field(
        default=None,
        description="CSV file of holidays to add or remove, with the columns of handoff/control_rooms/holidays/",
    )
