"""The sweep keeps the clock: reminders, missed deadlines, escalations, and the question for feedback."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import INDIA, FixedClock
from core.db import Database
from core.dues import service as dues
from core.media.service import MediaStore
from grievances import clocks, deadlines, messages
from grievances.schemas import (
    CONTACT,
    SYSTEM,
    Deadline,
    EventView,
    Level,
    Outcome,
    Priority,
)
from grievances.status import Move
from tests.grievances.clockwork import HISTORY, SECOND, after, story, sweep
from tests.grievances.conftest import REASONS, TUESDAY, Ledger


@pytest.fixture
def ledger(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    """A ledger whose notices are really posted."""
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


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


async def test_nothing_due_costs_nothing(ledger: Ledger) -> None:
    view = await ledger.filed()
    assert await sweep(ledger) == 0
    assert len(await ledger.events(view.id)) == 1
