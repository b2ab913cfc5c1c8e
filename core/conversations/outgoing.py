"""Where a contact may be written to unasked: the address used last, unless that was stopped or consent withdrawn."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import opening, service
from core.conversations.models import Address, Consent, Contact, Conversation
from core.conversations.schemas import ConversationView


async def find_or_open(session: AsyncSession, contact_id: str, *, now: datetime) -> ConversationView | None:
    """The open conversation of the address that a contact used last; a new one is opened where it has none.

    Args:
        session: The caller's transaction.
        contact_id: Whom to write to.
        now: When.

    Returns:
        None when the contact may not be written to: every address was stopped, or the consent was declined or
        withdrawn.
    """
    if await has_refused(session, contact_id):
        return None
    address = await session.scalar(
        select(Address)
        .where(Address.contact_id == contact_id, Address.stopped_at.is_(None))
        .order_by(Address.last_inbound_at.is_(None), Address.last_inbound_at.desc(), Address.id.desc())
        .limit(1)
        .with_for_update(key_share=True)  # as intake does: of two at once, one opens a conversation
    )
    if address is None:
        return None
    last_channel = await session.scalar(
        select(Conversation.channel)
        .where(Conversation.address_id == address.id)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(1)
    )
    contact = await session.get_one(Contact, contact_id)
    found = await opening.open_one(session, address, contact, channel=last_channel or address.kind, now=now)
    return await service.get(session, found.id)


async def has_refused(session: AsyncSession, contact_id: str) -> bool:
    """Whether the newest answer to a notice of consent is no; whoever was never asked has not refused."""
    answered = or_(Consent.given_at.is_not(None), Consent.declined_at.is_not(None), Consent.withdrawn_at.is_not(None))
    last = await session.scalar(
        select(Consent)
        .where(Consent.contact_id == contact_id, answered)
        .order_by(Consent.noticed_at.desc(), Consent.id.desc())
        .limit(1)
    )
    return last is not None and (last.given_at is None or last.withdrawn_at is not None)
