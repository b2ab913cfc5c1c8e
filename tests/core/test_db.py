"""Transactions commit whole or not at all; moments are stored in UTC; readers do not wait for writers."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from core.conversations.models import Contact
from core.db import Database
from core.ids import new_id
from tests.core.conftest import NOON
from tests.core.conversing import opened


def contact(now: datetime = NOON) -> Contact:
    return Contact(id=new_id(), created_at=now, language_fixed=False)


async def count(db: Database) -> int:
    async with db.reading() as session:
        return int(await session.scalar(text("SELECT count(*) FROM contact")) or 0)


async def test_an_exception_undoes_everything(db: Database) -> None:
    async def interrupted() -> None:
        async with db.transaction() as session:
            session.add(contact())
            await session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        await interrupted()
    assert await count(db) == 0


async def test_reading_keeps_nothing(db: Database) -> None:
    async with db.reading() as session:
        session.add(contact())
        await session.flush()
    assert await count(db) == 0


async def test_moments_come_back_aware_and_in_utc(db: Database) -> None:
    india = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with db.transaction() as session:
        session.add(contact(india))
    async with db.reading() as session:
        stored = await session.scalar(select(Contact.created_at))
    assert stored == india
    assert stored is not None
    assert stored.tzinfo is UTC
    async with db.reading() as session:
        assert await session.scalar(select(Contact.id).where(Contact.created_at <= NOON + timedelta(seconds=1)))
        assert not await session.scalar(select(Contact.id).where(Contact.created_at < NOON))


async def test_a_moment_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        async with db.transaction() as session:
            session.add(contact(datetime(2026, 11, 23)))  # noqa: DTZ001 - the point


async def test_a_reader_sees_the_old_state_while_somebody_writes(db: Database) -> None:
    async with db.transaction() as session:
        session.add(contact())
        await session.flush()
        assert await asyncio.wait_for(count(db), 2) == 0
    assert await count(db) == 1


async def test_writers_wait_for_each_other(db: Database) -> None:
    async def write() -> None:
        async with db.transaction() as session:
            before = await session.scalar(text("SELECT count(*) FROM contact"))
            session.add(contact())
            await session.flush()
            await asyncio.sleep(0.01)
            assert db.is_sqlite is False or before is not None

    await asyncio.gather(*(write() for _ in range(10)))
    assert await count(db) == 10


async def test_references_are_checked(db: Database) -> None:
    view = await opened(db, NOON)
    with pytest.raises(IntegrityError):
        async with db.transaction() as session:
            await session.execute(text("DELETE FROM contact WHERE id = :id"), {"id": view.contact_id})
