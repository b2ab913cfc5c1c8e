"""The door to unfinished dialogues: read, save, finish, forget and purge, inside the caller's transaction."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import consents
from core.errors import Conflict, TooMany
from core.ids import new_id
from grievances.drafts.models import GrievanceDraft, GrievanceProofTry
from grievances.drafts.schemas import DraftView, Kind

KEPT_FOR = timedelta(days=7)
"""A dialogue that nobody touched this long is dropped."""
KEPT_WITHOUT_CONSENT = timedelta(hours=24)
"""As long as any word of a contact who has not agreed."""
REPLY_KEPT_FOR = timedelta(days=1)
"""How long the last answer of a finished dialogue is kept for a repeated turn."""
TRIES = 5
TRIES_WITHIN = timedelta(hours=1)


async def find(session: AsyncSession, contact_id: str, kind: Kind) -> DraftView | None:
    """A contact's dialogue of a kind, finished or not."""
    row = await session.scalar(
        select(GrievanceDraft).where(GrievanceDraft.contact_id == contact_id, GrievanceDraft.kind == kind)
    )
    return DraftView.model_validate(row) if row else None


async def of_contact(session: AsyncSession, contact_id: str) -> list[DraftView]:
    """Every dialogue that is kept of a contact."""
    rows = await session.scalars(
        select(GrievanceDraft).where(GrievanceDraft.contact_id == contact_id).order_by(GrievanceDraft.kind)
    )
    return [DraftView.model_validate(row) for row in rows]


async def save(
    session: AsyncSession,
    contact_id: str,
    kind: Kind,
    *,
    conversation_id: str | None,
    content: dict[str, Any] | None,
    asked: str | None,
    turn_id: str,
    reply: list[Any],
    version: int | None,
    now: datetime,
) -> DraftView:
    """Keep a dialogue as a turn leaves it, with what the turn answered.

    Args:
        session: The caller's transaction.
        contact_id: Whose.
        kind: What it is for.
        conversation_id: Where it is led.
        content: The answers so far; None finishes it.
        asked: Which question stands.
        turn_id: The turn.
        reply: What it answers.
        version: The version that the caller saw; None when it saw no row.
        now: When.

    Raises:
        Conflict: Another turn changed it meanwhile.
    """
    values: dict[str, Any] = {
        "conversation_id": conversation_id,
        "content": content,
        "asked": asked if content is not None else None,
        "last_turn_id": turn_id,
        "last_reply": reply,
        "updated_at": now,
    }
    row = await session.scalar(
        select(GrievanceDraft)
        .where(GrievanceDraft.contact_id == contact_id, GrievanceDraft.kind == kind)
        .with_for_update()
    )
    if row is None:
        if version is not None:
            raise Conflict("the draft was forgotten meanwhile")
        row = GrievanceDraft(id=new_id(), contact_id=contact_id, kind=kind, version=0, started_at=now, **values)
        session.add(row)
    elif row.version != version:
        raise Conflict("another turn changed the draft")
    else:
        if row.content is None:
            row.started_at = now
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
    await session.flush()
    return DraftView.model_validate(row)


async def drop(session: AsyncSession, contact_id: str, kind: Kind) -> None:
    """Forget one dialogue of a contact."""
    await session.execute(
        delete(GrievanceDraft).where(GrievanceDraft.contact_id == contact_id, GrievanceDraft.kind == kind)
    )


async def forget(session: AsyncSession, contact_id: str) -> int:
    """Forget every dialogue of a contact: after a withdrawn consent, or on request.

    Returns:
        How many were forgotten.
    """
    gone = await session.execute(delete(GrievanceDraft).where(GrievanceDraft.contact_id == contact_id))
    await session.execute(delete(GrievanceProofTry).where(GrievanceProofTry.contact_id == contact_id))
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def purge(session: AsyncSession, now: datetime) -> int:
    """Forget what nobody touched for a week, what a contact without consent wrote a day ago, and finished ones.

    Returns:
        How many were forgotten.
    """
    without = await _without_consent(session, now - KEPT_WITHOUT_CONSENT)
    gone = await session.execute(
        delete(GrievanceDraft).where(
            (GrievanceDraft.updated_at < now - KEPT_FOR)
            | (GrievanceDraft.asked.is_(None) & (GrievanceDraft.updated_at < now - REPLY_KEPT_FOR))
            | GrievanceDraft.contact_id.in_(without)
        )
    )
    await session.execute(delete(GrievanceProofTry).where(GrievanceProofTry.tried_at < now - 24 * TRIES_WITHIN))
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def _without_consent(session: AsyncSession, before: datetime) -> list[str]:
    """Contacts of old dialogues who have not agreed that anything is kept."""
    old = await session.scalars(select(GrievanceDraft.contact_id).where(GrievanceDraft.updated_at < before).distinct())
    found = []
    for contact_id in old:
        consent = await consents.latest(session, contact_id)
        if consent is None or not consent.is_given:
            found.append(contact_id)
    return found


async def note_try(session: AsyncSession, contact_id: str, now: datetime) -> None:
    """Count a try to prove a grievance by its code; the transaction must be committed whatever comes of it.

    Raises:
        TooMany: The contact has tried too often within the hour; this try is not counted.
    """
    since = now - TRIES_WITHIN
    count, first = (
        await session.execute(
            select(func.count(), func.min(GrievanceProofTry.tried_at)).where(
                GrievanceProofTry.contact_id == contact_id, GrievanceProofTry.tried_at > since
            )
        )
    ).one()
    if count >= TRIES:
        raise TooMany("too many codes", retry_after=max((first - since).total_seconds(), 1.0))
    session.add(GrievanceProofTry(id=new_id(), contact_id=contact_id, tried_at=now))
    await session.flush()
