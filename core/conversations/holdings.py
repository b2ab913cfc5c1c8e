"""What is held about a contact here: the person, addresses, agreements, conversations and what was said in them."""

import os
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations.models import Address, Consent, Contact, Conversation, Message
from core.conversations.state import State
from core.db import Base
from core.media.holdings import messages_with_files
from core.privacy.holdings import Holding, Plain, Rows, Subject, any_of, empty

NOTE = "note"
"""Kind of a line that officers wrote for themselves: it is counted and erased, and not given away."""
_GONE = ""
"""An address that was erased; the column may not be empty."""

_MESSAGES = Rows(
    Message,
    lambda subject: any_of(Message.conversation_id, subject.conversation_ids),
    personal=(Message.content,),
    at=Message.created_at,
    kind="messages",
    hidden=frozenset({"officer_id", "turn_id", "dead_at"}),
)
_ADDRESSES = Rows(
    Address,
    lambda subject: Address.contact_id == subject.contact_id,
    personal=(Address.value,),
    at=Address.created_at,
    kind="addresses",
)


class ConversationsHolding(Holding):
    """Contact, address, consent, conversation, message."""

    rows = (
        _MESSAGES,
        Rows(Consent, lambda subject: Consent.contact_id == subject.contact_id, at=Consent.noticed_at, kind="consents"),
        Rows(
            Conversation,
            lambda subject: Conversation.contact_id == subject.contact_id,
            at=Conversation.opened_at,
            kind="conversations",
            hidden=frozenset({"version"}),
        ),
        _ADDRESSES,
        Rows(
            Contact,
            lambda subject: Contact.id == subject.contact_id,
            personal=(Contact.name, Contact.place, Contact.language),
            at=Contact.created_at,
            kind="profile",
        ),
    )

    async def export(self, session: AsyncSession, subject: Subject) -> Mapping[str, list[Plain]]:
        """As everywhere, but without officers' own notes."""
        found = dict(await super().export(session, subject))
        found["messages"] = [line for line in found["messages"] if line["kind"] != NOTE]
        return found

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """Empty lines and the person; end agreements and conversations; make addresses nobody's.

        Who writes from such an address afterwards is somebody new. Nothing is sent to it any more.
        """
        for rows in self.rows:
            if rows is not _ADDRESSES:
                await empty(session, rows, subject)
        addresses = list(await session.scalars(select(Address).where(_ADDRESSES.owned(subject))))
        for address in addresses:
            address.value, address.value_index = _GONE, os.urandom(16)
            address.stopped_at = address.stopped_at or now
        await session.flush()
        await session.execute(
            update(Consent)
            .where(Consent.contact_id == subject.contact_id, Consent.withdrawn_at.is_(None))
            .values(withdrawn_at=now)
        )
        await session.execute(
            update(Conversation)
            .where(Conversation.contact_id == subject.contact_id, Conversation.state != State.CLOSED)
            .values(state=State.CLOSED, closed_at=now, version=Conversation.version + 1)
        )
        await session.execute(
            update(Message)
            .where(
                _MESSAGES.owned(subject),
                Message.author == "contact",
                Message.answered_at.is_(None),
                Message.dead_at.is_(None),
            )
            .values(answered_at=now)
        )

    async def left(self, session: AsyncSession, subject: Subject) -> dict[str, int]:
        """As everywhere; an erased address holds an empty text."""
        found = await super().left(session, subject)
        values = await session.scalars(select(Address.value).where(_ADDRESSES.owned(subject)))
        found["address"] = sum(value != _GONE for value in values)
        return {table: number for table, number in found.items() if number}

    async def purge(self, session: AsyncSession, subject: Subject) -> None:
        """Remove the rows; the bare ids that grievances lead to stay."""
        kept = subject.grievance_ids
        messages = _MESSAGES.owned(subject)
        if kept:
            messages &= Message.id.not_in(messages_with_files())
        await _remove(session, Message, messages)
        await _remove(session, Consent, Consent.contact_id == subject.contact_id)
        if not kept:
            await _remove(session, Conversation, Conversation.contact_id == subject.contact_id)
            await _remove(session, Address, _ADDRESSES.owned(subject))
            await _remove(session, Contact, Contact.id == subject.contact_id)


async def _remove(session: AsyncSession, table: type[Base], which: ColumnElement[bool]) -> None:
    await session.execute(delete(table).where(which).execution_options(synchronize_session=False))


async def subject_of(
    session: AsyncSession, contact_id: str, *, grievance_ids: tuple[str, ...], attached_ids: tuple[str, ...]
) -> Subject:
    """The contact with its ids."""
    addresses = await session.scalars(select(Address.id).where(Address.contact_id == contact_id))
    conversations = tuple(await session.scalars(select(Conversation.id).where(Conversation.contact_id == contact_id)))
    return Subject(
        contact_id=contact_id,
        address_ids=tuple(addresses),
        conversation_ids=conversations,
        grievance_ids=grievance_ids,
        attached_ids=attached_ids,
        message_ids=select(Message.id).where(Message.conversation_id.in_(conversations)),
    )


async def is_busy(session: AsyncSession, subject: Subject) -> bool:
    """Whether something that the contact wrote is being answered, or waits for it."""
    waiting = await session.scalar(
        select(func.count())
        .select_from(Message)
        .where(
            _MESSAGES.owned(subject),
            Message.author == "contact",
            Message.answered_at.is_(None),
            Message.dead_at.is_(None),
        )
    )
    return bool(waiting)


async def lock_contact(session: AsyncSession, contact_id: str) -> bool:
    """Keep others from taking in or taking up messages of a contact until the transaction ends.

    Returns:
        Whether there is such a contact.
    """
    await session.execute(select(Address.id).where(Address.contact_id == contact_id).with_for_update())
    await session.execute(select(Conversation.id).where(Conversation.contact_id == contact_id).with_for_update())
    return await session.scalar(select(Contact.id).where(Contact.id == contact_id)) is not None


async def addresses_of(session: AsyncSession, subject: Subject) -> list[tuple[str, str]]:
    """Kind and value of every address that is not erased."""
    rows = await session.scalars(select(Address).where(_ADDRESSES.owned(subject)))
    return [(row.kind, row.value) for row in rows if row.value != _GONE]
