"""What the link to other registries shows."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from grievances.registries.base import ExternalStatus
from grievances.schemas import Registry


class SpoolState(StrEnum):
    """How far a row has got; `SENDING` is committed before the request is made."""

    QUEUED = "queued"
    SENDING = "sending"
    REGISTERED = "registered"
    TOLD = "told"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Origin(StrEnum):
    """Where a grievance was filed first."""

    OURS = "ours"
    THEIRS = "theirs"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class ClosingView(_Frozen):
    """Our closing on its way to the registry."""

    id: str
    closed_at: datetime
    state: SpoolState
    attempts: int
    error_code: str | None
    error_fields: str | None


class ExternalView(_Frozen):
    """A grievance's registration elsewhere; `grievance_id` is None for what was received and could not be read."""

    id: str
    grievance_id: str | None
    registry: Registry = Field(validation_alias="registered_with")
    origin: Origin
    client_reference: str | None
    number: str | None
    state: SpoolState
    attempts: int
    next_attempt_at: datetime | None
    error_code: str | None
    error_fields: str | None
    last_status: ExternalStatus | None
    status_at: datetime | None
    status_read_at: datetime | None
    remarks: str | None
    updated_at: datetime


class SpoolRound(_Frozen):
    """What one look at the spool did."""

    queued: int = 0
    registered: int = 0
    told: int = 0
    read: int = 0
    postponed: int = 0
    failed: int = 0
    trouble: str | None = None


class Pulled(_Frozen):
    """What one pull took over."""

    added: int = 0
    known: int = 0
    finished: int = 0
    unreadable: int = 0
    trouble: str | None = None
