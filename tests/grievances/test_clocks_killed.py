"""The sweep is killed at every step that it takes, and run again: the same events, and no message twice or never."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.db import Database
from core.media.service import MediaStore
from grievances import clocks
from grievances.clocks import Clocks
from grievances.schemas import CONTACT
from grievances.status import Move
from tests.grievances.clockwork import SECOND, after
from tests.grievances.conftest import TUESDAY, Ledger, opened

pytestmark = pytest.mark.thorough
WHERE = ("before", "inside", "after")
"""Of a transaction: not begun, done and not committed, committed and nobody told so."""
LEFT_BEHIND = {
    "events": "SELECT number, grievance_id, seq, kind, actor, at, changes FROM grievance_event ORDER BY number",
    "rows": "SELECT id, status, level, priority, due_at, escalated_at, feedback_asked_at, version FROM grievance "
    "ORDER BY id",
    "notices": "SELECT grievance_id, seq, notice FROM grievance_message ORDER BY 1, 2, 3",
    "messages": "SELECT turn_id, position, channel FROM outbound ORDER BY 1, 2",
    "due": "SELECT what, subject_id, due_at, done_at IS NULL FROM due ORDER BY 1, 2, 3",
}


class Killed(BaseException):
    """The process ends here."""


class Mortal(Database):
    """A database whose process is killed at one of its writing transactions."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.transactions = 0
        self.dies: tuple[int, str] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        self.transactions += 1
        where = self.dies[1] if self.dies is not None and self.dies[0] == self.transactions else ""
        if where == "before":
            raise Killed
        async with super().transaction() as session:
            yield session
            if where == "inside":
                await session.flush()
                raise Killed
        if where == "after":
            raise Killed


async def prepare(path: Path, folder: Path) -> None:
    """Grievances that nobody touched, that somebody attended to, that wait for an interim reply, that are closed."""
    db = opened(f"sqlite+aiosqlite:///{path}")
    ledger = Ledger(db, FixedClock(TUESDAY), MediaStore(folder))
    views = [await ledger.filed(100 + number) for number in range(5)]
    await ledger.act(views[1].id, Move.ATTEND)
    await ledger.act(views[2].id, Move.INTERIM, text="The bank was asked.", until=(TUESDAY + timedelta(days=30)).date())
    await ledger.closed(views[3].id)
    await ledger.closed(views[4].id)
    ledger.clock.at += timedelta(hours=2)
    await ledger.act(views[4].id, Move.REOPEN, CONTACT, text="Nothing was paid.")
    await db.close()


async def run(path: Path, dies: tuple[int, str] | None) -> tuple[dict[str, list[Any]], int]:
    """Sweep at two moments, killed at one step and started again; what is left behind, and how many steps it took."""
    db = Mortal(f"sqlite+aiosqlite:///{path}")
    db.dies = dies
    try:
        async with db.reading() as session:
            outer = await session.scalar(text("SELECT max(outer_by) FROM grievance"))
        clock = FixedClock(TUESDAY + timedelta(days=8))
        for at in (clock.at, clock.at.fromisoformat(f"{outer}+00:00") + timedelta(days=40)):
            clock.at = at
            try:
                await Clocks(db, clock).sweep()
            except Killed:
                await Clocks(db, clock).sweep()
        steps = db.transactions
        async with db.reading() as session:
            left = {name: [tuple(row) for row in await session.execute(text(sql))] for name, sql in LEFT_BEHIND.items()}
        assert await Ledger(db, clock, MediaStore(path.parent)).broken() is None
    finally:
        await db.close()
    return left, steps


async def test_killed_at_any_step_and_run_again_it_is_as_if_nothing_had_happened(
    ledger_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "BATCH", 3)
    monkeypatch.setattr(clocks, "NOTICES", 2)
    whole = Path(shutil.copy(ledger_template, tmp_path / "whole.db"))
    await prepare(whole, tmp_path)
    expected, steps = await run(Path(shutil.copy(whole, tmp_path / "undisturbed.db")), None)
    assert steps > 15
    assert len(expected["messages"]) == len(set(expected["messages"])) > 5
    for step in range(1, steps + 1):
        for where in WHERE:
            left, _steps = await run(Path(shutil.copy(whole, tmp_path / "killed.db")), (step, where))
            for name, rows in expected.items():
                assert left[name] == rows, f"{name} differ when killed {where} the end of step {step}"


async def test_what_officers_do_while_the_clock_is_back_moves_no_deadline(
    ledger_template: Path, tmp_path: Path
) -> None:
    """The machine's clock was set back by a month after filing: nothing comes due early, late or twice."""
    db = opened(f"sqlite+aiosqlite:///{shutil.copy(ledger_template, tmp_path / 'back.db')}")
    try:
        ledger = Ledger(db, FixedClock(TUESDAY), MediaStore(tmp_path))
        view = await ledger.filed()
        ledger.clock.at = TUESDAY - timedelta(days=30)
        await Clocks(db, ledger.clock).sweep()
        seen = await ledger.act(view.id, Move.TRANSFER, text="Nearer.", to_room="dfo-nagpur")
        assert (seen.attend_by, seen.conclude_by, seen.outer_by) == (view.attend_by, view.conclude_by, view.outer_by)
        await ledger.act(view.id, Move.ATTEND)
        await Clocks(db, ledger.clock).sweep()
        ledger.clock.at = view.conclude_by - SECOND
        await Clocks(db, ledger.clock).sweep()
        assert "escalated" not in [event.kind for event in await ledger.events(view.id)]
        ledger.clock.at = after(view)
        await Clocks(db, ledger.clock).sweep()
        kinds = [event.kind.value for event in await ledger.events(view.id)]
        assert kinds == ["filed", "transferred", "attended", "reminded", "escalated", "reminded", "escalated"]
        assert await ledger.broken() is None
    finally:
        await db.close()
