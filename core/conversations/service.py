"""The door to contacts, addresses, conversations and transcripts, inside the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import opening
from core.conversations.models import Address, Contact, Conversation, Message
from core.conversations.schemas import AddressView, ConversationView, MessageView
from core.conversations.state import Move, State, after
from core.errors import Conflict, NotFound
from core.events import AddressRef
from core.ids import new_id
from core.privacy.encryption import keyring


def _view(conversation: Conversation, contact: Contact) -> ConversationView:
    return ConversationView(
        id=conversation.id,
        address_id=conversation.address_id,
        contact_id=conversation.contact_id,
        channel=conversation.channel,
        room=conversation.room,
        state=State(conversation.state),
        version=conversation.version,
        opened_at=conversation.opened_at,
        last_message_at=conversation.last_message_at,
        language=contact.language,
        language_fixed=contact.language_fixed,
        contact_name=contact.name,
        place=contact.place,
    )


async def find_address(session: AsyncSession, ref: AddressRef) -> AddressView | None:
    """The address with this value, if it ever wrote to us."""
    found = await session.scalar(
        select(Address).where(
            Address.kind == ref.kind,
            Address.value_index == keyring().blind_index(ref.value, f"address.{ref.kind}"),
        )
    )
    return AddressView.model_validate(found) if found else None


async def get_address(session: AsyncSession, address_id: str) -> AddressView:
    """The address, decrypted.

    Raises:
        NotFound: There is none.
    """
    found = await session.get(Address, address_id)
    if found is None:
        raise NotFound("address")
    return AddressView.model_validate(found)


async def _find_or_add_address(
    session: AsyncSession, ref: AddressRef, name: str, now: datetime, wrote_at: datetime
) -> Address:
    index = keyring().blind_index(ref.value, f"address.{ref.kind}")
    address = await session.scalar(
        select(Address).where(Address.kind == ref.kind, Address.value_index == index).with_for_update(key_share=True)
    )
    if address is None:
        contact = Contact(id=new_id(), name=name or None, created_at=now, language_fixed=False)
        session.add(contact)
        await session.flush()
        address = Address(
            id=new_id(), contact_id=contact.id, kind=ref.kind, value=ref.value, value_index=index, created_at=now
        )
        session.add(address)
    address.last_inbound_at = max(address.last_inbound_at or wrote_at, wrote_at)
    await session.flush()
    return address


async def add_contact(session: AsyncSession, *, name: str | None, language: str | None, now: datetime) -> str:
    """Add a contact of whom no address is proven, such as a complainant that another registry names; its id."""
    contact = Contact(id=new_id(), name=name or None, language=language, created_at=now, language_fixed=False)
    session.add(contact)
    await session.flush()
    return contact.id


async def find_or_open(
    session: AsyncSession,
    ref: AddressRef,
    *,
    channel: str,
    profile_name: str,
    now: datetime,
    sent_at: datetime | None = None,
) -> ConversationView:
    """The open conversation of an address; a new contact, address or conversation is made where it is missing.

    The conversation's row is locked until the transaction ends, so that its messages are stored in one order. When the
    contact wrote last is remembered by the provider's clock where that is known: a message that comes late opens no
    longer window than it did at the provider.
    """
    address = await _find_or_add_address(session, ref, profile_name, now, min(sent_at or now, now))
    contact = await session.get_one(Contact, address.contact_id)
    open_one = await opening.open_one(session, address, contact, channel=channel, now=now)
    open_one.last_message_at = now
    await session.flush()
    return _view(open_one, contact)


async def get(session: AsyncSession, conversation_id: str) -> ConversationView:
    """The conversation as it is now.

    Raises:
        NotFound: There is none.
    """
    row = (
        await session.execute(
            select(Conversation, Contact)
            .join(Contact, Contact.id == Conversation.contact_id)
            .where(Conversation.id == conversation_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("conversation")
    return _view(row[0], row[1])


async def lock(session: AsyncSession, conversation_id: str) -> None:
    """Keep others from taking in or taking up messages of a conversation until the transaction ends."""
    await session.execute(
        select(Conversation.id).where(Conversation.id == conversation_id).with_for_update(key_share=True)
    )


async def list_by_state(session: AsyncSession, state: State, limit: int = 200) -> list[ConversationView]:
    """Conversations in a state, the longest waiting first."""
    rows = await session.execute(
        select(Conversation, Contact)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Conversation.state == state)
        .order_by(Conversation.last_message_at)
        .limit(limit)
    )
    return [_view(conversation, contact) for conversation, contact in rows]


async def move(
    session: AsyncSession, conversation_id: str, move: Move, *, now: datetime, version: int | None = None
) -> State:
    """Make a legal move, by compare-and-set on the row's version.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        move: What happens to it.
        now: When.
        version: The version that the caller saw; None takes the present one.

    Raises:
        NotFound: There is no such conversation.
        Conflict: The move is not legal, or somebody else moved first.
    """
    row = (
        await session.execute(
            select(Conversation.state, Conversation.version).where(Conversation.id == conversation_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("conversation")
    state, present = row
    target = after(State(state), move)
    changed = await session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.version == (present if version is None else version))
        .values(
            state=target,
            version=Conversation.version + 1,
            closed_at=now if target is State.CLOSED else None,
        )
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("the conversation was changed by somebody else")
    return target


async def set_language(session: AsyncSession, contact_id: str, language: str, *, fixed: bool) -> None:
    """Remember the language a contact writes in, or has chosen."""
    await session.execute(
        update(Contact).where(Contact.id == contact_id).values(language=language, language_fixed=fixed)
    )


async def set_stopped(session: AsyncSession, address_id: str, at: datetime | None) -> None:
    """Stop or resume everything we send to an address."""
    await session.execute(update(Address).where(Address.id == address_id).values(stopped_at=at))


async def append(
    session: AsyncSession,
    conversation_id: str,
    *,
    author: str,
    kind: str,
    content: dict[str, Any],
    now: datetime,
    turn_id: str | None = None,
    officer_id: str | None = None,
    sent_at: datetime | None = None,
) -> int:
    """Add a line to the transcript.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        author: ``contact``, ``bot``, ``officer`` or ``system``.
        kind: What it is: a `core.events.Kind`, or ``note``.
        content: What was said, encrypted at rest.
        now: When it was stored.
        turn_id: The turn that said it.
        officer_id: Who said it, if an officer did.
        sent_at: When the contact sent it, by the provider's clock.

    Returns:
        The line's number; numbers grow in the order of storing within a conversation.
    """
    message = Message(
        conversation_id=conversation_id,
        author=author,
        officer_id=officer_id,
        kind=kind,
        content=content,
        turn_id=turn_id,
        created_at=now,
        sent_at=sent_at,
    )
    session.add(message)
    await session.flush()
    await session.execute(update(Conversation).where(Conversation.id == conversation_id).values(last_message_at=now))
    return message.id


async def transcript(session: AsyncSession, conversation_id: str, after_id: int = 0) -> list[MessageView]:
    """Every line of a conversation after the given one, in order."""
    rows = await session.scalars(
        select(Message).where(Message.conversation_id == conversation_id, Message.id > after_id).order_by(Message.id)
    )
    return [MessageView.model_validate(row) for row in rows]


async def unanswered(session: AsyncSession, conversation_id: str) -> list[MessageView]:
    """The contact's lines that no turn has taken up yet, in order."""
    rows = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.author == "contact",
            Message.answered_at.is_(None),
            Message.turn_id.is_(None),
            Message.dead_at.is_(None),
        )
        .order_by(Message.id)
    )
    return [MessageView.model_validate(row) for row in rows]


