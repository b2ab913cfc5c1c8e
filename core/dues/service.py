"""The door to work that is due: schedule, cancel, find what has come due, and settle it at most once.

The effect of a due row and its settling belong into one transaction: then a crash before the commit leaves both
undone, and after it both done. A row that is late, by a stopped process or a clock that jumped, is found all the same.
"""

import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.dues.models import Due
from core.ids import new_id

_TABLE = Due.__table__
_COLUMNS = (_TABLE.c.id, _TABLE.c.what, _TABLE.c.subject_id, _TABLE.c.due_at)


class NewDue(NamedTuple):
    """What shall happen to which subject, and when."""

    what: str
    subject_id: str
    due_at: datetime


class DueView(NamedTuple):
    """A row that is not settled yet; a sweep takes up many thousands of them."""

    id: str
    what: str
    subject_id: str
    due_at: datetime


async def schedule(session: AsyncSession, what: str, subject_id: str, due_at: datetime) -> None:
    """Have something done at a moment; scheduling the same again changes nothing, even when it is done already.

    Args:
        session: The caller's transaction.
        what: Kind of work, with its feature's name in front: ``grievance.attend``.
        subject_id: What it is about.
        due_at: When.
    """
    await schedule_many(session, [NewDue(what, subject_id, due_at)])


async def schedule_many(session: AsyncSession, dues: Iterable[NewDue]) -> None:
    """Schedule many at once, in one statement."""
    rows = [{"id": new_id(), "done_at": None, **due._asdict()} for due in dues]
    if not rows:
        return
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(Due.__table__).on_conflict_do_nothing(), rows)


async def cancel(session: AsyncSession, subject_id: str, prefix: str = "") -> int:
    """Take back what is not done yet for a subject.

    Args:
        session: The caller's transaction.
        subject_id: What it is about.
        prefix: How the kind of work begins; empty takes back everything.

    Returns:
        How many rows there were.
    """
    gone = await session.execute(
        delete(Due).where(
            Due.subject_id == subject_id, Due.done_at.is_(None), Due.what.startswith(prefix, autoescape=True)
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def due(
    session: AsyncSession,
    now: datetime,
    prefixes: Sequence[str],
    limit: int,
    *,
    without: Collection[str] = (),
) -> list[DueView]:
    """What has come due and is not settled, in the order in which it came due.

    Args:
        session: The caller's transaction.
        now: The present moment; what is due at this very moment is due.
        prefixes: How the kinds of work begin.
        limit: How many at most.
        without: Ids to leave out.
    """
    query = (
        select(*_COLUMNS)
        .where(
            Due.done_at.is_(None),
            Due.due_at <= now,
            or_(*(Due.what.startswith(prefix, autoescape=True) for prefix in prefixes)),
        )
        .order_by(Due.due_at, Due.what, Due.id)
        .limit(limit)
    )
    if without:
        query = query.where(Due.id.not_in(without))
    return [DueView(*row) for row in await session.execute(query)]


async def of_subject(session: AsyncSession, subject_id: str) -> list[DueView]:
    """What is not done yet for a subject, in due order."""
    rows = await session.execute(
        select(*_COLUMNS).where(Due.subject_id == subject_id, Due.done_at.is_(None)).order_by(Due.due_at, Due.what)
    )
    return [DueView(*row) for row in rows]


async def settle(session: AsyncSession, due_id: str, now: datetime) -> bool:
    """Take a row for good, by compare-and-set.

    Returns:
        False when somebody else has it, or it was cancelled: then its effect is not the caller's to bring about.
    """
    return bool(await settle_many(session, [due_id], now))


async def settle_many(session: AsyncSession, due_ids: Sequence[str], now: datetime) -> set[str]:
    """Take many rows for good.

    Returns:
        Ids of those that are the caller's.
    """
    taken = await session.scalars(
        update(_TABLE)  # type: ignore[arg-type]
        .where(_TABLE.c.id.in_(due_ids), _TABLE.c.done_at.is_(None))
        .values(done_at=now)
        .returning(_TABLE.c.id)
    )
    return set(taken)


async def lead(session: AsyncSession, name: str) -> bool:
    """Whether this transaction may work off the rows of a feature; until it ends no other process may.

    With one process at work, rows of one subject are worked off in due order. On SQLite every writing transaction is
    alone anyway.

    Args:
        session: The caller's transaction.
        name: Of the feature.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    key = zlib.crc32(f"dues.{name}".encode())
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(key))))
