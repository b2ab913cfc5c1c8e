"""What waits holds nobody else up: not the write lock, not a long reading; a cancelled wait breaks nothing."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.db import Database
from core.sqlite import DirectConnection

SLOW = """
WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2000000)
SELECT count(*) FROM counted
"""


@pytest.fixture
async def db(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.close()


def file_of(db: Database) -> Path:
    return Path(str(db.engine.url.database))


async def longest_pause(task: asyncio.Task[Any]) -> float:
    """The longest time for which the loop did not come back here while the task ran, in seconds."""
    loop = asyncio.get_running_loop()
    longest, last = 0.0, loop.time()
    while not task.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, loop.time() - last), loop.time()
    return longest


async def write(db: Database) -> None:
    async with db.transaction() as session:
        await session.execute(text("DELETE FROM contact"))


async def test_waiting_for_the_write_lock_holds_nobody_else_up(db: Database) -> None:
    await write(db)
    other = sqlite3.connect(file_of(db), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write(db))
    ticks = 0
    for _ in range(30):
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks == 30
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(waiting, 5)


async def test_a_long_reading_holds_nobody_else_up(db: Database) -> None:
    async def read() -> float:
        began = asyncio.get_running_loop().time()
        async with db.reading() as session:
            await session.execute(text(SLOW))
        return asyncio.get_running_loop().time() - began

    task = asyncio.create_task(read())
    pause = await longest_pause(task)
    assert pause < (await task) / 2


async def test_a_cancelled_wait_leaves_the_database_usable(db: Database) -> None:
    await write(db)
    other = sqlite3.connect(file_of(db), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write(db))
    await asyncio.sleep(0.05)
    waiting.cancel()
    # The thread that waits for the lock cannot be called back; what was cancelled ends when it has it.
    asyncio.get_running_loop().call_later(0.3, other.execute, "COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other.close()
    await asyncio.wait_for(write(db), 5)
    async with db.peeking() as session:
        assert await session.scalar(text("SELECT count(*) FROM contact")) == 0


async def test_a_short_transaction_makes_few_hops(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hops: list[str] = []
    plain = DirectConnection.__mro__[1]._execute  # type: ignore[attr-defined]

    async def counted(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(str(args[0]) if args else fn.__name__)
        return await plain(self, fn, *args, **kwargs)

    async with db.transaction() as session:
        await session.execute(text("SELECT 1"))  # the connection exists from here on
    monkeypatch.setattr(DirectConnection.__mro__[1], "_execute", counted)
    async with db.transaction() as session:
        for _ in range(5):
            await session.execute(text("SELECT count(*) FROM contact"))
    assert hops == ["BEGIN IMMEDIATE", "commit"]
