"""Writes many grievances with all that has happened to them at once: for rehearsals and measurements, never for people.

Every move is made by the rules of `acts` and every deadline by those of `clocks`, and the chain seals each event; what
is left out is what reaches beyond the ledger: nobody is told, and officers' acts are not repeated in the audit.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import SystemRandom
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA
from core.dues import service as dues
from core.dues.service import DueView, NewDue
from core.errors import Conflict
from core.ids import new_id
from grievances import access, acts, clocks, deadlines, duplicates, filing, ledger, reference, status, terms
from grievances.acts import Story
from grievances.ledger import Draft
from grievances.models import Grievance, GrievanceTerm, GrievanceVector
from grievances.moves import Scene
from grievances.schemas import Actor, Kind, MoveDetails, NewGrievance, Status
from grievances.status import Move
from handoff.control_rooms.calendar import calendars

_BESIDE = frozenset({Move.ATTACH, Move.LINK, Move.MERGE, Move.ABSORB, Move.ERASE})
"""Moves that touch other rows: those are for `service.act`."""
_ENDED = frozenset({Kind.CLOSED, Kind.WITHDRAWN})
_ANSWERED = frozenset({Kind.ATTENDED, Kind.REPLIED, Kind.INTERIM})
_BEGAN = frozenset({Kind.REOPENED, Kind.APPEALED})
_CHOOSE = SystemRandom()


@dataclass(frozen=True)
class Past:
    """A move that was made."""

    at: datetime
    move: Move
    actor: Actor
    text: str = ""
    details: MoveDetails = field(default_factory=MoveDetails)


@dataclass(frozen=True)
class Life:
    """A grievance and everything that was done about it, in order of time."""

    new: NewGrievance
    filed_at: datetime
    moves: Sequence[Past] = ()


@dataclass
class _Written:
    """Rows of a batch."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    vectors: list[dict[str, Any]] = field(default_factory=list)
    words: list[dict[str, Any]] = field(default_factory=list)
    dues: list[NewDue] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)


async def write(session: AsyncSession, lives: Iterable[Life], *, until: datetime) -> list[str]:
    """Write grievances with their pasts; what comes due later is scheduled.

    Args:
        session: The caller's transaction; some hundreds of lives make a good one.
        lives: What happened; a move that is not legal when its time comes is left out.
        until: The clock is kept up to this moment, and not beyond.

    Returns:
        Ids of the grievances, in the order given.

    Raises:
        InvalidInput: A grievance or a move cannot be as it is given.
        ValueError: A move touches another grievance or a file.
    """
    written, listed = _Written(), list(lives)
    numbers = await _references(session, [life.filed_at.astimezone(INDIA).year for life in listed])
    ids = [await _live(session, life, number, until, written) for life, number in zip(listed, numbers, strict=True)]
    for table, rows in (
        (Grievance, written.rows),
        (GrievanceVector, written.vectors),
        (GrievanceTerm, written.words),
    ):
        if rows:
            await session.execute(insert(table.__table__), rows)  # type: ignore[arg-type]
    await dues.schedule_many(session, written.dues)
    written.drafts.sort(key=lambda draft: draft.at)
    await ledger.append(session, written.drafts)
    return ids


async def _references(session: AsyncSession, years: Sequence[int]) -> list[str]:
    """References that nobody has, one for each year."""
    found: dict[str, int] = {}
    while wanting := Counter(years) - Counter(found.values()):
        drawn = {reference.new_reference(year, _CHOOSE): year for year in wanting.elements()}
        taken = set(await session.scalars(select(Grievance.reference).where(Grievance.reference.in_(drawn))))
        found |= {number: year for number, year in drawn.items() if number not in taken}
    by_year: dict[int, list[str]] = defaultdict(list)
    for number, year in found.items():
        by_year[year].append(number)
    return [by_year[year].pop() for year in years]


