"""Settings of the kernel: profile, database, data folder and keys."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Profile(StrEnum):
    """How strict a process is about its surroundings."""

    TRY = "try"
    TEST = "test"
    PRODUCTION = "production"


class CoreSettings(BaseSettings):
    """What every process needs to know; read from the environment with the prefix ``SAHAYAK_``."""

    model_config = SettingsConfigDict(env_prefix="SAHAYAK_", extra="ignore")

    profile: Profile = Profile.PRODUCTION
    data_dir: Path = Path("var")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty means SQLite in the data folder")
    durable_url: str = Field(default="", description="URL of the durable engine's database; empty: SQLite")
    encryption_keys: SecretStr = Field(
        description="Comma-separated <id>:<64 hex digits>, ids 1 to 255; the first one encrypts"
    )
    keys_file: Path | None = Field(
        default=None,
        description="File whose line SAHAYAK_ENCRYPTION_KEYS=... is followed while running, for `make rotate-keys`",
    )
    index_key: SecretStr = Field(description="64 hex digits: key of the blind indexes")
    log_level: str = "INFO"

    @field_validator("keys_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("index_key")
    @classmethod
    def _index_key_is_hex(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if len(secret) != 64 or any(c not in "0123456789abcdefABCDEF" for c in secret):
            raise ValueError("SAHAYAK_INDEX_KEY: expected 64 hexadecimal digits")
        return value

    @model_validator(mode="after")
    def _urls_have_defaults(self) -> "CoreSettings":
        if not self.database_url:
            self.database_url = f"sqlite+aiosqlite:///{self.data_dir / 'sahayak.db'}"
        if not self.durable_url:
            self.durable_url = f"sqlite:///{self.data_dir / 'durable.db'}"
        return self

    @property
    def is_sqlite(self) -> bool:
        """Whether the application's database is the embedded one."""
        return self.database_url.startswith("sqlite")
