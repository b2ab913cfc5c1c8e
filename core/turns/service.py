"""The door to turns: take a message in exactly once, and lead a turn from claim to done."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.conversations import service as conversations
from core.conversations.schemas import ConversationView, MessageView
from core.db import Database
from core.errors import NotFound, StorageUnavailable, TooMany
from core.events import InboundMessage, Kind
from core.turns.models import InboundSeen, Turn

Enqueue = Callable[[str, str], Awaitable[None]]
"""Starts a turn: takes the conversation's id and the turn's id; the same turn id twice is one turn."""

_STORE_ATTEMPTS = 5


class Accepted(BaseModel):
    """What became of a message that was taken in."""

    model_config = ConfigDict(frozen=True)

    conversation_id: str
    message_id: int
    duplicate: bool


class Claim(BaseModel):
    """What a turn has to answer."""

    model_config = ConfigDict(frozen=True)

    turn_id: str
    conversation: ConversationView
    messages: tuple[MessageView, ...]
    attempts: int


def digest(provider: str, provider_id: str) -> bytes:
    """The hash by which a provider's message id is remembered."""
    return hashlib.sha256(f"{provider}\0{provider_id}".encode()).digest()


def first_turn_id(message_id: int) -> str:
    """The id of the turn that a message starts."""
    return f"m{message_id}"


class Intake:
    """Takes messages in, each exactly once.

    Args:
        db: The application's database.
        clock: Tells the time.
        enqueue: Starts a turn; called after the commit, and a failure there is mended by the sweep.
        queue_cap: How many unanswered messages one address may have.
    """

    def __init__(self, db: Database, clock: Clock, enqueue: Enqueue, queue_cap: int = 40) -> None:
        self._db = db
        self._clock = clock
        self._enqueue = enqueue
        self._cap = queue_cap

    async def accept(self, event: InboundMessage) -> Accepted:
        """Store the message in one transaction and start its turn.

        Raises:
            TooMany: The address has too many unanswered messages; nothing was stored.
            StorageUnavailable: The database is locked, full or away; nothing was stored.
        """
        try:
            accepted = await self._store_once(event)
        except DBAPIError as error:
            raise StorageUnavailable(type(error.orig).__name__) from error
        if not accepted.duplicate:
            await self._enqueue(accepted.conversation_id, first_turn_id(accepted.message_id))
        return accepted

    async def is_known(self, provider: str, provider_id: str) -> bool:
        """Whether this message of the provider was taken in before."""
        async with self._db.reading() as session:
            return await session.get(InboundSeen, digest(provider, provider_id)) is not None

    async def _store_once(self, event: InboundMessage) -> Accepted:
        for attempt in range(1, _STORE_ATTEMPTS + 1):
            try:
                return await self._store(event)
            except IntegrityError:
                # Two copies, two first messages of a contact, or both arrived at once: the other one is stored by now.
                if attempt == _STORE_ATTEMPTS:
                    raise
        raise AssertionError

    async def _store(self, event: InboundMessage) -> Accepted:
        now = self._clock.now()
        key = digest(event.provider, event.provider_id)
        async with self._db.transaction() as session:
            seen = await session.get(InboundSeen, key)
            if seen is not None:
                message = await conversations.get_message(session, seen.message_id)
                return Accepted(conversation_id=message.conversation_id, message_id=message.id, duplicate=True)
            view = await conversations.find_or_open(
                session,
                event.address,
                channel=event.channel,
                profile_name=event.profile_name,
                now=now,
                sent_at=event.sent_at,
            )
            if await conversations.count_open(session, view.id) >= self._cap:
                raise TooMany("too many unanswered messages from one address", retry_after=60)
            message_id = await conversations.append(
                session,
                view.id,
                author="contact",
                kind=event.kind,
                content=event.model_dump(mode="json", exclude={"address", "provider_id", "provider", "channel"}),
                now=now,
                sent_at=event.sent_at,
            )
            session.add(InboundSeen(digest=key, message_id=message_id, seen_at=now))
        return Accepted(conversation_id=view.id, message_id=message_id, duplicate=False)


