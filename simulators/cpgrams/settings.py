"""Settings of the stand-in for CPGRAMS, read from SIMULATOR_CPGRAMS_ variables."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

OrganisationCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,10}$")]


class CpgramsSettings(BaseSettings):
    """The stand-in for CPGRAMS; it is there only when it has a secret of its own."""

    model_config = SettingsConfigDict(env_prefix="SIMULATOR_CPGRAMS_", extra="ignore", frozen=True)

    client_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,40}$")] = Field(
        default="sahayak", description="Name under which the gateway signs its requests"
    )
    secret: SecretStr | None = Field(
        default=None, min_length=32, description="Secret with which requests and answers are signed; none, no stand-in"
    )
    organisation: OrganisationCode = Field(
        default="DMSME",
        description="Code of the ministry in registration numbers; assumed, the real one is not known to us",
    )
    window_seconds: int = Field(
        default=300, ge=10, le=3600, description="How far the time of a signed request may be off, in seconds"
    )
