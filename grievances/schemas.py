"""What the grievances feature takes and gives."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal, Self, TypedDict

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator


class Status(StrEnum):
    """Where a grievance stands."""

    FILED = "filed"
    ATTENDED = "attended"
    REOPENED = "reopened"
    APPEALED = "appealed"
    CLOSED = "closed"
    MERGED = "merged"


class Level(StrEnum):
    """Who owes the answer; an appeal, a breach and a second reopening move one up."""

    ROOM = "room"
    HUB = "hub"
    APPELLATE = "appellate"


class Priority(IntEnum):
    """How much it presses."""

    NORMAL = 0
    HIGH = 1
    URGENT = 2


class Against(StrEnum):
    """Whom the grievance is about."""

    BUYER = "buyer"
    BANK = "bank"
    PORTAL = "portal"
    OFFICE = "office"
    OTHER = "other"


class Outcome(StrEnum):
    """How a grievance ended; `WITHDRAWN` only by its contact."""

    REDRESSED = "redressed"
    PARTLY_REDRESSED = "partly_redressed"
    NOT_REDRESSED = "not_redressed"
    NOT_ADMISSIBLE = "not_admissible"
    WITHDRAWN = "withdrawn"


class ActorKind(StrEnum):
    """Who did something."""

    CONTACT = "contact"
    OFFICER = "officer"
    SYSTEM = "system"


class Kind(StrEnum):
    """What an event says has happened."""

    FILED = "filed"
    ATTENDED = "attended"
    NOTED = "noted"
    REPLIED = "replied"
    INTERIM = "interim"
    TRANSFERRED = "transferred"
    ESCALATED = "escalated"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    APPEALED = "appealed"
    FEEDBACK_ASKED = "feedback_asked"
    FEEDBACK = "feedback"
    MERGED = "merged"
    ABSORBED = "absorbed"
    LINKED = "linked"
    ATTACHED = "attached"
    REGISTERED = "registered"
    REMINDED = "reminded"
    BREACHED = "breached"
    ERASED = "erased"


PRIVATE_KINDS = frozenset({Kind.NOTED, Kind.LINKED, Kind.REMINDED, Kind.BREACHED})
"""Events that only officers read."""


class Decision(StrEnum):
    """What an officer says about a suggested duplicate."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Deadline(StrEnum):
    """Which of the three deadlines."""

    ATTEND = "attend"
    CONCLUDE = "conclude"
    OUTER = "outer"


class Registry(StrEnum):
    """Where else a grievance has a number."""

    CPGRAMS = "cpgrams"
    ODR = "odr"


