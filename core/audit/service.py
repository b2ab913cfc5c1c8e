"""The door to the audit chain: add an act, and check that no row was altered."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import LargeBinary, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit.models import Audit
from core.ids import new_id
from core.privacy.encryption import Undecipherable, keyring

_START = bytes(32)
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


async def first_broken(session: AsyncSession) -> int | None:
    """Number of the first row that does not fit the chain; None when all do."""
    columns = (Audit.id, Audit.at, Audit.actor, Audit.act, Audit.subject, Audit.detail_digest)
    stored = type_coerce(Audit.detail, LargeBinary).label("stored")
    rows = await session.execute(select(*columns, Audit.previous_digest, Audit.digest, stored).order_by(Audit.id))
    previous, expected = _START, 1
    for row in rows:
        digest = _digest(row.id, row.at, row.actor, row.act, row.subject, row.detail_digest, previous)
        fits = row.id == expected and row.previous_digest == previous and row.digest == digest
        if not fits or not _detail_fits(row.stored, row.detail_digest):
            return int(row.id)
        previous, expected = row.digest, expected + 1
    return None


def _detail_fits(stored: bytes | None, digest: bytes) -> bool:
    """Whether the detail is the one that was recorded, or was erased."""
    if stored is None:
        return True
    try:
        detail = json.loads(keyring().decrypt(bytes(stored), "audit.detail"))
    except (Undecipherable, ValueError):
        return False
    return hashlib.sha256(json.dumps(detail, sort_keys=True, ensure_ascii=False).encode()).digest() == digest
