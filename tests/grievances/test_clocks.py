"""The sweep keeps the clock: whatever stops it, moves its clock or runs beside it, the same follows."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.clock import INDIA, FixedClock
from core.db import Database
from core.dues import service as dues
from core.media.service import MediaStore
from grievances import clocks, deadlines, messages
from grievances.clocks import Clocks
from grievances.schemas import (
    CONTACT,
    SYSTEM,
    Deadline,
    EventView,
    GrievanceView,
    Level,
    Outcome,
    Priority,
)
from grievances.status import Move
from tests.grievances.conftest import REASONS, TUESDAY, Ledger, opened

SECOND = timedelta(seconds=1)
HISTORY = [
    ("reminded", "attend"),
    ("breached", "attend"),
    ("reminded", "conclude"),
    ("escalated", "conclude"),
    ("reminded", "outer"),
    ("escalated", "outer"),
]
"""What becomes of a grievance that nobody touches."""
BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)


@pytest.fixture
def ledger(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    """A ledger whose notices are really posted."""
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


async def sweep(ledger: Ledger, *moments: datetime) -> int:
    """Sweep at each of the moments."""
    settled = 0
    for moment in moments or (ledger.clock.at,):
        ledger.clock.at = moment
        settled += await Clocks(ledger.db, ledger.clock).sweep()
    return settled


async def story(ledger: Ledger, view: GrievanceView) -> list[tuple[str, Any]]:
    """What the system did, in order: (kind, deadline)."""
    events = await ledger.events(view.id)
    return [(event.kind.value, (event.details or {}).get("deadline")) for event in events if event.actor == "system"]


def after(view: GrievanceView) -> datetime:
    return view.outer_by + timedelta(days=40)


async def test_a_deadline_is_missed_at_its_moment_and_not_before(ledger: Ledger) -> None:
    view = await ledger.filed()
    await sweep(ledger, view.attend_by - timedelta(microseconds=1))
    assert await story(ledger, view) == HISTORY[:1]
    await sweep(ledger, view.attend_by)
    assert await story(ledger, view) == HISTORY[:2]
    now = await ledger.get(view.id)
    assert (now.level, now.priority, now.status) == (Level.ROOM, Priority.HIGH, view.status)


async def test_what_nobody_touches_is_reminded_of_goes_to_the_hub_and_to_the_top(ledger: Ledger) -> None:
    view = await ledger.filed()
    await sweep(ledger, *(at for _, at in sorted((moment, moment) for moment in (view.conclude_by, view.outer_by))))
    assert await story(ledger, view) == HISTORY
    now = await ledger.get(view.id)
    assert (now.level, now.escalated_at) == (Level.APPELLATE, view.outer_by)
    assert (now.attend_by, now.conclude_by, now.outer_by, now.room) == (
        view.attend_by, view.conclude_by, view.outer_by, view.room,
    )  # fmt: skip
    assert await ledger.broken() is None
    async with ledger.db.reading() as session:
        assert await dues.of_subject(session, view.id) == []


async def test_reminders_come_a_working_day_before(ledger: Ledger) -> None:
    view = await ledger.filed()
    monday = view.attend_by - timedelta(days=1)
    await sweep(ledger, monday.astimezone(INDIA).replace(hour=9, minute=59))
    assert await story(ledger, view) == []
    await sweep(ledger, monday.astimezone(INDIA).replace(hour=10, minute=0))
    assert await story(ledger, view) == HISTORY[:1]


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ((Move.ATTEND,), HISTORY[2:]),
        ((Move.REPLY,), HISTORY[2:]),
        ((Move.TRANSFER,), HISTORY),
        ((Move.CLOSE,), [("feedback_asked", None)]),
        ((Move.WITHDRAW,), []),
    ],
)
async def test_only_what_still_fits_has_an_effect(
    ledger: Ledger, acts: Sequence[Move], expected: list[tuple[str, Any]]
) -> None:
    given: dict[Move, dict[str, Any]] = {
        Move.REPLY: {"text": "Please send the bill."},
        Move.TRANSFER: {"text": "Nearer.", "to_room": "dfo-nagpur"},
        Move.CLOSE: {"text": REASONS, "outcome": Outcome.REDRESSED},
        Move.WITHDRAW: {"actor": CONTACT},
    }
    view = await ledger.filed()
    for move in acts:
        await ledger.act(view.id, move, **given.get(move, {}))
    await sweep(ledger, after(view))
    assert await story(ledger, view) == expected
    assert await ledger.broken() is None


async def test_a_row_that_is_left_over_has_no_effect(ledger: Ledger) -> None:
    """Rows of an earlier clock, of deadlines long met, of closed and of vanished grievances."""
    view = await ledger.filed()
    await ledger.closed(view.id)
    again = await ledger.act(view.id, Move.REOPEN, CONTACT, text="Nothing was paid.")
    async with ledger.db.transaction() as session:
        for what in (deadlines.ATTEND, deadlines.CONCLUDE, deadlines.REMIND_OUTER, deadlines.ASK_FEEDBACK):
            await dues.schedule(session, what, view.id, TUESDAY)
            await dues.schedule(session, what, "01ARZ3NDEKTSV4RRFFQ69G5FAV", TUESDAY)
    assert await sweep(ledger, TUESDAY + SECOND) == 8
    assert await ledger.get(view.id) == again


async def test_reopening_starts_a_clock_that_is_kept(ledger: Ledger) -> None:
    view = await ledger.filed()
    await ledger.closed(view.id)
    ledger.clock.at += timedelta(days=3)
    again = await ledger.act(view.id, Move.REOPEN, CONTACT, text="Nothing was paid.")
    await sweep(ledger, view.outer_by)
    assert ("breached", "attend") in await story(ledger, view)
    assert (await ledger.get(view.id)).level is Level.HUB
    await sweep(ledger, again.outer_by)
    assert (await story(ledger, view))[-1] == ("escalated", "outer")


async def test_what_stands_at_the_top_cannot_go_up_and_is_marked(ledger: Ledger) -> None:
    view = await ledger.filed()
    for _ in range(2):
        await ledger.act(view.id, Move.ESCALATE, text="Needs a decision.")
    await sweep(ledger, after(view))
    assert await story(ledger, view) == [
        (kind if kind != "escalated" else "breached", deadline) for kind, deadline in HISTORY
    ]


async def test_an_interim_reply_puts_the_outer_limit_off_to_the_day_that_it_promised(ledger: Ledger) -> None:
    view = await ledger.filed()
    promised = view.outer_by.astimezone(INDIA).date() + timedelta(days=10)
    await ledger.act(view.id, Move.INTERIM, text="The bank has to answer.", until=promised)
    await sweep(ledger, view.outer_by + timedelta(days=1))
    assert (await ledger.get(view.id)).level is Level.HUB
    await sweep(ledger, view.outer_by + timedelta(days=10) - SECOND)
    assert (await ledger.get(view.id)).level is Level.HUB
    await sweep(ledger, view.outer_by + timedelta(days=10))
    assert (await ledger.get(view.id)).level is Level.APPELLATE
    assert await story(ledger, view) == [HISTORY[2], HISTORY[3], HISTORY[5]]


async def test_an_interim_reply_that_promises_less_than_the_limit_does_not_shorten_it(ledger: Ledger) -> None:
    view = await ledger.filed()
    await ledger.act(view.id, Move.INTERIM, text="Tomorrow.", until=date(2026, 11, 25))
    await sweep(ledger, view.outer_by - SECOND)
    assert (await ledger.get(view.id)).level is Level.HUB
    await sweep(ledger, view.outer_by)
    assert (await ledger.get(view.id)).level is Level.APPELLATE


async def test_feedback_is_asked_once_a_day_after_closing_unless_it_was_given(ledger: Ledger) -> None:
    asked, told = await ledger.filed(), await ledger.filed()
    for view in (asked, told):
        await ledger.closed(view.id)
    await ledger.act(told.id, Move.FEEDBACK, CONTACT, rating=3)
    await sweep(ledger, TUESDAY + timedelta(days=1) - SECOND, TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=9))
    assert await story(ledger, asked) == [("feedback_asked", None)]
    assert (await ledger.get(asked.id)).feedback_asked_at == TUESDAY + timedelta(days=1)
    assert await story(ledger, told) == []


async def test_what_the_sweep_does_in_bulk_is_what_the_moves_do(ledger: Ledger) -> None:
    swept, acted = await ledger.filed(), await ledger.filed()
    async with ledger.db.transaction() as session:
        await dues.cancel(session, acted.id)
    for moment in (swept.attend_by, swept.conclude_by, swept.outer_by):
        await sweep(ledger, moment)
    moves: list[tuple[Move, dict[str, Any], datetime]] = [
        (Move.REMIND, {"deadline": Deadline.ATTEND}, swept.attend_by),
        (Move.BREACH, {"deadline": Deadline.ATTEND}, swept.attend_by),
        (Move.REMIND, {"deadline": Deadline.CONCLUDE}, swept.conclude_by),
        (Move.ESCALATE, {"because": messages.LATE, "deadline": Deadline.CONCLUDE}, swept.conclude_by),
        (Move.REMIND, {"deadline": Deadline.OUTER}, swept.outer_by),
        (Move.ESCALATE, {"because": messages.LATE, "deadline": Deadline.OUTER}, swept.outer_by),
    ]
    for move, details, moment in moves:
        ledger.clock.at = moment
        await ledger.act(acted.id, move, SYSTEM, **details)
    other = {"id": swept.id, "reference": swept.reference}
    assert (await ledger.get(acted.id)).model_copy(update=other) == await ledger.get(swept.id)
    assert [without_deadline(event) for event in await ledger.events(acted.id)] == [
        without_deadline(event) for event in await ledger.events(swept.id)
    ]
    assert await ledger.broken() is None


def without_deadline(event: EventView) -> EventView:
    """Escalations by hand know no deadline."""
    details = {name: value for name, value in (event.details or {}).items() if name != "deadline"}
    return event.model_copy(update={"details": details if event.kind == "escalated" else event.details})


@BOTH
async def test_two_processes_act_once(ledger: Ledger, database_url: str) -> None:
    views = [await ledger.filed() for _ in range(30)]
    ledger.clock.at = after(views[0])
    other = opened(database_url)
    try:
        sweeps = [Clocks(db, ledger.clock).sweep() for db in (ledger.db, other, ledger.db, other)]
        settled = await asyncio.gather(*sweeps)
        settled.append(await Clocks(other, ledger.clock).sweep())
    finally:
        await other.close()
    assert sum(settled) == 30 * 6
    for view in views:
        assert await story(ledger, view) == HISTORY
    assert await ledger.broken() is None


@BOTH
async def test_an_officer_who_acts_meanwhile_is_not_overwritten(ledger: Ledger, database_url: str) -> None:
    views = [await ledger.filed() for _ in range(20)]
    ledger.clock.at = views[0].attend_by
    other = opened(database_url)

    async def attend(view: GrievanceView) -> None:
        await Ledger(other, ledger.clock, ledger.store).act(view.id, Move.ATTEND)

    try:
        await asyncio.gather(Clocks(ledger.db, ledger.clock).sweep(), *(attend(view) for view in views))
        await Clocks(ledger.db, ledger.clock).sweep()
    finally:
        await other.close()
    for view in views:
        kinds = [event.kind.value for event in await ledger.events(view.id)]
        assert kinds.count("attended") == 1
        assert kinds in (["filed", "attended"], ["filed", "reminded", "breached", "attended"])
    assert await ledger.broken() is None


async def test_many_at_once_are_worked_in_due_order(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "BATCH", 7)
    views = []
    for _ in range(5):
        views.append(await ledger.filed())
        ledger.clock.at += timedelta(days=1)
    ledger.clock.at = after(views[-1])
    async with ledger.db.reading() as session:
        expected = [(due.what, due.subject_id) for due in await dues.due(session, ledger.clock.at, ("",), 100)]
    await sweep(ledger)
    names = {
        ("reminded", "attend"): deadlines.REMIND_ATTEND,
        ("breached", "attend"): deadlines.ATTEND,
        ("reminded", "conclude"): deadlines.REMIND_CONCLUDE,
        ("escalated", "conclude"): deadlines.CONCLUDE,
        ("reminded", "outer"): deadlines.REMIND_OUTER,
        ("escalated", "outer"): deadlines.OUTER,
    }
    happened = []
    for number in range(6, 6 + len(expected)):
        seq = await ledger.value("SELECT seq FROM grievance_event WHERE number = :n", n=number)
        owner = await ledger.value("SELECT grievance_id FROM grievance_event WHERE number = :n", n=number)
        event = next(event for event in await ledger.events(owner) if event.seq == seq)
        happened.append((names[event.kind.value, str((event.details or {})["deadline"])], owner))
    assert happened == expected


async def test_a_row_that_cannot_be_worked_does_not_hold_up_the_others(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await ledger.filed(), await ledger.filed()
    real = clocks._apply

    def fails(done: Any, row: Any, due: Any) -> None:
        if row.id == bad.id and due.what == deadlines.ATTEND:
            raise RuntimeError("no such rule")
        real(done, row, due)

    monkeypatch.setattr(clocks, "_apply", fails)
    ledger.clock.at = after(good)
    keeper = Clocks(ledger.db, ledger.clock)
    assert await keeper.sweep() == 6 + 1
    assert await story(ledger, good) == HISTORY
    assert await story(ledger, bad) == HISTORY[:1]
    monkeypatch.setattr(clocks, "_apply", real)
    assert await keeper.sweep() == 0
    assert await Clocks(ledger.db, ledger.clock).sweep() == 5
    assert await story(ledger, bad) == HISTORY


async def test_a_crash_before_the_commit_leaves_everything_undone(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await ledger.filed()

    async def dies(_session: Any, _done: Any) -> None:
        raise KeyboardInterrupt

    ledger.clock.at = after(view)
    with monkeypatch.context() as patched:
        patched.setattr(clocks, "_write", dies)
        with pytest.raises(KeyboardInterrupt):
            await Clocks(ledger.db, ledger.clock).sweep()
    assert await story(ledger, view) == []
    await sweep(ledger)
    assert await story(ledger, view) == HISTORY


class Stopped(BaseException):
    """The process was killed."""


offsets = st.integers(-40 * 24, 80 * 24).map(lambda hours: timedelta(hours=hours))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    looks=st.lists(st.tuples(offsets, st.booleans()), max_size=8),
    attended=st.none() | offsets.filter(lambda offset: timedelta() < offset < timedelta(days=20)),
)
@example(looks=[(timedelta(days=80), False), (timedelta(days=-30), False)], attended=None)
@example(looks=[(timedelta(days=21), True), (timedelta(days=1), False)], attended=timedelta(days=2))
async def test_any_restart_and_any_clock_change_nothing(
    ledger_template: Path, tmp_path: Path, looks: list[tuple[timedelta, bool]], attended: timedelta | None
) -> None:
    """Sweeps at any moments, some of them killed, against one sweep at every moment that something came due."""
    results = []
    for number, with_looks in enumerate((False, True)):
        path = tmp_path / f"{number}.db"
        path.write_bytes(ledger_template.read_bytes())
        db = opened(f"sqlite+aiosqlite:///{path}")
        try:
            results.append(await _run(db, MediaStore(tmp_path), looks if with_looks else [], attended))
        finally:
            await db.close()
            for left in tmp_path.glob(f"{number}.db*"):
                left.unlink()
    assert results[0] == results[1]


async def _run(
    db: Database, store: MediaStore, looks: list[tuple[timedelta, bool]], attended: timedelta | None
) -> tuple[list[tuple[str, Any]], Level]:
    ledger = Ledger(db, FixedClock(TUESDAY), store)
    view = await ledger.filed()
    attend_at = TUESDAY + attended if attended else None
    for offset, killed in looks:
        moment = TUESDAY + offset
        if attend_at is not None and moment >= attend_at:  # an officer's act is not put off by a sweep
            moment = attend_at - SECOND
        ledger.clock.at = moment
        if killed:
            with pytest.MonkeyPatch.context() as patched, suppress(Stopped):
                patched.setattr(clocks, "_write", _killed)
                await Clocks(db, ledger.clock).sweep()
        else:
            await Clocks(db, ledger.clock).sweep()
    if attend_at is not None:
        ledger.clock.at = attend_at - SECOND
        await Clocks(db, ledger.clock).sweep()
        ledger.clock.at = attend_at
        await ledger.act(view.id, Move.ATTEND)
    ledger.clock.at = after(view)
    await Clocks(db, ledger.clock).sweep()
    assert await ledger.broken() is None
    return await story(ledger, view), (await ledger.get(view.id)).level


async def _killed(_session: Any, _done: Any) -> None:
    raise Stopped


async def test_escalations_and_the_question_for_feedback_are_told(ledger: Ledger) -> None:
    late, done = await ledger.filed(), await ledger.filed(102)
    await ledger.closed(done.id)
    await sweep(ledger, after(late))
    said = await said_to(ledger)
    assert [notice for owner, notice in said if owner == late.id] == ["filed", "escalated", "escalated"]
    assert [notice for owner, notice in said if owner == done.id] == ["filed", "closed", "feedback_asked"]
    assert await ledger.value("SELECT count(*) FROM outbound") == 4  # filings were answered in their turns


async def test_in_steps_and_each_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "NOTICES", 2)
    monkeypatch.setattr(clocks, "NOTICES_AT_ONCE", 4)
    views = [await ledger.filed(100 + number) for number in range(5)]
    ledger.clock.at = views[0].conclude_by
    keeper, counted = Clocks(ledger.db, ledger.clock), []
    for _ in range(5):
        await keeper.sweep()
        counted.append(await ledger.value("SELECT count(*) FROM outbound"))
    assert counted == [4, 5, 5, 5, 5]
    assert await ledger.value("SELECT count(*) FROM due WHERE what = 'notice.grievance' AND done_at IS NULL") == 0


async def test_a_clock_that_moved_back_does_not_put_notices_off(ledger: Ledger) -> None:
    view = await ledger.filed()
    await sweep(ledger, view.conclude_by)
    await ledger.sql("DELETE FROM outbound")
    await ledger.sql("DELETE FROM grievance_message WHERE notice = 'escalated'")
    await ledger.sql("UPDATE due SET done_at = NULL WHERE what = 'notice.grievance'")
    await sweep(ledger, TUESDAY)
    assert await ledger.value("SELECT count(*) FROM outbound") == 1


async def said_to(ledger: Ledger) -> list[tuple[str, str]]:
    async with ledger.db.reading() as session:
        rows = await session.execute(text("SELECT grievance_id, notice FROM grievance_message ORDER BY rowid"))
        return [(owner, notice) for owner, notice in rows]


async def test_a_notice_that_cannot_be_made_does_not_hold_up_the_others(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await ledger.filed(), await ledger.filed(102)
    real = messages.contents

    def fails(told: messages.Told) -> Any:
        if told.view.id == bad.id:
            raise KeyError("no such sentence")
        return real(told)

    monkeypatch.setattr(messages, "contents", fails)
    await sweep(ledger, good.conclude_by)
    assert await ledger.value("SELECT count(*) FROM outbound") == 1
    monkeypatch.undo()
    await sweep(ledger, good.conclude_by)
    assert await ledger.value("SELECT count(*) FROM outbound") == 1


async def test_nothing_due_costs_nothing(ledger: Ledger) -> None:
    view = await ledger.filed()
    assert await sweep(ledger) == 0
    assert len(await ledger.events(view.id)) == 1
