"""The door to the audit chain: add an act, and check that no row was altered."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit.models import Audit
from core.ids import new_id

_START = bytes(32)


def _digest(row_id: int, at: datetime, actor: str, act: str, subject: str, detail: bytes, previous: bytes) -> bytes:
    text = "\0".join((str(row_id), at.astimezone(UTC).isoformat(), actor, act, subject))
    return hashlib.sha256(text.encode() + b"\0" + detail + previous).digest()


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
    last = (
        await session.execute(select(Audit.id, Audit.digest).order_by(Audit.id.desc()).limit(1).with_for_update())
    ).one_or_none()
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


async def first_broken(session: AsyncSession) -> int | None:
    """Number of the first row that does not fit the chain; None when all do."""
    previous, expected = _START, 1
    for row in await session.scalars(select(Audit).order_by(Audit.id)):
        digest = _digest(row.id, row.at, row.actor, row.act, row.subject, row.detail_digest, previous)
        detail_fits = row.detail is None or (
            hashlib.sha256(json.dumps(row.detail, sort_keys=True, ensure_ascii=False).encode()).digest()
            == row.detail_digest
        )
        if row.id != expected or row.previous_digest != previous or row.digest != digest or not detail_fits:
            return row.id
        previous, expected = row.digest, expected + 1
    return None