def _first_group(messages: list[MessageView]) -> list[MessageView]:
    """The messages that one turn answers: a run of texts, or one message of another kind."""
    if not messages or messages[0].kind != Kind.TEXT:
        return messages[:1]
    group: list[MessageView] = []
    for message in messages:
        if message.kind != Kind.TEXT:
            break
        group.append(message)
    return group


async def peek(session: AsyncSession, conversation_id: str) -> tuple[ConversationView, MessageView | None]:
    """The conversation, and the first message that no turn has taken up."""
    view = await conversations.get(session, conversation_id)
    waiting = await conversations.unanswered(session, conversation_id)
    return view, waiting[0] if waiting else None


async def claim(session: AsyncSession, conversation_id: str, turn_id: str, now: datetime) -> Claim | None:
    """Give the new messages of a conversation, in row order, to a turn; None when there are none left.

    A turn that claimed before gets the same messages again.
    """
    await conversations.lock(session, conversation_id)
    turn = await session.get(Turn, turn_id)
    if turn is not None:
        taken = await conversations.taken_by(session, turn_id)
        if turn.done_at is not None or turn.dead_at is not None or not taken:
            return None
        turn.attempts += 1
    else:
        taken = _first_group(await conversations.unanswered(session, conversation_id))
        if not taken:
            return None
        await conversations.take(session, [message.id for message in taken], turn_id)
        turn = Turn(id=turn_id, conversation_id=conversation_id, claimed_at=now, attempts=1)
        session.add(turn)
    view = await conversations.get(session, conversation_id)
    return Claim(
        turn_id=turn_id,
        conversation=view,
        messages=tuple(taken),
        attempts=turn.attempts,
    )


async def mark_asked(session: AsyncSession, turn_id: str, now: datetime) -> None:
    """Note that the responder is about to be asked."""
    await session.execute(update(Turn).where(Turn.id == turn_id).values(asked_at=now))


async def mark_posted(session: AsyncSession, turn_id: str, now: datetime) -> None:
    """Note that the answer stands in the outbox, in the transaction that put it there."""
    await session.execute(update(Turn).where(Turn.id == turn_id).values(posted_at=now, done_at=now))
    await conversations.mark_answered(session, turn_id, now)


async def mark_dead(session: AsyncSession, turn_id: str, error: str, now: datetime) -> None:
    """Give a turn up: its messages become dead letters; one that is done stays done."""
    changed = await session.execute(
        update(Turn).where(Turn.id == turn_id, Turn.done_at.is_(None)).values(dead_at=now, error=error[:200])
    )
    if changed.rowcount:  # type: ignore[attr-defined]
        await conversations.mark_dead(session, turn_id, now)


async def unfinished_turn(session: AsyncSession, conversation_id: str) -> str | None:
    """The turn of a conversation that claimed messages and is not done, if there is one."""
    found: str | None = await session.scalar(
        select(Turn.id)
        .where(Turn.conversation_id == conversation_id, Turn.done_at.is_(None), Turn.dead_at.is_(None))
        .order_by(Turn.claimed_at)
        .limit(1)
    )
    return found


async def dead(session: AsyncSession, limit: int = 200) -> list[tuple[str, str, str | None, datetime]]:
    """Turns that were given up: (turn id, conversation id, error, when)."""
    rows = await session.execute(
        select(Turn.id, Turn.conversation_id, Turn.error, Turn.dead_at)
        .where(Turn.dead_at.is_not(None))
        .order_by(Turn.dead_at)
        .limit(limit)
    )
    return [(a, b, c, d) for a, b, c, d in rows if d is not None]


async def replay(session: AsyncSession, turn_id: str) -> str:
    """Free the messages of a dead turn for a new one.

    Returns:
        The conversation's id, whose lane must then be started.

    Raises:
        NotFound: There is no such dead turn; one that was answered is not answered again.
    """
    turn = await session.get(Turn, turn_id)
    if turn is None or turn.dead_at is None:
        raise NotFound("dead turn")
    conversation_id = turn.conversation_id
    await conversations.release(session, turn_id)
    await session.delete(turn)
    return conversation_id


async def forget_old_ids(session: AsyncSession, now: datetime, keep: timedelta = timedelta(days=396)) -> None:
    """Drop the hashes of provider ids older than 13 months."""
    await session.execute(delete(InboundSeen).where(InboundSeen.seen_at < now - keep))