async def taken_by(session: AsyncSession, turn_id: str) -> list[MessageView]:
    """The contact's lines that a turn has taken up, in order."""
    rows = await session.scalars(
        select(Message).where(Message.turn_id == turn_id, Message.author == "contact").order_by(Message.id)
    )
    return [MessageView.model_validate(row) for row in rows]


async def take(session: AsyncSession, message_ids: list[int], turn_id: str) -> None:
    """Give lines to a turn."""
    await session.execute(update(Message).where(Message.id.in_(message_ids)).values(turn_id=turn_id))


async def release(session: AsyncSession, turn_id: str) -> None:
    """Take the lines of a turn back, so that another turn can answer them."""
    await session.execute(
        update(Message)
        .where(Message.turn_id == turn_id, Message.author == "contact")
        .values(turn_id=None, answered_at=None, dead_at=None)
    )


async def mark_answered(session: AsyncSession, turn_id: str, now: datetime) -> None:
    """Note that a turn is done with its lines."""
    await session.execute(
        update(Message).where(Message.turn_id == turn_id, Message.author == "contact").values(answered_at=now)
    )


async def mark_dead(session: AsyncSession, turn_id: str, now: datetime) -> None:
    """Note that a turn gave up on its lines; they are listed as dead letters."""
    await session.execute(
        update(Message).where(Message.turn_id == turn_id, Message.author == "contact").values(dead_at=now)
    )


