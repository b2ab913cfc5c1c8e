"""Whatever stops the sweep, moves its clock or runs beside it, the same follows."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.clock import FixedClock
from core.db import Database
from core.media.service import MediaStore
from grievances import clocks, deadlines
from grievances.clocks import Clocks
from grievances.schemas import (
    GrievanceView,
    Level,
)
from grievances.status import Move
from tests.grievances.clockwork import BOTH, HISTORY, SECOND, after, story, sweep
from tests.grievances.conftest import TUESDAY, Ledger, opened

pytestmark = pytest.mark.thorough


@pytest.fixture
def ledger(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    """A ledger whose notices are really posted."""
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


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
