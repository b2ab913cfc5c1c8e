"""Work that is due: found in order, however late, and settled by one of many."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import Database
from core.dues import service as dues
from core.dues.service import NewDue
from core.ids import new_id
from tests.core.conftest import NOON

HOUR = timedelta(hours=1)


async def schedule(db: Database, *rows: tuple[str, str, datetime]) -> None:
    async with db.transaction() as session:
        for what, subject, at in rows:
            await dues.schedule(session, what, subject, at)


async def found(
    db: Database, now: datetime, prefixes: tuple[str, ...] = ("a.",), limit: int = 100, without: tuple[str, ...] = ()
) -> list[tuple[str, str, datetime]]:
    async with db.reading() as session:
        rows = await dues.due(session, now, prefixes, limit, without=without)
    return [(row.what, row.subject_id, row.due_at) for row in rows]


async def ids(db: Database, now: datetime) -> list[str]:
    async with db.reading() as session:
        return [row.id for row in await dues.due(session, now, ("a.",), 100)]


async def settle(db: Database, due_id: str, now: datetime = NOON) -> bool:
    async with db.transaction() as session:
        return await dues.settle(session, due_id, now)


async def test_found_at_its_moment_and_ever_after_until_it_is_settled(db: Database) -> None:
    await schedule(db, ("a.x", "s", NOON))
    assert await found(db, NOON - timedelta(microseconds=1)) == []
    assert await found(db, NOON) == [("a.x", "s", NOON)]
    assert await found(db, NOON + timedelta(days=400)) == [("a.x", "s", NOON)]
    (due_id,) = await ids(db, NOON)
    assert await settle(db, due_id)
    assert await found(db, NOON + timedelta(days=400)) == []
    assert await found(db, NOON - HOUR) == []


async def test_in_the_order_of_coming_due_and_no_more_than_asked(db: Database) -> None:
    await schedule(db, ("a.x", "s3", NOON), ("a.y", "s1", NOON - HOUR), ("a.b", "s2", NOON), ("b.x", "s4", NOON - HOUR))
    in_order = [("a.y", "s1", NOON - HOUR), ("a.b", "s2", NOON), ("a.x", "s3", NOON)]
    assert await found(db, NOON) == in_order
    assert await found(db, NOON, limit=2) == in_order[:2]
    assert await found(db, NOON, prefixes=("a.", "b.")) == [
        ("a.y", "s1", NOON - HOUR),
        ("b.x", "s4", NOON - HOUR),
        *in_order[1:],
    ]


async def test_a_prefix_is_no_pattern(db: Database) -> None:
    await schedule(db, ("axb", "s", NOON))
    assert await found(db, NOON, prefixes=("a_", "%")) == []


async def test_what_is_left_out_does_not_hold_up_the_rest(db: Database) -> None:
    await schedule(db, ("a.x", "s1", NOON - HOUR), ("a.x", "s2", NOON))
    first = (await ids(db, NOON))[0]
    assert await found(db, NOON, limit=1, without=(first,)) == [("a.x", "s2", NOON)]


async def test_scheduled_twice_is_once_even_when_done(db: Database) -> None:
    await schedule(db, ("a.x", "s", NOON), ("a.x", "s", NOON))
    (due_id,) = await ids(db, NOON)
    assert await settle(db, due_id)
    await schedule(db, ("a.x", "s", NOON), ("a.x", "s", NOON + HOUR))
    assert await found(db, NOON + HOUR) == [("a.x", "s", NOON + HOUR)]


async def test_many_at_once(db: Database) -> None:
    async with db.transaction() as session:
        await dues.schedule_many(session, [])
        await dues.schedule_many(session, [NewDue("a.x", f"s{n}", NOON) for n in range(3)])
    assert len(await found(db, NOON)) == 3
    every = await ids(db, NOON)
    async with db.transaction() as session:
        assert await dues.settle_many(session, every[:2], NOON) == set(every[:2])
        assert await dues.settle_many(session, every, NOON) == {every[2]}


async def test_what_is_taken_back_never_comes_due(db: Database) -> None:
    await schedule(db, ("a.x", "s", NOON), ("a.y", "s", NOON), ("b.x", "s", NOON), ("a.x", "other", NOON))
    taken_before = (await ids(db, NOON))[0]
    async with db.transaction() as session:
        assert await dues.cancel(session, "s", "a.") == 2
        assert not await dues.settle(session, taken_before, NOON)
        assert [row.what for row in await dues.of_subject(session, "s")] == ["b.x"]
        assert await dues.cancel(session, "s") == 1
    assert await found(db, NOON, prefixes=("",)) == [("a.x", "other", NOON)]


async def test_taken_back_may_be_scheduled_again(db: Database) -> None:
    await schedule(db, ("a.x", "s", NOON))
    async with db.transaction() as session:
        await dues.cancel(session, "s")
    await schedule(db, ("a.x", "s", NOON))
    assert len(await found(db, NOON)) == 1


async def test_one_of_many_settles_a_row(db: Database) -> None:
    await schedule(db, *(("a.x", f"s{n}", NOON) for n in range(5)))
    every = await ids(db, NOON)
    results = await asyncio.gather(*(settle(db, due_id) for due_id in every for _ in range(4)))
    assert sum(results) == len(every)


async def test_rolled_back_with_its_effect(db: Database) -> None:
    await schedule(db, ("a.x", "s", NOON))
    (due_id,) = await ids(db, NOON)

    async def settle_and_die() -> None:
        async with db.transaction() as session:
            assert await dues.settle(session, due_id, NOON)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await settle_and_die()
    assert await settle(db, due_id)


async def test_one_process_leads_at_a_time(db: Database) -> None:
    async with db.transaction() as session:
        assert await dues.lead(session, "a")
        if not db.is_sqlite:
            async with db.transaction() as other:
                assert not await dues.lead(other, "a")
                assert await dues.lead(other, "b")
    async with db.transaction() as session:
        assert await dues.lead(session, "a")


@given(st.lists(st.integers(0, 10), max_size=30), st.lists(st.integers(-3, 14), max_size=8))
async def test_whatever_the_clock_does_each_row_is_worked_off_once_and_none_is_missed(
    minutes: list[int], looks: list[int]
) -> None:
    database = Database("sqlite+aiosqlite:///:memory:")
    start = datetime(2026, 11, 23, tzinfo=UTC)
    async with database.engine.begin() as connection:
        await connection.run_sync(dues.Due.__table__.create)  # type: ignore[attr-defined]
    try:
        rows = [NewDue("a.x", new_id(), start + timedelta(minutes=minute)) for minute in minutes]
        worked: list[str] = []
        async with database.transaction() as session:
            await dues.schedule_many(session, rows)
        for look in [*looks, 10]:
            now = start + timedelta(minutes=look)
            async with database.transaction() as session:
                batch = await dues.due(session, now, ("a.",), 1000)
                taken = await dues.settle_many(session, [row.id for row in batch], now)
            moments = [row.due_at for row in batch]
            assert moments == sorted(moments)
            assert all(moment <= now for moment in moments)
            worked += [row.subject_id for row in batch if row.id in taken]
        assert sorted(worked) == sorted(row.subject_id for row in rows)
    finally:
        await database.close()