async def get_message(session: AsyncSession, message_id: int) -> MessageView:
    """A line of a transcript.

    Raises:
        NotFound: There is none.
    """
    row = await session.get(Message, message_id)
    if row is None:
        raise NotFound("message")
    return MessageView.model_validate(row)


async def count_open(session: AsyncSession, conversation_id: str) -> int:
    """How many of the contact's lines are neither answered nor given up."""
    found = await session.scalar(
        select(func.count())
        .select_from(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.author == "contact",
            Message.answered_at.is_(None),
            Message.dead_at.is_(None),
        )
    )
    return found or 0


async def open_since(session: AsyncSession, older_than: datetime) -> list[tuple[str, int]]:
    """Conversations with a contact's line stored before the moment and not answered: (id, number of the first)."""
    rows = await session.execute(
        select(Message.conversation_id, func.min(Message.id))
        .where(
            Message.author == "contact",
            Message.answered_at.is_(None),
            Message.dead_at.is_(None),
            Message.created_at < older_than,
        )
        .group_by(Message.conversation_id)
        .limit(500)
    )
    return [(conversation_id, first) for conversation_id, first in rows]


async def get_many(session: AsyncSession, conversation_ids: Iterable[str]) -> dict[str, ConversationView]:
    """Those of the conversations that exist, by id."""
    rows = await session.execute(
        select(Conversation, Contact)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Conversation.id.in_(set(conversation_ids)))
    )
    return {conversation.id: _view(conversation, contact) for conversation, contact in rows}


async def last_lines(session: AsyncSession, conversation_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Number and author of the last line of each conversation that has one; nothing is decrypted."""
    last = (
        select(func.max(Message.id))
        .where(Message.conversation_id.in_(set(conversation_ids)), Message.kind != "note")
        .group_by(Message.conversation_id)
    )
    rows = await session.execute(
        select(Message.conversation_id, Message.id, Message.author).where(Message.id.in_(last))
    )
    return {conversation_id: (number, author) for conversation_id, number, author in rows}


def ids_in_rooms(rooms: frozenset[str] | None) -> Select[str]:
    """A subquery of the conversations of some rooms and of no room; None means every room."""
    query = select(Conversation.id)
    return query if rooms is None else query.where(Conversation.room.in_(rooms) | Conversation.room.is_(None))


async def set_room(session: AsyncSession, conversation_id: str, room: str | None) -> None:
    """Give a conversation to a control room."""
    await session.execute(update(Conversation).where(Conversation.id == conversation_id).values(room=room))
