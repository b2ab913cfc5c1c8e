"""Rows as they are stored: a value in another form is seen, and one that cannot be read stops nothing."""

import pytest
from sqlalchemy import select, text

from core import stored
from core.audit import service as audit
from core.audit.models import Audit
from core.db import Database
from tests.core.conftest import NOON


async def fill(db: Database) -> None:
    async with db.transaction() as session:
        for number in range(4):
            await audit.record(session, actor="system", act="a", subject=str(number), now=NOON)


async def change(db: Database, statement: str) -> None:
    async with db.transaction() as session:
        await session.execute(text(statement))


async def written(db: Database) -> list[bool]:
    async with db.reading() as session:
        query = select(Audit.id, stored.as_written(session, Audit.__table__.columns)).order_by(Audit.id)
        return [bool(is_written) for _id, is_written in await session.execute(query)]


async def test_what_we_write_is_in_our_form(db: Database) -> None:
    await fill(db)
    assert await written(db) == [True] * 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET at = replace(at, ' ', 'T') WHERE id = 2",
        "UPDATE audit SET at = substr(at, 1, 19) WHERE id = 2",
        "UPDATE audit SET at = at || 'Z' WHERE id = 2",
        "UPDATE audit SET digest = lower(hex(digest)) WHERE id = 2",
        "UPDATE audit SET detail = 'words' WHERE id = 2",
    ],
)
async def test_another_form_is_seen_on_sqlite(db: Database, statement: str) -> None:
    await fill(db)
    if db.is_sqlite:  # PostgreSQL's types know one form only and refuse these
        await change(db, statement)
        assert await written(db) == [True, False, True, True]


async def test_rows_come_up_to_the_first_that_cannot_be_read(db: Database) -> None:
    await fill(db)
    if db.is_sqlite:
        await change(db, "UPDATE audit SET at = 'noon' WHERE id = 3")
    async with db.reading() as session:
        rows, unreadable = await stored.readable(session, select(Audit.id, Audit.at), Audit.id)
    assert [row.id for row in rows] == ([1, 2] if db.is_sqlite else [1, 2, 3, 4])
    assert unreadable == (3 if db.is_sqlite else None)


async def test_encrypted_columns_are_not_decrypted(db: Database) -> None:
    await fill(db)
    async with db.reading() as session:
        values = list(await session.scalars(select(stored.as_stored(Audit.__table__.c.detail))))
    assert all(isinstance(value, bytes) and b"salt" not in value for value in values)
