"""The door to the queue: ask for an officer, claim, give back and resolve, each in one transaction."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.state import Move, State
from core.errors import Conflict, NotFound, NotPermitted
from core.ids import new_id
from handoff.queue.models import Handover


class HandoverView(BaseModel):
    """A request for an officer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    conversation_id: str
    reason: str
    priority: int
    room: str | None
    requested_at: datetime
    officer_id: str | None
    claimed_at: datetime | None
    resolved_at: datetime | None
    disposition: str | None = None


async def request_handover(
    session: AsyncSession, *, conversation_id: str, turn_id: str, reason: str, now: datetime, priority: int = 0
) -> HandoverView:
    """Put a conversation into the queue; asking again, in the same turn or a later one, changes nothing.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        turn_id: The turn that asks.
        reason: Such as ``asked``, ``no_answer`` or ``grievance``.
        now: When.
        priority: Higher is served first.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: The contact has not agreed that personal data is kept, so no officer may see it.
        Conflict: It is closed.
    """
    present = await session.scalar(
        select(Handover).where(Handover.conversation_id == conversation_id, Handover.resolved_at.is_(None))
    )
    if present is not None:
        return HandoverView.model_validate(present)
    view = await conversations.get(session, conversation_id)
    consent = await consents.latest(session, view.contact_id)
    if consent is None or not consent.is_given:
        raise NotPermitted("no consent")
    if view.state is State.BOT:
        await conversations.move(session, conversation_id, Move.REQUEST_OFFICER, now=now)
    elif view.state is State.CLOSED:
        raise Conflict("the conversation is closed")
    handover = Handover(
        id=new_id(),
        conversation_id=conversation_id,
        turn_id=turn_id,
        reason=reason[:40],
        priority=priority,
        room=view.room,
        requested_at=now,
    )
    session.add(handover)
    await session.flush()
    await audit.record(
        session, actor="contact", act="handover.request", subject=conversation_id, now=now, detail={"reason": reason}
    )
    return HandoverView.model_validate(handover)


async def waiting(session: AsyncSession, *, rooms: frozenset[str] | None, limit: int = 200) -> list[HandoverView]:
    """Requests nobody has claimed: by priority, then by waiting time.

    Args:
        session: The caller's transaction.
        rooms: Rooms whose requests may be seen; None for all of them (the hub).
        limit: How many at most.
    """
    query = select(Handover).where(Handover.claimed_at.is_(None), Handover.resolved_at.is_(None))
    if rooms is not None:
        query = query.where(Handover.room.in_(rooms) | Handover.room.is_(None))
    rows = await session.scalars(query.order_by(Handover.priority.desc(), Handover.requested_at).limit(limit))
    return [HandoverView.model_validate(row) for row in rows]


async def claimed_by(session: AsyncSession, officer_id: str) -> list[HandoverView]:
    """Requests that an officer has claimed and not resolved, the oldest first."""
    rows = await session.scalars(
        select(Handover)
        .where(Handover.officer_id == officer_id, Handover.resolved_at.is_(None))
        .order_by(Handover.claimed_at)
    )
    return [HandoverView.model_validate(row) for row in rows]


async def open_for(session: AsyncSession, conversation_id: str) -> HandoverView | None:
    """The open request of a conversation."""
    row = await session.scalar(
        select(Handover).where(Handover.conversation_id == conversation_id, Handover.resolved_at.is_(None))
    )
    return HandoverView.model_validate(row) if row else None