Source = Literal["contact", "officer", "cpgrams"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
StateCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Actor(_Frozen):
    """Who does it; an officer has an id, nobody else has one."""

    kind: ActorKind
    officer_id: str | None = None

    @model_validator(mode="after")
    def _officers_have_ids(self) -> Self:
        if (self.kind is ActorKind.OFFICER) != (self.officer_id is not None):
            raise ValueError("an officer, and only an officer, has an id")
        return self

    @classmethod
    def officer(cls, officer_id: str) -> "Actor":
        """An officer."""
        return cls(kind=ActorKind.OFFICER, officer_id=officer_id)


CONTACT = Actor(kind=ActorKind.CONTACT)
SYSTEM = Actor(kind=ActorKind.SYSTEM)


class Place(_Frozen):
    """Where the enterprise is; `state` is the two-letter code of the control rooms' list, such as ``MH``."""

    pincode: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")] | None = None
    district: Line | None = None
    state: StateCode | None = None


class Particulars(_Frozen):
    """What the contact tells."""

    what_happened: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    against: Against | None = None
    against_name: Line | None = None
    amount_rupees: Annotated[int, Field(gt=0, le=10**13)] | None = None
    happened_on: date | None = None
    enterprise_name: Line | None = None
    udyam_number: Line | None = None
    complainant_name: Line | None = None


class NewGrievance(_Frozen):
    """A grievance to be filed; `(turn_id, position)` makes it the only one of its turn and place.

    `priority` None means by the category's rule; `follows` is the id of the grievance that it quotes; `officer_id` is
    who took it down when the source is an officer; `external_number` is its number at CPGRAMS.
    """

    contact_id: str
    conversation_id: str | None = None
    address_id: str | None = None
    turn_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    position: Annotated[int, Field(ge=0)] = 0
    channel: str
    language: str
    category: str
    particulars: Particulars
    place: Place = Place()
    room: str
    priority: Priority | None = None
    attachment_ids: tuple[str, ...] = ()
    vector: tuple[float, ...] | None = None
    follows: str | None = None
    source: Source = "contact"
    officer_id: str | None = None
    external_number: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _officers_sign(self) -> Self:
        if (self.source == "officer") != (self.officer_id is not None):
            raise ValueError("officer_id: the officer who took it down, and only then")
        return self


class GrievanceView(_Frozen):
    """A grievance as it stands; `particulars` and `closing_reasons` are None once erased.

    `owed_room` owed it first and its calendar rules the clock. `due_at` is the next deadline: attending, then
    concluding; None when closed or merged.
    """

    id: str
    reference: str
    status: Status
    level: Level
    priority: Priority
    category: str
    room: str
    owed_room: str
    contact_id: str
    conversation_id: str | None
    address_id: str | None
    channel: str
    language: str
    source: Source
    place: Place
    particulars: Particulars | None
    filed_at: datetime
    clock_started_at: datetime
    attend_by: datetime
    conclude_by: datetime
    outer_by: datetime
    due_at: datetime | None
    attended_at: datetime | None
    interim_at: datetime | None
    interim_until: date | None
    closed_at: datetime | None
    outcome: Outcome | None
    closing_reasons: str | None
    feedback: int | None
    feedback_asked_at: datetime | None
    appeal_until: datetime | None
    reopened: int
    follows: str | None
    merged_into: str | None
    cpgrams_number: str | None
    odr_number: str | None
    escalated_at: datetime | None
    erased_at: datetime | None
    version: int

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes an answer."""
        return self.status not in (Status.CLOSED, Status.MERGED)


class Filed(_Frozen):
    """A filed grievance; the access code is told once, and None when the turn was repeated."""

    view: GrievanceView
    code: str | None
    created: bool


class EventView(_Frozen):
    """One event of a grievance's history.

    `details` holds what belongs to the kind: ``text`` (reply, interim, reasons), ``until``, ``from_room``/``to_room``,
    ``from_level``/``to_level``, ``outcome``, ``rating``, ``into``, ``other``, ``decision``, ``registry``/``number``,
    ``deadline``, ``because``, ``media_ids``; None once erased.
    """

    seq: int
    at: datetime
    actor: ActorKind
    officer_id: str | None
    kind: Kind
    from_status: Status | None
    to_status: Status
    details: dict[str, object] | None


class GrievanceSummary(_Frozen):
    """A row of a list; nothing in it had to be decrypted."""

    id: str
    reference: str
    status: Status
    level: Level
    priority: Priority
    category: str
    room: str
    state: str | None
    filed_at: datetime
    attend_by: datetime
    conclude_by: datetime
    outer_by: datetime
    attended_at: datetime | None
    closed_at: datetime | None
    overdue: bool


class Page(_Frozen):
    """A page of a list; `total_estimate` stops counting at `service.COUNT_LIMIT`, which then means so many or more."""

    rows: tuple[GrievanceSummary, ...]
    next_cursor: str | None
    total_estimate: int


class Counts(_Frozen):
    """How many grievances stand where, among those that may be seen."""

    by_status: dict[Status, int]
    open_by_level: dict[Level, int]
    overdue: int


class Link(_Frozen):
    """What an officer decided about two grievances that look alike."""

    other_id: str
    decision: Decision
    officer_id: str
    at: datetime


class Suggestion(_Frozen):
    """A grievance that may be a duplicate, and how alike the two are (0 to 1)."""

    id: str
    score: float


class AttachmentView(_Frozen):
    """A file of a grievance; its content lies in `core.media`."""

    media_id: str
    content_type: str
    size: int
    added_by: ActorKind
    added_at: datetime


class MoveDetails(TypedDict, total=False):
    """What a move may need besides its text; `service.act` says which move needs which."""

    to_room: str
    until: date
    outcome: Outcome
    ground: str
    rating: int
    into: str
    other: str
    decision: Decision
    registry: Registry
    number: str
    deadline: Deadline
    media_ids: tuple[str, ...]
    because: str
    version: int
    turn_id: str
