"""Which conversation an address has open, and opening one where it has none."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations.models import Address, Contact, Conversation, Message
from core.conversations.state import State
from core.ids import new_id

IDLE_LIMIT = timedelta(hours=12)
"""A conversation that the bot has and that rested this long is closed; the next message opens a new one."""


async def open_one(
    session: AsyncSession, address: Address, contact: Contact, *, channel: str, now: datetime
) -> Conversation:
    """The open conversation of an address, its row locked until the transaction ends; a new one where it has none."""
    found = await session.scalar(
        select(Conversation)
        .where(Conversation.address_id == address.id, Conversation.state != State.CLOSED)
        .with_for_update(key_share=True)
    )
    if found is not None and not await _has_rested(session, found, now):
        return found
    if found is not None:
        found.state = State.CLOSED
        found.version += 1
        found.closed_at = now
        await session.flush()
    opened = Conversation(
        id=new_id(),
        address_id=address.id,
        contact_id=contact.id,
        channel=channel,
        locale=contact.language,
        state=State.BOT,
        version=0,
        opened_at=now,
        last_message_at=now,
    )
    session.add(opened)
    await session.flush()
    return opened


async def _has_rested(session: AsyncSession, conversation: Conversation, now: datetime) -> bool:
    """Whether it is over: what was not answered yet still gets its answer."""
    if conversation.state != State.BOT or now - conversation.last_message_at <= IDLE_LIMIT:
        return False
    waits = exists().where(
        Message.conversation_id == conversation.id,
        Message.author == "contact",
        Message.answered_at.is_(None),
        Message.dead_at.is_(None),
    )
    return not await session.scalar(select(waits))
