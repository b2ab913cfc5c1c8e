"""What the queue gives to others: requests, and why they stand where they stand."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.errors import Conflict
from handoff.control_rooms.schemas import Point


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class TooManyOpen(Conflict):
    """The officer has as many conversations as one officer may have."""


class Source(StrEnum):
    """From where a contact's place is known."""

    SAID = "said"
    LOCATION = "location"
    DRAFT = "draft"
    CONTACT = "contact"
    GRIEVANCE = "grievance"


class Obstacle(StrEnum):
    """Why a room was passed over."""

    CLOSED = "closed"
    LANGUAGE = "language"
    FULL = "full"


class Cause(StrEnum):
    """What brought a request to a room."""

    REQUEST = "request"
    SPILL = "spill"
    TRANSFER = "transfer"
    GIVEN_BACK = "given_back"
    DROPPED = "dropped"


class SaidPlace(_Frozen):
    """A place as a contact named it."""

    pincode: str | None = None
    district: str | None = None
    state: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything was named."""
        return bool(self.pincode or self.district or self.state)


class Skipped(_Frozen):
    """A room that was passed over."""

    room: str
    because: Obstacle


class Step(_Frozen):
    """One decision on where a request waits.

    Attributes:
        at: When.
        room: The room that has it from then on.
        cause: What brought it there.
        why: The rule that chose the room; empty where a person did or where it stayed.
        source: From where the place is known.
        state: The State that the room was chosen for.
        point: The place itself, if it is known.
        distance_km: From the place to the room.
        skipped: Rooms that came before it and were passed over.
        from_room: Where it was before.
        by: The officer who moved it.
        to_officer: The officer who got it.
        reason: What that officer said.
    """

    at: datetime
    room: str
    cause: Cause
    why: str = ""
    source: Source | None = None
    state: str | None = None
    point: Point | None = None
    distance_km: float | None = None
    skipped: tuple[Skipped, ...] = ()
    from_room: str | None = None
    by: str | None = None
    to_officer: str | None = None
    reason: str = ""


class HandoverView(_Frozen):
    """A request for an officer."""

    id: str
    conversation_id: str
    reason: str
    priority: int
    room: str | None
    requested_at: datetime
    returned_at: datetime | None = None
    officer_id: str | None
    claimed_at: datetime | None
    resolved_at: datetime | None
    disposition: str | None = None


class Carried(_Frozen):
    """What a request carries for the officers.

    Attributes:
        steps: Why it is where it is, the oldest decision first.
        summary: What the assistant knows of it: see `handoff.queue.summary`.
    """

    steps: tuple[Step, ...] = ()
    summary: dict[str, Any] = {}
