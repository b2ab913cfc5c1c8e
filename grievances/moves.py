"""What each move asks for and what it does to a grievance's row; which moves are legal, `status` says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA
from core.errors import Conflict, InvalidInput, NotFound
from grievances import attachments, categories, deadlines, duplicates, ledger
from grievances.models import NEVER, Grievance
from grievances.schemas import Actor, ActorKind, Decision, Level, MoveDetails, Outcome, Priority, Registry, Status
from grievances.status import OPEN, Move, level_above
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.calendar import calendars

RETURN_DAYS = 30
"""Days after closing within which a grievance may be reopened or appealed (source: pgportal's FAQ, 2024)."""
INTERIM_DAYS = 90
"""How far ahead an interim reply may promise an answer (our rule)."""
MAX_TEXT = 4000
MIN_REASONS = 20
REOPENINGS_BEFORE_ESCALATION = 1

Told = dict[str, object]


@dataclass
class Scene:
    """A move being made: on which row, by whom, with what."""

    session: AsyncSession
    row: Grievance
    actor: Actor
    now: datetime
    text: str = ""
    details: MoveDetails | None = None
    other: Grievance | None = None

    @property
    def given(self) -> MoveDetails:
        """The details, if there are any."""
        return self.details or {}

    def reasons(self, least: int = 1) -> Told:
        """The text, which has to be there.

        Raises:
            InvalidInput: It is missing, too short or too long.
        """
        if not least <= len(self.text) <= MAX_TEXT:
            raise InvalidInput("text", f"{least} to {MAX_TEXT} characters")
        return {"text": self.text}

    def why(self) -> Told:
        """The reasons; the system gives a word for them instead."""
        because = self.given.get("because")
        if self.actor.kind is ActorKind.SYSTEM and because:
            return {"because": because, **({"text": self.text} if self.text else {})}
        return self.reasons()


def due_at(row: Grievance) -> datetime:
    """The next deadline: attending, then concluding."""
    if Status(row.status) not in OPEN:
        return NEVER
    return row.attend_by if row.attended_at is None else row.conclude_by


def start_clock(row: Grievance, now: datetime, level: Level) -> deadlines.Clock:
    """Start the clock of a grievance that is owed anew, with the calendar of whoever owes it now."""
    row.owed_room = row.room if level is Level.ROOM else control_rooms.HUB
    clock = deadlines.clock_for(calendars().of_room(row.owed_room), now)
    row.clock_started_at = now
    row.attend_by, row.conclude_by, row.outer_by = clock.attend_by, clock.conclude_by, clock.outer_by
    row.attended_at = row.interim_at = row.interim_until = None
    row.closed_at = row.outcome = row.closing_reasons = row.appeal_until = None
    return clock


def last_moment(closed: datetime) -> datetime:
    """The end of the last day on which a closed grievance may be reopened or appealed."""
    day = closed.astimezone(INDIA).date() + timedelta(days=RETURN_DAYS + 1)
    return (datetime.combine(day, time(), INDIA) - timedelta(microseconds=1)).astimezone(UTC)


def may_be_appealed(row: Grievance, now: datetime) -> bool:
    """Whether a closed grievance can still go up."""
    in_time = row.appeal_until is not None and now <= row.appeal_until
    return in_time and row.level != Level.APPELLATE and row.outcome != Outcome.WITHDRAWN


def _raise_priority(row: Grievance) -> None:
    row.priority = max(row.priority, Priority.HIGH)


def _still_in_time(scene: Scene, what: str) -> None:
    row = scene.row
    if row.appeal_until is None or scene.now > row.appeal_until:
        raise Conflict(f"a grievance that is closed for more than {RETURN_DAYS} days cannot {what}")


async def _attend(scene: Scene) -> Told:
    return {}


async def _note(scene: Scene) -> Told:
    return scene.reasons()


async def _interim(scene: Scene) -> Told:
    until = scene.given.get("until")
    today = scene.now.astimezone(INDIA).date()
    if not isinstance(until, date) or not today <= until <= today + timedelta(days=INTERIM_DAYS):
        raise InvalidInput("until", f"a day from today, at most {INTERIM_DAYS} days ahead")
    told = scene.reasons()
    scene.row.interim_at, scene.row.interim_until = scene.now, until
    return {**told, "until": until.isoformat()}


async def _transfer(scene: Scene) -> Told:
    told = scene.reasons()
    before, to_room = scene.row.room, scene.given.get("to_room", "")
    try:
        room = control_rooms.get(to_room)
    except NotFound:
        raise InvalidInput("to_room", "the id of a control room") from None
    if room.id == before:
        raise InvalidInput("to_room", "another room")
    # The clock stays with the room that owed it first: a transfer never lengthens it.
    scene.row.room = room.id
    return {**told, "from_room": before, "to_room": room.id}


def _up(scene: Scene) -> Told:
    before = Level(scene.row.level)
    above = level_above(before)
    scene.row.level = above
    _raise_priority(scene.row)
    return {"from_level": before.value, "to_level": above.value}


async def _escalate(scene: Scene) -> Told:
    told = scene.why()
    moved = _up(scene)
    scene.row.escalated_at = scene.now
    return {**told, **moved}


async def _close(scene: Scene) -> Told:
    row, outcome, ground = scene.row, scene.given.get("outcome"), scene.given.get("ground")
    if outcome is None or outcome is Outcome.WITHDRAWN:
        raise InvalidInput("outcome", "how it ended; only the contact withdraws")
    if ground is not None and (outcome is not Outcome.NOT_ADMISSIBLE or ground not in categories.grounds()):
        raise InvalidInput("ground", f"with {Outcome.NOT_ADMISSIBLE.value}, one of {', '.join(categories.grounds())}")
    told = scene.reasons(MIN_REASONS)
    if len(categories.substance(scene.text)) < MIN_REASONS:
        raise InvalidInput("text", 'reasons that say more than "does not pertain to this ministry"')
    row.attended_at = row.attended_at or scene.now
    row.closing_reasons = {"salt": ledger.new_salt(), "text": scene.text}
    _end(scene, outcome)
    return {**told, "outcome": outcome.value, **({"ground": ground} if ground else {})}


async def _withdraw(scene: Scene) -> Told:
    if len(scene.text) > MAX_TEXT:
        raise InvalidInput("text", f"at most {MAX_TEXT} characters")
    _end(scene, Outcome.WITHDRAWN)
    return {"outcome": Outcome.WITHDRAWN.value, **({"text": scene.text} if scene.text else {})}


def _end(scene: Scene, outcome: Outcome) -> None:
    row = scene.row
    row.outcome, row.closed_at, row.appeal_until = outcome, scene.now, last_moment(scene.now)
    row.feedback = row.feedback_asked_at = None


async def _reopen(scene: Scene) -> Told:
    row, told = scene.row, scene.reasons()
    if row.cpgrams_number is not None:
        # A grievance closed in CPGRAMS stays closed there (pgportal's FAQ, 2024).
        raise Conflict("a grievance that is closed and linked to CPGRAMS cannot reopen: file one that quotes it")
    _still_in_time(scene, "reopen")
    row.reopened += 1
    level = Level(row.level)
    owing = level_above(level) if escalates_again(row) else level
    start_clock(row, scene.now, owing)
    return told


def escalates_again(row: Grievance) -> bool:
    """Whether a reopened grievance goes up by itself."""
    return row.reopened > REOPENINGS_BEFORE_ESCALATION and row.level != Level.APPELLATE


async def _appeal(scene: Scene) -> Told:
    row, told = scene.row, scene.why()
    _still_in_time(scene, "appeal")
    if row.outcome == Outcome.WITHDRAWN:
        raise Conflict("a grievance that is closed because its contact withdrew it cannot appeal")
    moved = _up(scene)
    start_clock(row, scene.now, Level(row.level))
    return {**told, **moved}


async def _ask_feedback(scene: Scene) -> Told:
    if scene.row.feedback is not None:
        raise Conflict("a grievance that is closed and has feedback cannot ask_feedback")
    scene.row.feedback_asked_at = scene.now
    return {}


async def _feedback(scene: Scene) -> Told:
    rating = scene.given.get("rating")
    if rating not in (1, 2, 3):
        raise InvalidInput("rating", "1 (poor), 2 (fair) or 3 (good)")
    if scene.row.feedback is not None:
        raise Conflict("a grievance that is closed and has feedback cannot feedback")
    if len(scene.text) > MAX_TEXT:
        raise InvalidInput("text", f"at most {MAX_TEXT} characters")
    scene.row.feedback = rating
    return {"rating": rating, **({"text": scene.text} if scene.text else {})}


def _other(scene: Scene, field: str) -> Grievance:
    if scene.other is None or scene.other.id == scene.row.id:
        raise InvalidInput(field, "the id of another grievance")
    return scene.other


async def _merge(scene: Scene) -> Told:
    into = _other(scene, "into")
    if into.contact_id != scene.row.contact_id:
        # The notice of a merger tells one contact the other grievance's reference.
        raise Conflict(f"a grievance that is {scene.row.status} cannot merge into another contact's: link them")
    scene.row.merged_into = into.id
    return {"into": into.id, "reference": into.reference, **({"text": scene.text} if scene.text else {})}


async def _absorb(scene: Scene) -> Told:
    merged = _other(scene, "other")
    return {"other": merged.id, "reference": merged.reference}


async def _link(scene: Scene) -> Told:
    other, decision = _other(scene, "other"), scene.given.get("decision")
    if decision is None or scene.actor.officer_id is None:
        raise InvalidInput("decision", " or ".join(Decision))
    await duplicates.decide(
        scene.session, scene.row.id, other.id, decision, officer_id=scene.actor.officer_id, now=scene.now
    )
    return {"other": other.id, "reference": other.reference, "decision": decision.value}


async def _attach(scene: Scene) -> Told:
    wanted = scene.given.get("media_ids", ())
    present = {file.media_id for file in await attachments.of(scene.session, scene.row.id)}
    new = [media_id for media_id in dict.fromkeys(wanted) if media_id not in present]
    if not new:
        raise InvalidInput("media_ids", "files that are not attached yet")
    if len(present) + len(new) > attachments.MAX_FILES:
        raise InvalidInput("media_ids", f"at most {attachments.MAX_FILES} files")
    files = await attachments.check_all(scene.session, new, scene.row.contact_id)
    await attachments.add(scene.session, scene.row.id, files, by=scene.actor.kind, now=scene.now)
    return {"media_ids": new}


async def _register(scene: Scene) -> Told:
    registry, number = scene.given.get("registry"), scene.given.get("number", "").strip().upper()
    if registry is None or not 1 <= len(number) <= 64:
        raise InvalidInput("number", "a registry and its number of at most 64 characters")
    column = "cpgrams_number" if registry is Registry.CPGRAMS else "odr_number"
    if getattr(scene.row, column) not in (None, number):
        raise Conflict(f"a grievance that is {scene.row.status} cannot register with {registry} twice")
    setattr(scene.row, column, number)
    return {"registry": registry.value, "number": number}


async def _remind(scene: Scene) -> Told:
    deadline = scene.given.get("deadline")
    if deadline is None:
        raise InvalidInput("deadline", "which deadline it is about")
    return {"deadline": deadline.value}


async def _breach(scene: Scene) -> Told:
    told = await _remind(scene)
    _raise_priority(scene.row)
    return told


async def _erase(scene: Scene) -> Told:
    row = scene.row
    row.particulars = row.place = row.closing_reasons = None
    row.udyam_index = row.against_index = row.district_index = None
    row.erased_at = scene.now
    return {}


APPLY: dict[Move, Callable[[Scene], Awaitable[Told]]] = {
    Move.ATTEND: _attend,
    Move.NOTE: _note,
    Move.REPLY: _note,
    Move.INTERIM: _interim,
    Move.TRANSFER: _transfer,
    Move.ESCALATE: _escalate,
    Move.CLOSE: _close,
    Move.WITHDRAW: _withdraw,
    Move.REOPEN: _reopen,
    Move.APPEAL: _appeal,
    Move.ASK_FEEDBACK: _ask_feedback,
    Move.FEEDBACK: _feedback,
    Move.MERGE: _merge,
    Move.ABSORB: _absorb,
    Move.LINK: _link,
    Move.ATTACH: _attach,
    Move.REGISTER: _register,
    Move.REMIND: _remind,
    Move.BREACH: _breach,
    Move.ERASE: _erase,
}
"""Changes the row and gives what the event tells."""
