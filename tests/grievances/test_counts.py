"""How many grievances stand where: the same by every way, and from an index made for it."""

from datetime import timedelta

from sqlalchemy import text

from grievances import service
from grievances.schemas import Level, Outcome, Status
from grievances.status import Move
from tests.grievances.conftest import REASONS, Ledger


async def test_counts_of_all_rooms_are_those_of_each(ledger: Ledger) -> None:
    views = [await ledger.filed(101 + number, room=("dfo-mumbai", "dfo-chennai")[number % 2]) for number in range(5)]
    await ledger.act(views[0].id, Move.CLOSE, text=REASONS, outcome=Outcome.REDRESSED)
    await ledger.act(views[1].id, Move.ESCALATE, text="It presses.")
    await ledger.act(views[2].id, Move.ATTEND)
    now = ledger.clock.at + timedelta(days=5)
    async with ledger.db.reading() as session:
        whole = await service.counts(session, rooms=None, now=now)
        assert whole == await service.counts(session, rooms=frozenset({"dfo-mumbai", "dfo-chennai"}), now=now)
        one = await service.counts(session, rooms=frozenset({"dfo-mumbai"}), now=now)
    assert (whole.by_status[Status.CLOSED], whole.by_status[Status.FILED]) == (1, 3)
    assert (whole.open_by_level[Level.HUB], whole.open_by_level[Level.ROOM], whole.overdue) == (1, 3, 3)
    assert sum(one.by_status.values()) == 3


async def test_counting_all_reads_only_its_index(ledger: Ledger) -> None:
    async with ledger.db.reading() as session:
        plan = await session.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT status, level, count(*), sum(due_at <= '2026') FROM grievance"
                " WHERE status != '' GROUP BY status, level"
            )
        )
        steps = [row[3] for row in plan]
    assert steps == ["SCAN grievance USING COVERING INDEX ix_grievance_standing"]