async def _live(session: AsyncSession, life: Life, number: str, until: datetime, written: _Written) -> str:
    """Live through one grievance in memory."""
    row, clock = _filed(life, number, written)
    pending = [NewDue(what, row.id, at) for what, at in clock.dues()]
    for past in life.moves:
        if past.move in _BESIDE:
            raise ValueError(f"{past.move} touches more than one grievance")
        pending = _come_due(row, pending, past.at, written)
        kinds = await _moved(session, row, past, written)
        pending = _pending(row, pending, kinds, past.at)
    written.dues += _come_due(row, pending, until, written)
    written.rows.append({column.name: getattr(row, column.name) for column in Grievance.__table__.columns})
    return row.id


def _filed(life: Life, number: str, written: _Written) -> tuple[Grievance, deadlines.Clock]:
    new, now = life.new, life.filed_at
    particulars = filing.checked(new.particulars, now)
    clock = deadlines.clock_for(calendars().of_room(new.room), now)
    row = filing.row_of(new, particulars, clock, now)
    row.reference = number
    row.code_index = access.code_index(row.id, f"{secrets.randbelow(10**6):06}")
    vector = duplicates.packed(new.vector) if new.vector is not None else None
    if vector is not None:
        written.vectors.append({"grievance_id": row.id, "vector": vector})
    words = terms.of(particulars, new.place)
    written.words += [{"grievance_id": row.id, "field": name, "term": term} for name, term in words]
    written.drafts.append(
        Draft(
            grievance_id=row.id,
            seq=row.version,
            at=now,
            actor=filing.actor_of(new),
            kind=Kind.FILED,
            from_status=None,
            to_status=Status.FILED,
            changes=ledger.snapshot(row) | {"content_seal": ledger.content_seal(row, vector, words)},
            details={},
        )
    )
    return row, clock


async def _moved(session: AsyncSession, row: Grievance, past: Past, written: _Written) -> set[Kind]:
    """Make a move with what follows by itself; nothing when it is not legal any more."""
    status.check_maker(past.move, past.actor.kind)
    story = Story(session, past.at)
    scene = Scene(session, row, past.actor, past.at, past.text.strip(), past.details)
    try:
        await acts.step(story, past.move, scene)
    except Conflict:
        return set()
    await acts.follow(story, past.move, scene)
    written.drafts += story.drafts
    return {draft.kind for draft in story.drafts}


def _come_due(row: Grievance, pending: Sequence[NewDue], now: datetime, written: _Written) -> list[NewDue]:
    """Let happen what came due up to a moment, each at its time; what is left."""
    left = sorted(pending, key=lambda due: (due.due_at, due.what))
    while left and left[0].due_at <= now:
        due = left.pop(0)
        drafts, values, more = clocks.settled(row, DueView(new_id(), *due))
        written.drafts += drafts
        for name, value in values.items():
            setattr(row, name, value)
        row.version += len(drafts)
        left = sorted([*left, *more], key=lambda one: (one.due_at, one.what))
    return left


def _pending(row: Grievance, pending: list[NewDue], kinds: set[Kind], now: datetime) -> list[NewDue]:
    """What is still to come after moves, as `acts` schedules and takes back."""
    if kinds & _BEGAN:
        clock = deadlines.clock_for(calendars().of_room(row.owed_room), row.clock_started_at)
        return [NewDue(what, row.id, at) for what, at in clock.dues()]
    if kinds & _ENDED:
        asked = [NewDue(deadlines.ASK_FEEDBACK, row.id, deadlines.feedback_due(now))]
        return asked if Kind.CLOSED in kinds else []
    gone: set[str] = set()
    if kinds & _ANSWERED:
        gone = {deadlines.ATTEND, deadlines.REMIND_ATTEND}
    elif Kind.FEEDBACK in kinds:
        gone = {deadlines.ASK_FEEDBACK}
    return [due for due in pending if due.what not in gone]
