"""The durable engine itself: it holds ids only, and forgets those of a contact who was erased."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from channels.gateway import engine as engines
from channels.gateway.engine import TurnEngine, TurnSteps
from channels.gateway.settings import GatewaySettings
from core.errors import Conflict

FIRST, SECOND = "01HZZZZZZZZZZZZZZZZZZZZZC1", "01HZZZZZZZZZZZZZZZZZZZZZC2"


class Steps:
    """What turns do here: they note that they ran, and wait where a test holds them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.free = asyncio.Event()
        self.free.set()

    async def gather(self, conversation_id: str) -> None:
        await self.free.wait()

    async def answer(self, conversation_id: str, turn_id: str) -> None:
        return None

    async def deliver(self, conversation_id: str) -> None:
        self.done.append(conversation_id)

    async def give_up(self, turn_id: str, error: str) -> None:
        raise AssertionError(error)


@pytest.fixture
async def steps() -> Steps:
    return Steps()


@pytest.fixture
async def engine(tmp_path: Path, settings: GatewaySettings, steps: Steps) -> AsyncIterator[TurnEngine]:
    made = TurnEngine(f"sqlite:///{tmp_path / 'durable.db'}", settings)
    await made.launch(TurnSteps(steps.gather, steps.answer, steps.deliver, steps.give_up))
    yield made
    steps.free.set()
    await made.close()


def rows_with(folder: Path, text: str) -> set[str]:
    """Tables of the engine with a text in any column."""
    with closing(sqlite3.connect(folder / "durable.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table
            for table in tables
            for row in connection.execute(f'SELECT * FROM "{table}"')
            if any(text in str(value) for value in row)
        }


async def until_done(steps: Steps, *lanes: str) -> None:
    async with asyncio.timeout(20):
        while sorted(steps.done) != sorted(lanes):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)  # the workflow ends after its last step


async def test_the_workflows_of_a_contact_are_forgotten_and_no_others(
    engine: TurnEngine, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_BATCH", 2)
    await engine.start_turn(FIRST, "m1")
    await engine.start_turn(FIRST, "m2")
    await engine.start_turn(FIRST, "m3")
    await engine.restart_turn(FIRST, "s1", "60")
    await engine.wake(FIRST, "2")
    await engine.start_turn(SECOND, "m4")
    await engine.wake(SECOND, "2")
    await until_done(steps, *[FIRST] * 5, *[SECOND] * 2)
    assert "workflow_status" in rows_with(tmp_path, FIRST)

    await engine.forget([FIRST], ["m1", "m2", "m3", "never-started"])
    assert rows_with(tmp_path, FIRST) == set()
    assert "workflow_status" in rows_with(tmp_path, SECOND)
    await engine.forget([FIRST], ["m1"])


async def test_a_turn_that_runs_is_waited_for(engine: TurnEngine, steps: Steps, tmp_path: Path) -> None:
    steps.free.clear()
    await engine.start_turn(FIRST, "m1")
    with pytest.raises(Conflict):
        await engine.forget([FIRST], ["m1"])
    assert rows_with(tmp_path, FIRST)
    steps.free.set()
    await until_done(steps, FIRST)
    await engine.forget([FIRST], ["m1"])
    assert rows_with(tmp_path, FIRST) == set()
