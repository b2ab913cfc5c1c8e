"""A contact's agreement that personal data is kept: noticed, given, declined, withdrawn.

Source: Digital Personal Data Protection Rules 2025, rule 3 (a stand-alone notice in plain language; withdrawing must be
as easy as giving).
"""

from datetime import datetime

from sqlalchemy import ColumnElement, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations.models import Consent, Conversation, Message
from core.conversations.schemas import ConsentView
from core.ids import new_id

PURPOSE = "conversation"
VERSION = "2026-11"


async def latest(session: AsyncSession, contact_id: str) -> ConsentView | None:
    """The contact's newest notice of the present version, with what was answered."""
    row = await _row(session, contact_id)
    return ConsentView.model_validate(row) if row else None


async def _row(session: AsyncSession, contact_id: str) -> Consent | None:
    found: Consent | None = await session.scalar(
        select(Consent)
        .where(Consent.contact_id == contact_id, Consent.purpose == PURPOSE, Consent.version == VERSION)
        .order_by(Consent.noticed_at.desc(), Consent.id.desc())
        .limit(1)
    )
    return found


async def note_notice(session: AsyncSession, contact_id: str, *, locale: str, channel: str, now: datetime) -> None:
    """Keep that the notice was given to the contact."""
    session.add(
        Consent(
            id=new_id(),
            contact_id=contact_id,
            purpose=PURPOSE,
            version=VERSION,
            locale=locale,
            channel=channel,
            noticed_at=now,
        )
    )
    await session.flush()


async def give(session: AsyncSession, contact_id: str, *, locale: str, channel: str, now: datetime) -> None:
    """The contact agrees; after a withdrawal this is a new agreement."""
    row = await _row(session, contact_id)
    if row is None or row.withdrawn_at is not None:
        await note_notice(session, contact_id, locale=locale, channel=channel, now=now)
        row = await _row(session, contact_id)
    if row is not None and row.given_at is None:
        row.given_at = now


async def decline(session: AsyncSession, contact_id: str, *, now: datetime) -> None:
    """The contact does not agree."""
    row = await _row(session, contact_id)
    if row is not None and row.given_at is None:
        row.declined_at = now


async def withdraw(session: AsyncSession, contact_id: str, *, now: datetime) -> None:
    """The contact takes the agreement back."""
    await session.execute(
        update(Consent).where(Consent.contact_id == contact_id, Consent.withdrawn_at.is_(None)).values(withdrawn_at=now)
    )


async def forget_lines(session: AsyncSession, contact_id: str) -> list[int]:
    """Erase what a contact wrote; that something was written, and when, stays.

    Returns:
        Numbers of the lines, whose files are the caller's to erase.
    """
    theirs = select(Conversation.id).where(Conversation.contact_id == contact_id)
    return await _forget(session, Message.conversation_id.in_(theirs))


async def forget_without_consent(session: AsyncSession, before: datetime) -> list[int]:
    """Erase answered lines older than the moment of contacts who never agreed, or no longer do.

    Returns:
        Numbers of the lines, whose files are the caller's to erase.
    """
    agreed = select(Consent.contact_id).where(Consent.given_at.is_not(None), Consent.withdrawn_at.is_(None))
    theirs = select(Conversation.id).where(Conversation.contact_id.not_in(agreed))
    return await _forget(session, Message.conversation_id.in_(theirs), Message.created_at < before)


async def _forget(session: AsyncSession, *which: ColumnElement[bool]) -> list[int]:
    conditions = (
        Message.author == "contact",
        Message.answered_at.is_not(None),
        Message.content.is_not(None),
        *which,
    )
    numbers = list(await session.scalars(select(Message.id).where(*conditions)))
    await session.execute(update(Message).where(Message.id.in_(numbers)).values(content=null()))
    return numbers
