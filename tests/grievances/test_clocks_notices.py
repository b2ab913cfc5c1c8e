"""What the sweep tells the contacts: in steps, each notice once."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import FixedClock
from core.db import Database
from core.media.service import MediaStore
from grievances import clocks, messages
from grievances.clocks import Clocks
from tests.grievances.clockwork import after, sweep
from tests.grievances.conftest import TUESDAY, Ledger


@pytest.fixture
def ledger(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    """A ledger whose notices are really posted."""
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


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