async def claim(session: AsyncSession, handover_id: str, *, officer_id: str, now: datetime) -> HandoverView:
    """Give a request to an officer, atomically.

    Raises:
        NotFound: There is no such request.
        Conflict: Somebody else has it, or it is resolved.
    """
    row = await session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover")
    changed = await session.execute(
        update(Handover)
        .where(Handover.id == handover_id, Handover.claimed_at.is_(None), Handover.resolved_at.is_(None))
        .values(officer_id=officer_id, claimed_at=now)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("somebody else has this conversation")
    await conversations.move(session, row.conversation_id, Move.CLAIM, now=now)
    await audit.record(session, actor=officer_id, act="handover.claim", subject=row.conversation_id, now=now)
    await session.refresh(row)
    return HandoverView.model_validate(row)


async def _own(session: AsyncSession, handover_id: str, officer_id: str) -> Handover:
    row = await session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover")
    if row.officer_id != officer_id or row.resolved_at is not None:
        raise Conflict("this conversation is not yours now")
    return row


async def give_back(session: AsyncSession, handover_id: str, *, officer_id: str, now: datetime) -> None:
    """Put a claimed request back; it keeps its waiting time and so stands at the front.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not this officer's.
    """
    row = await _own(session, handover_id, officer_id)
    row.officer_id, row.claimed_at = None, None
    await conversations.move(session, row.conversation_id, Move.REQUEUE, now=now)
    await audit.record(session, actor=officer_id, act="handover.give_back", subject=row.conversation_id, now=now)


async def resolve(
    session: AsyncSession, handover_id: str, *, officer_id: str, disposition: str, now: datetime
) -> HandoverView:
    """End a request; the conversation is closed, so that the contact's next message opens a new one with the bot.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not this officer's.
    """
    row = await _own(session, handover_id, officer_id)
    row.resolved_at, row.disposition = now, disposition[:40]
    await conversations.move(session, row.conversation_id, Move.CLOSE, now=now)
    await audit.record(
        session,
        actor=officer_id,
        act="handover.resolve",
        subject=row.conversation_id,
        now=now,
        detail={"disposition": disposition},
    )
    await session.flush()
    return HandoverView.model_validate(row)


async def get(session: AsyncSession, handover_id: str) -> HandoverView:
    """The request.

    Raises:
        NotFound: There is none.
    """
    row = await session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover")
    return HandoverView.model_validate(row)


async def latest_visible(
    session: AsyncSession, conversation_id: str, *, rooms: frozenset[str] | None, officer_id: str
) -> HandoverView:
    """The newest request of a conversation, if it stands in these rooms or is the officer's own.

    Raises:
        NotFound: The conversation was never handed over, or may not be seen.
    """
    row = await session.scalar(
        select(Handover)
        .where(Handover.conversation_id == conversation_id)
        .order_by(Handover.requested_at.desc(), Handover.id.desc())
        .limit(1)
    )
    if row is None or not is_visible(row.room, row.officer_id, rooms=rooms, officer_id=officer_id):
        raise NotFound("conversation")
    return HandoverView.model_validate(row)


def is_visible(room: str | None, owner: str | None, *, rooms: frozenset[str] | None, officer_id: str) -> bool:
    """Whether a request may be seen by an officer of these rooms; None is every room."""
    return rooms is None or room is None or room in rooms or owner == officer_id


async def open_requests(session: AsyncSession, limit: int = 2000) -> list[HandoverView]:
    """Every request that is not resolved, for telling what has changed."""
    rows = await session.scalars(
        select(Handover).where(Handover.resolved_at.is_(None)).order_by(Handover.requested_at).limit(limit)
    )
    return [HandoverView.model_validate(row) for row in rows]


async def own(session: AsyncSession, handover_id: str, officer_id: str) -> HandoverView:
    """The request, if it is this officer's and open; its row is locked until the transaction ends.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not this officer's.
    """
    await session.scalar(select(Handover.id).where(Handover.id == handover_id).with_for_update())
    return HandoverView.model_validate(await _own(session, handover_id, officer_id))


async def was_handed_over(
    session: AsyncSession, conversation_id: str, *, rooms: frozenset[str] | None, officer_id: str
) -> bool:
    """Whether a conversation was ever handed over and may be seen by the officer."""
    try:
        await latest_visible(session, conversation_id, rooms=rooms, officer_id=officer_id)
    except NotFound:
        return False
    return True
