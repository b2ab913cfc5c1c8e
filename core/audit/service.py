"""The door to the audit chain: add an act, and check that no row was altered."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import stored
from core.audit.models import Audit
from core.ids import new_id
from core.privacy.encryption import Undecipherable, keyring

_START = bytes(32)
_PAGE = 1000
_LOCK = 0x5341_4159  # any number that nothing else locks


def _digest(row_id: int, at: datetime, actor: str, act: str, subject: str, detail: bytes, previous: bytes) -> bytes:
    text = "\0".join((str(row_id), at.astimezone(UTC).isoformat(), actor, act, subject))
    return hashlib.sha256(text.encode() + b"\0" + detail + previous).digest()


async def lock(session: AsyncSession) -> None:
    """Make this transaction the one writer of chains until it ends; on SQLite every writing transaction is alone."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def record(
    session: AsyncSession, *, actor: str, act: str, subject: str, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Add an act to the chain, in the caller's transaction.

    Args:
        session: The caller's transaction.
        actor: Id of the officer, or ``system`` or ``contact``.
        act: What was done, such as ``conversation.claim``.
        subject: Id of what it was done to.
        now: When.
        detail: More about it; it can be erased later without breaking the chain.
    """
    await lock(session)
    last = (await session.execute(select(Audit.id, Audit.digest).order_by(Audit.id.desc()).limit(1))).one_or_none()
    row_id, previous = (last[0] + 1, last[1]) if last else (1, _START)
    salted = {"salt": new_id(), **(detail or {})}
    detail_digest = hashlib.sha256(json.dumps(salted, sort_keys=True, ensure_ascii=False).encode()).digest()
    session.add(
        Audit(
            id=row_id,
            at=now,
            actor=actor,
            act=act,
            subject=subject,
            detail=salted,
            detail_digest=detail_digest,
            previous_digest=previous,
            digest=_digest(row_id, now, actor, act, subject, detail_digest, previous),
        )
    )
    await session.flush()


async def head(session: AsyncSession) -> tuple[int, bytes]:
    """How many acts there are, and the digest of the last one: noted elsewhere, they betray a rewritten chain."""
    last = (await session.execute(select(Audit.id, Audit.digest).order_by(Audit.id.desc()).limit(1))).one_or_none()
    return (int(last[0]), bytes(last[1])) if last else (0, _START)


async def digest_at(session: AsyncSession, number: int) -> bytes | None:
    """The digest of an act, to be compared with one that was noted elsewhere; None where there is none."""
    found = await session.scalar(select(Audit.digest).where(Audit.id == number))
    return bytes(found) if found is not None else None


async def first_broken(session: AsyncSession) -> int | None:
    """Number of the first row that does not fit the chain; None when all do."""
    columns = [stored.as_stored(column) for column in Audit.__table__.columns]
    query = select(*columns, stored.as_written(session, Audit.__table__.columns).label("as_written"))
    previous, last = _START, 0
    while True:
        page = query.where(Audit.id > (last or stored.BELOW_ALL)).limit(_PAGE)
        rows, unreadable = await stored.readable(session, page, Audit.id)
        for row in rows:
            if row.id != last + 1 or not _fits(row, previous):
                return int(row.id)
            previous, last = bytes(row.digest), row.id
        if unreadable is not None:
            return int(unreadable)
        if len(rows) < _PAGE:
            return None


def _fits(row: Row[Any], previous: bytes) -> bool:
    """Whether a row is the one that was written after the previous one, and its detail is its own or erased."""
    if not row.as_written or row.previous_digest != previous:
        return False
    digest = _digest(row.id, row.at, str(row.actor), str(row.act), str(row.subject), row.detail_digest, previous)
    return bool(row.digest == digest) and _detail_fits(row.detail, row.detail_digest)


def _detail_fits(kept: bytes | None, digest: bytes) -> bool:
    """Whether the detail is the one that was recorded, or was erased."""
    if kept is None:
        return True
    try:
        detail = json.loads(keyring().decrypt(bytes(kept), "audit.detail"))
    except (Undecipherable, ValueError):
        return False
    return hashlib.sha256(json.dumps(detail, sort_keys=True, ensure_ascii=False).encode()).digest() == digest
