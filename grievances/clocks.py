"""The sweep that keeps the clock: reminders, missed deadlines, escalations, and asking how it was dealt with.

What comes due lies in due rows (`grievances.deadlines` has their kinds). A sweep works them off in due order, many in a
transaction: a row is settled in the same transaction as its events, so that a crash leaves both undone or both done,
and two processes never act on the same row. Nothing depends on when the sweep runs: late, after a restart or a jump of
the clock, the same events follow in the same order, only later. A row that no longer fits its grievance, because that
was attended to, closed or started anew meanwhile, is settled without an effect.

This does in bulk what `grievances.acts` does for one move, and tests compare the two: hundreds of thousands of rows are
worked off in seconds, which act by act would take many minutes. What contacts are told follows in small steps, so that
neither a deadline nor a webhook waits for it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from core import log
from core.clock import Clock
from core.db import Database
from core.dues import service as dues
from core.dues.service import DueView, NewDue
from grievances import deadlines, ledger, messages, repository
from grievances.ledger import Draft
from grievances.models import Grievance, GrievanceEvent, GrievanceMessage
from grievances.schemas import SYSTEM, Deadline, Kind, Level, Priority, Status
from grievances.status import OPEN, level_above

_LOG = log.get(__name__)
BATCH = 2000
"""Due rows in a transaction: as many as keep the database and the process from everybody else for a moment only."""
NOTICES = 10
"""Notices in a transaction."""
NOTICES_AT_ONCE = 200
"""Notices of one sweep: what is left waits for the next one."""
_TRY_AGAIN = 600.0
"""Seconds after which rows that could not be worked off are tried again."""
TELL = "notice.grievance"
"""Due row of events that the contacts are to be told of; its subject is the range of their numbers."""
_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
_TOLD_LATER = (Kind.ESCALATED, Kind.FEEDBACK_ASKED)
_DEADLINES = {
    deadlines.REMIND_ATTEND: Deadline.ATTEND,
    deadlines.ATTEND: Deadline.ATTEND,
    deadlines.REMIND_CONCLUDE: Deadline.CONCLUDE,
    deadlines.CONCLUDE: Deadline.CONCLUDE,
    deadlines.REMIND_OUTER: Deadline.OUTER,
    deadlines.OUTER: Deadline.OUTER,
}
_ALWAYS_READ = ("id", "version", "status", "level", "priority", "clock_started_at")
_READ_FOR = {
    deadlines.REMIND_ATTEND: {"attended_at"},
    deadlines.ATTEND: {"attend_by", "attended_at"},
    deadlines.CONCLUDE: {"conclude_by"},
    deadlines.REMIND_OUTER: {"interim_at"},
    deadlines.OUTER: {"outer_by", "interim_at", "interim_until"},
    deadlines.ASK_FEEDBACK: {"closed_at", "feedback", "feedback_asked_at"},
}
"""Columns that a kind of due row needs besides: reading what is not needed takes most of the time."""


@dataclass(slots=True)
class _Row:
    """What the clock reads of a grievance; no word of a person is decrypted."""

    id: str
    version: int
    status: Status
    level: Level
    priority: int
    clock_started_at: datetime
    attend_by: datetime | None = None
    conclude_by: datetime | None = None
    outer_by: datetime | None = None
    attended_at: datetime | None = None
    interim_at: datetime | None = None
    interim_until: date | None = None
    closed_at: datetime | None = None
    feedback: int | None = None
    feedback_asked_at: datetime | None = None


@dataclass
class _Batch:
    """What follows from due rows."""

    now: datetime
    at: ledger.Plain = field(init=False)
    drafts: list[Draft] = field(default_factory=list)
    scheduled: list[NewDue] = field(default_factory=list)
    steps: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    written: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        self.at = ledger.plain(self.now)

    def tell(self, row: _Row, kind: Kind, values: Mapping[str, Any], **details: object) -> None:
        """Add an event, and the values that it writes into the row."""
        self.steps[row.id] += 1
        self.written[row.id].update(values)
        self.drafts.append(
            Draft(
                grievance_id=row.id,
                seq=row.version + self.steps[row.id],
                at=self.now,
                actor=SYSTEM,
                kind=kind,
                from_status=row.status,
                to_status=row.status,
                changes={name: self.at if value is self.now else value for name, value in values.items()},
                details=details,
            )
        )

    def updates(self) -> Iterator[tuple[list[str], int, dict[str, Any]]]:
        """Grievances to which the same is written: their ids, how many events they got, and the values."""
        alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for grievance_id, steps in self.steps.items():
            alike[(steps, *sorted(self.written[grievance_id].items()))].append(grievance_id)
        for (steps, *values), ids in alike.items():
            yield ids, steps, dict(values)


class Clocks:
    """Keeps the clock of every grievance.

    Args:
        db: The application's database.
        clock: Tells the time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._unworkable: set[str] = set()
        self._try_again_at = 0.0

    async def sweep(self) -> int:
        """Work off everything that has come due, then tell the contacts of it, as many as may be told in one sweep.

        Returns:
            How many due rows were settled.
        """
        if time.monotonic() > self._try_again_at:
            self._unworkable.clear()
            self._try_again_at = time.monotonic() + _TRY_AGAIN
        settled = 0
        while worked := await self._work():
            settled += worked
            await asyncio.sleep(0)
        for _ in range(NOTICES_AT_ONCE // NOTICES):
            if not await self._tell():
                break
            await asyncio.sleep(0)
        if settled:
            _LOG.info("clocks.settled", rows=settled)
        return settled

    async def _work(self) -> int:
        """Work off one batch; when that cannot be done, row by row, so that one row does not hold up the others."""
        now = self._clock.now()
        async with self._db.reading() as session:
            batch = await dues.due(session, now, (deadlines.PREFIX,), BATCH, without=self._unworkable)
        if not batch:
            return 0
        try:
            return await self._settle(batch, now)
        except DBAPIError:
            raise
        except Exception:
            _LOG.exception("clocks.batch_failed", rows=len(batch))
        return await self._settle_singly(batch, now)

    async def _settle_singly(self, batch: Sequence[DueView], now: datetime) -> int:
        settled, left = 0, set()
        for row in batch:
            if row.subject_id in left:  # what comes due later for the same grievance waits
                self._unworkable.add(row.id)
                continue
            try:
                settled += await self._settle([row], now)
            except DBAPIError:
                raise
            except Exception:
                _LOG.exception("clocks.row_failed", due_id=row.id, what=row.what, subject=row.subject_id)
                self._unworkable.add(row.id)
                left.add(row.subject_id)
        return settled or await self._work()

    async def _settle(self, batch: Sequence[DueView], now: datetime) -> int:
        """Settle rows together with what follows from them, in one transaction."""
        async with self._db.transaction() as session:
            if not await dues.lead(session, deadlines.PREFIX):
                return 0
            # Grievances are locked before due rows, as by everybody who acts on one and then takes back what is due.
            rows = await _lock(session, batch)
            taken = await dues.settle_many(session, [due.id for due in batch], now)
            done = _Batch(now)
            for due in batch:
                row = rows.get(due.subject_id)
                if due.id in taken and row is not None:
                    _apply(done, row, due)
            await _write(session, done)
        return len(taken)

    async def _tell(self) -> bool:
        """Tell contacts of some events; False when there is nothing to tell."""
        now = self._clock.now()
        async with self._db.transaction() as session:
            if not await dues.lead(session, TELL):
                return False
            waiting = await dues.due(session, _ALWAYS, (TELL,), 1)
            if not waiting:
                return False
            first, last = map(int, waiting[0].subject_id.split("-"))
            events = await _untold(session, first, last)
            for grievance_id, seq in events:
                try:
                    async with session.begin_nested():
                        await _announce(session, grievance_id, seq, now)
                except DBAPIError:
                    raise
                except Exception:
                    _LOG.exception("clocks.notice_failed", grievance_id=grievance_id, seq=seq)
                    await _give_up(session, grievance_id, seq, now)
            if len(events) < NOTICES:
                await dues.settle(session, waiting[0].id, now)
        return True


async def _lock(session: AsyncSession, batch: Sequence[DueView]) -> dict[str, _Row]:
    """The grievances of due rows, locked in the order of their ids."""
    needed = set().union(*(_READ_FOR.get(what, set()) for what in {due.what for due in batch}))
    names = (*_ALWAYS_READ, *sorted(needed))
    columns = Grievance.__table__.c
    found = await session.execute(
        select(*(columns[name] for name in names))
        .where(columns.id.in_({due.subject_id for due in batch}))
        .order_by(columns.id)
        .with_for_update()
    )
    rows = (_row(dict(zip(names, values, strict=True))) for values in found)
    return {row.id: row for row in rows}


def _row(values: dict[str, Any]) -> _Row:
    return _Row(**values | {"status": Status(values["status"]), "level": Level(values["level"])})


async def _write(session: AsyncSession, done: _Batch) -> None:
    """Write the rows, then the events: the chain comes last, because it locks out every other writer."""
    await dues.schedule_many(session, done.scheduled)
    if not done.drafts:
        return
    table = Grievance.__table__
    for ids, steps, values in done.updates():
        await session.execute(
            update(table).where(table.c.id.in_(ids)).values(version=table.c.version + steps, **values)  # type: ignore[arg-type]
        )
    await ledger.append(session, done.drafts)
    if any(draft.kind in _TOLD_LATER for draft in done.drafts):
        last, _digest = await ledger.head(session)
        await dues.schedule(session, TELL, f"{last - len(done.drafts) + 1}-{last}", done.now)


def settled(row: Grievance, due: DueView) -> tuple[list[Draft], dict[str, Any], list[NewDue]]:
    """What follows from a due row that is settled at its very moment: events, values of the row, and what to schedule.

    Nothing is changed; the row needs all its columns.
    """
    done = _Batch(due.due_at)
    names = (*_ALWAYS_READ, *sorted(set().union(*_READ_FOR.values())))
    _apply(done, _row({name: getattr(row, name) for name in names}), due)
    return done.drafts, dict(done.written[row.id]), done.scheduled


def _apply(done: _Batch, row: _Row, due: DueView) -> None:
    """What follows from a due row for its grievance, if it still fits."""
    if due.what == deadlines.ASK_FEEDBACK:
        _ask_feedback(done, row, due)
    elif row.status in OPEN and due.due_at > row.clock_started_at:
        deadline = _DEADLINES[due.what]
        if due.what in deadlines.REMINDERS:
            _remind(done, row, deadline)
        elif deadline is Deadline.OUTER:
            _outer(done, row, due)
        elif deadline is Deadline.CONCLUDE and due.due_at == row.conclude_by:
            _missed(done, row, deadline, levels=1)
        elif deadline is Deadline.ATTEND and due.due_at == row.attend_by and row.attended_at is None:
            _missed(done, row, deadline, levels=0)


def _remind(done: _Batch, row: _Row, deadline: Deadline) -> None:
    """Remind the room of what it has not done yet."""
    is_done = {Deadline.ATTEND: row.attended_at, Deadline.OUTER: row.interim_at}.get(deadline)
    if is_done is None:
        done.tell(row, Kind.REMINDED, {}, deadline=deadline.value)


def _outer(done: _Batch, row: _Row, due: DueView) -> None:
    """The outer limit has come; an interim reply puts it off to the day that it promised."""
    if row.outer_by is None:
        return
    limit = deadlines.limit_for(row.outer_by, row.interim_until if row.interim_at else None)
    if due.due_at < limit:
        done.scheduled.append(NewDue(deadlines.OUTER, row.id, limit))
    else:
        _missed(done, row, Deadline.OUTER, levels=len(Level))


def _missed(done: _Batch, row: _Row, deadline: Deadline, *, levels: int) -> None:
    """A deadline has passed: the grievance goes up, at most to the top; where it cannot, it presses more."""
    if not levels or row.level is Level.APPELLATE:
        done.tell(row, Kind.BREACHED, _press(row), deadline=deadline.value)
    for _ in range(levels):
        if row.level is not Level.APPELLATE:
            _escalate(done, row, deadline)


def _press(row: _Row) -> dict[str, Any]:
    """Raise the priority."""
    if row.priority >= Priority.HIGH:
        return {}
    row.priority = Priority.HIGH.value
    return {"priority": row.priority}


def _escalate(done: _Batch, row: _Row, deadline: Deadline) -> None:
    """One level up."""
    before, row.level = row.level, level_above(row.level)
    done.tell(
        row,
        Kind.ESCALATED,
        {"level": row.level.value, "escalated_at": done.now, **_press(row)},
        because=messages.LATE,
        deadline=deadline.value,
        from_level=before.value,
        to_level=row.level.value,
    )


def _ask_feedback(done: _Batch, row: _Row, due: DueView) -> None:
    """Ask once per closing, unless the contact has told already."""
    fits = row.closed_at is not None and deadlines.feedback_due(row.closed_at) == due.due_at
    if row.status is Status.CLOSED and fits and row.feedback is None and row.feedback_asked_at is None:
        row.feedback_asked_at = done.now
        done.tell(row, Kind.FEEDBACK_ASKED, {"feedback_asked_at": done.now})


async def _untold(session: AsyncSession, first: int, last: int) -> list[tuple[str, int]]:
    """Events of a range of numbers that the contacts were not told of, in order: (grievance, seq)."""
    told = select(GrievanceMessage.seq).where(
        GrievanceMessage.grievance_id == GrievanceEvent.grievance_id,
        GrievanceMessage.seq == GrievanceEvent.seq,
        GrievanceMessage.notice == GrievanceEvent.kind,
    )
    rows = await session.execute(
        select(GrievanceEvent.grievance_id, GrievanceEvent.seq)
        .where(GrievanceEvent.number.between(first, last), GrievanceEvent.kind.in_(_TOLD_LATER), ~told.exists())
        .order_by(GrievanceEvent.number)
        .limit(NOTICES)
    )
    return [(grievance_id, seq) for grievance_id, seq in rows]


async def _give_up(session: AsyncSession, grievance_id: str, seq: int, now: datetime) -> None:
    """Note an event as told, so that a notice that cannot be made does not hold up the others for ever."""
    kind = select(GrievanceEvent.kind).where(GrievanceEvent.grievance_id == grievance_id, GrievanceEvent.seq == seq)
    row = GrievanceMessage(grievance_id=grievance_id, seq=seq, notice=await session.scalar(kind), posted_at=now)
    session.add(row)
    await session.flush()


async def _announce(session: AsyncSession, grievance_id: str, seq: int, now: datetime) -> None:
    view = repository.view(await repository.find(session, grievance_id, None))
    events = await repository.events(session, grievance_id, include_private=False)
    event = next(event for event in events if event.seq == seq)
    await messages.announce(session, view, event, now=now)
