"""The work of a silent process is taken over by one living process, once."""

import asyncio
from datetime import datetime, timedelta

from core.db import Database
from core.turns import heartbeats
from tests.core.conftest import NOON

SILENCE = timedelta(seconds=15)


async def beat(db: Database, name: str, now: datetime = NOON) -> None:
    async with db.transaction() as session:
        await heartbeats.beat(session, name, now)


async def claim(db: Database, name: str, now: datetime) -> list[str]:
    async with db.transaction() as session:
        return await heartbeats.claim_silent(session, name, now, SILENCE)


async def test_silence_is_longer_than_the_limit(db: Database) -> None:
    await beat(db, "one")
    await beat(db, "two", NOON + SILENCE)
    assert await claim(db, "two", NOON + SILENCE) == []
    assert await claim(db, "two", NOON + SILENCE + timedelta(milliseconds=1)) == ["one"]


async def test_nobody_takes_over_from_himself(db: Database) -> None:
    await beat(db, "one")
    assert await claim(db, "one", NOON + 10 * SILENCE) == []


async def test_work_is_taken_over_once(db: Database) -> None:
    await beat(db, "dead")
    late = NOON + 2 * SILENCE
    claims = await asyncio.gather(*(claim(db, f"live-{number}", late) for number in range(6)))
    assert sorted(claims, key=len) == [[]] * 5 + [["dead"]]
    assert await claim(db, "live-1", late + SILENCE) == []


async def test_a_process_that_comes_back_can_fall_silent_again(db: Database) -> None:
    await beat(db, "one")
    assert await claim(db, "two", NOON + 2 * SILENCE) == ["one"]
    await beat(db, "one", NOON + 3 * SILENCE)
    assert await claim(db, "two", NOON + 3 * SILENCE) == []
    assert await claim(db, "two", NOON + 5 * SILENCE) == ["one"]
