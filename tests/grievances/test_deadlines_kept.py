"""The deadlines of the ledger over a year, against a clerk who counts days by hand.

Rooms of any State, filing, transfers, reopening and appeal: what stands in the row and in the due rows is what a slow
computation says that reads the file of holidays for itself.
"""

import csv
import shutil
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import handoff.control_rooms
from core.clock import INDIA, FixedClock
from core.dues import service as dues
from core.media.service import MediaStore
from grievances import deadlines
from grievances.schemas import CONTACT, GrievanceView, Place
from grievances.status import Move
from handoff.control_rooms import service as control_rooms
from tests.grievances.conftest import Ledger, Told, opened

pytestmark = pytest.mark.thorough
HUB = "hub"
ROOMS = sorted(room.id for room in control_rooms.all_rooms() if room.id != HUB)
FROM, TO = datetime(2026, 12, 1, tzinfo=INDIA), datetime(2027, 11, 30, tzinfo=INDIA)
STEPS = st.lists(
    st.tuples(st.sampled_from(["transfer", "attend", "reopen", "appeal", "wait"]), st.sampled_from(ROOMS)), max_size=5
)


@cache
def free_days(state: str) -> frozenset[str]:
    """The days on which a State's offices rest, as texts, straight from the file."""
    path = Path(handoff.control_rooms.__path__[0]) / "holidays" / "holidays.csv"
    with path.open(encoding="utf-8") as lines:
        return frozenset(row["date"] for row in csv.DictReader(lines) if row["state"] in ("IN", state))


def by_hand(room_id: str, started: datetime) -> dict[str, datetime]:
    """What a clerk writes down on the day: every following day, struck out if it is free, and counted."""
    state = control_rooms.get(room_id).state
    filed = started.astimezone(INDIA).date()
    days = [filed + timedelta(days=number) for number in range(1, 22)]
    working = [day for day in days if day.strftime("%A") not in ("Saturday", "Sunday")]
    working = [day for day in working if day.isoformat() not in free_days(state)]
    ends = {
        deadlines.ATTEND: working[2] if len(working) > 2 else days[20],
        deadlines.CONCLUDE: working[6] if len(working) > 6 else days[20],
        deadlines.OUTER: days[20],
    }
    found = {what: at(day, time(18)) for what, day in ends.items()}
    for what, day in ends.items():
        before = [one for one in working if one < day]
        if before:
            found[what.replace("grievance.", "grievance.remind_")] = at(before[-1], time(10))
    return found


def at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, INDIA).astimezone(UTC)


async def compare(ledger: Ledger, view: GrievanceView, expected: dict[str, datetime], attended: bool) -> None:
    assert view.attend_by == expected[deadlines.ATTEND]
    assert view.conclude_by == expected[deadlines.CONCLUDE]
    assert view.outer_by == expected[deadlines.OUTER]
    assert view.outer_by.astimezone(INDIA).date() == view.clock_started_at.astimezone(INDIA).date() + timedelta(days=21)
    async with ledger.db.reading() as session:
        waiting = {due.what: due.due_at for due in await dues.of_subject(session, view.id)}
    met = {deadlines.ATTEND, deadlines.REMIND_ATTEND} if attended else set()
    assert waiting == {what: moment for what, moment in expected.items() if what not in met}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    room=st.sampled_from(ROOMS),
    filed=st.datetimes(FROM.replace(tzinfo=None), TO.replace(tzinfo=None), timezones=st.just(INDIA)),
    steps=STEPS,
)
@example(room="dfo-mumbai", filed=datetime(2027, 10, 27, 23, 59, tzinfo=INDIA), steps=[("transfer", "dfo-patna")])
@example(
    room="dfo-mumbai",
    filed=datetime(2027, 10, 26, tzinfo=INDIA),
    steps=[("transfer", "dfo-patna"), ("reopen", "dfo-patna"), ("transfer", "dfo-mumbai"), ("appeal", "dfo-mumbai")],
)
async def test_deadlines_are_those_that_a_clerk_counts_by_hand(
    ledger_template: Path, told: Told, tmp_path: Path, room: str, filed: datetime, steps: list[tuple[str, str]]
) -> None:
    path = shutil.copy(ledger_template, tmp_path / "kept.db")
    db = opened(f"sqlite+aiosqlite:///{path}")
    try:
        ledger = Ledger(db, FixedClock(filed.astimezone(UTC)), MediaStore(tmp_path))
        state = control_rooms.get(room).state
        view = await ledger.filed(room=room, place=Place(state=state))
        expected, attended = by_hand(room, filed), False
        await compare(ledger, view, expected, attended)
        for step, other in steps:
            ledger.clock.at += timedelta(hours=26)
            if step == "transfer" and other != view.room:
                view = await ledger.act(view.id, Move.TRANSFER, text="Nearer.", to_room=other)
            elif step == "attend":
                attended = attended or view.is_open
                view = await ledger.act(view.id, Move.REPLY, text="We look into it.")
            elif step in ("reopen", "appeal") and not (step == "appeal" and view.level == "appellate"):
                await ledger.closed(view.id)
                ledger.clock.at += timedelta(days=4)
                move = Move.REOPEN if step == "reopen" else Move.APPEAL
                view = await ledger.act(view.id, move, CONTACT, text="Nothing was paid.")
                # Whoever owes it now counts by the calendar of the place where it is owed.
                expected = by_hand(view.room if view.level == "room" else HUB, ledger.clock.at)
                attended = False
            await compare(ledger, view, expected, attended)
        assert await ledger.broken() is None
    finally:
        await db.close()
        for left in tmp_path.glob("kept.db*"):
            left.unlink()
