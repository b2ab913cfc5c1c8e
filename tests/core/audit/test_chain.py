"""No row of the audit chain can be altered, moved or taken out unnoticed; details can be erased."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.audit import service as audit
from core.db import Database
from core.privacy.encryption import keyring
from tests.core.conftest import NOON, create_tables

ACTS = 6


async def fill(db: Database, acts: int = ACTS) -> None:
    async with db.transaction() as session:
        for number in range(acts):
            await audit.record(
                session,
                actor="system",
                act="conversation.claim",
                subject=f"c{number}",
                now=NOON + timedelta(milliseconds=number),
                detail={"why": "asked", "n": number} if number % 2 else None,
            )


async def broken(db: Database) -> int | None:
    async with db.reading() as session:
        return await audit.first_broken(session)


async def change(db: Database, statement: str, **values: object) -> None:
    async with db.transaction() as session:
        await session.execute(text(statement), values)


async def test_what_is_recorded_is_a_chain(db: Database) -> None:
    assert await broken(db) is None
    await fill(db)
    assert await broken(db) is None


async def test_records_made_at_once_are_one_chain(db: Database) -> None:
    async def act(number: int) -> None:
        async with db.transaction() as session:
            await audit.record(session, actor=f"o{number}", act="conversation.reply", subject="c", now=NOON)
            await asyncio.sleep(0.005)

    await asyncio.gather(*(act(number) for number in range(12)))
    async with db.reading() as session:
        assert list(await session.scalars(text("SELECT id FROM audit ORDER BY id"))) == list(range(1, 13))
    assert await broken(db) is None


async def test_an_act_that_is_undone_leaves_no_gap(db: Database) -> None:
    await fill(db, 2)

    async def undone() -> None:
        async with db.transaction() as session:
            await audit.record(session, actor="o", act="conversation.claim", subject="c", now=NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    await fill(db, 1)
    assert await broken(db) is None


async def test_details_can_be_erased_and_not_exchanged(db: Database) -> None:
    await fill(db)
    await change(db, "UPDATE audit SET detail = NULL WHERE id IN (2, 3)")
    assert await broken(db) is None
    await change(db, "UPDATE audit SET detail = (SELECT detail FROM audit WHERE id = 4) WHERE id = 6")
    assert await broken(db) == 6


async def test_a_row_taken_out_or_put_in_is_found(db: Database) -> None:
    await fill(db)
    await change(db, "DELETE FROM audit WHERE id = 3")
    assert await broken(db) == 4
    await change(db, "UPDATE audit SET id = id - 1 WHERE id = 4")
    assert await broken(db) == 3


async def test_equal_details_cannot_be_told_from_their_digests(db: Database) -> None:
    async with db.transaction() as session:
        for _ in range(2):
            await audit.record(session, actor="o", act="a", subject="c", now=NOON, detail={"number": "+910000000101"})
        digests = list(await session.scalars(text("SELECT detail_digest FROM audit")))
    assert digests[0] != digests[1]


COLUMNS = ["id", "at", "actor", "act", "subject", "detail", "detail_digest", "previous_digest", "digest"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes the file of a chain, once."""
    path = tmp_path_factory.mktemp("audit") / "chain.db"

    def make() -> Path:
        if not path.exists():
            create_tables(f"sqlite:///{path}")
        return path

    return make


@pytest.mark.parametrize("value", ["2026-11-23T06:30:00.000000", "2026-11-23 06:30:00", "noon"])
async def test_a_moment_in_another_form_is_found(sqlite_template: Path, tmp_path: Path, value: str) -> None:
    """As text it sorts elsewhere; PostgreSQL knows one form only."""
    db = Database(f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'chain.db')}")
    try:
        await fill(db)
        await change(db, "UPDATE audit SET at = :value WHERE id = 1", value=value)
        assert await broken(db) == 1
    finally:
        await db.close()


async def test_a_row_put_in_before_the_first_is_found(db: Database) -> None:
    await fill(db)
    await change(db, "UPDATE audit SET id = -7 WHERE id = 1")
    assert await broken(db) == -7


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(1, ACTS), column=st.sampled_from(COLUMNS), place=st.integers(0, 200), by=st.integers(1, 255))
async def test_any_change_of_any_row_is_found(
    filled: Callable[[], Path], tmp_path: Path, row: int, column: str, place: int, by: int
) -> None:
    db = Database(f"sqlite+aiosqlite:///{filled()}")
    try:
        if await db_is_empty(db):
            await fill(db)
        before = await stored(db, row, column)
        await change(
            db, f"UPDATE audit SET {column} = :value WHERE id = :row", value=altered(before, place, by), row=row
        )
        now_at = altered(row, place, by) if column == "id" else row
        found = await broken(db)
        await change(db, f"UPDATE audit SET {column} = :value WHERE id = :row", value=before, row=now_at)
        assert found is not None
        assert found in {row, row + 1, now_at}
        assert await broken(db) is None
    finally:
        await db.close()


def altered(value: object, place: int, by: int) -> object:
    """The value with one thing about it changed."""
    if isinstance(value, int):
        return value + ACTS + by
    if isinstance(value, bytes):
        place %= len(value)
        return value[:place] + bytes([value[place] ^ by]) + value[place + 1 :]
    shown = str(value)
    place %= len(shown)
    return shown[:place] + chr(0x100 + by) + shown[place + 1 :]


async def stored(db: Database, row: int, column: str) -> object:
    async with db.reading() as session:
        return await session.scalar(text(f"SELECT {column} FROM audit WHERE id = :row"), {"row": row})


async def db_is_empty(db: Database) -> bool:
    async with db.reading() as session:
        return not await session.scalar(text("SELECT count(*) FROM audit"))


async def test_a_detail_that_cannot_be_decrypted_is_named_and_stops_nothing(db: Database) -> None:
    await fill(db)
    await change(db, "UPDATE audit SET detail = :value WHERE id = 5", value=b"\x01short")
    assert await broken(db) == 5
    await change(db, "UPDATE audit SET detail = :value WHERE id = 2", value=keyring().encrypt(b"[]", "audit.detail"))
    assert await broken(db) == 2
