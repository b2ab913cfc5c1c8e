"""Queries of the queue: what waits, what is claimed, what may be seen, and how long it takes."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import service as conversations
from core.errors import Conflict, NotFound
from handoff.officers import presence
from handoff.queue import order
from handoff.queue.models import Handover
from handoff.queue.schemas import Carried, HandoverView, Step
from handoff.queue.settings import QueueSettings, settings

LAST_SERVED = 20
"""Conversations from whose length the expected wait is computed."""
_IN_ORDER = (Handover.priority.desc(), Handover.returned_at.is_(None), Handover.requested_at, Handover.id)


def _is_waiting() -> ColumnElement[bool]:
    return Handover.claimed_at.is_(None) & Handover.resolved_at.is_(None)


async def waiting(session: AsyncSession, *, rooms: frozenset[str] | None, limit: int = 200) -> list[HandoverView]:
    """Requests nobody has claimed: by priority, then what came back from an officer, then by waiting time.

    Args:
        session: The caller's transaction.
        rooms: Rooms whose requests may be seen; None for all of them (the hub).
        limit: How many at most.
    """
    query = select(Handover).where(_is_waiting())
    if rooms is not None:
        query = query.where(Handover.room.in_(rooms))
    rows = await session.scalars(query.order_by(*_IN_ORDER).limit(limit))
    return [HandoverView.model_validate(row) for row in rows]


async def waiting_for(
    session: AsyncSession,
    *,
    rooms: frozenset[str] | None,
    speaks: Collection[str] | None,
    now: datetime,
    chosen: QueueSettings | None = None,
) -> list[HandoverView]:
    """Requests nobody has claimed, in the order in which an officer with these languages should take them."""
    found = await waiting(session, rooms=rooms)
    if speaks is None:
        return found
    views = await conversations.get_many(session, [one.conversation_id for one in found])
    patience = timedelta(seconds=(chosen or settings()).language_patience)

    def place(one: HandoverView) -> order.Key:
        view = views.get(one.conversation_id)
        return order.key(one, language=view.language if view else None, speaks=speaks, now=now, patience=patience)

    return sorted(found, key=place)


async def claimed_by(session: AsyncSession, officer_id: str) -> list[HandoverView]:
    """Requests that an officer has claimed and not resolved, the oldest first."""
    rows = await session.scalars(
        select(Handover)
        .where(Handover.officer_id == officer_id, Handover.resolved_at.is_(None))
        .order_by(Handover.claimed_at)
    )
    return [HandoverView.model_validate(row) for row in rows]


async def loads(session: AsyncSession, officer_ids: Collection[str]) -> dict[str, int]:
    """How many conversations each of the officers has."""
    rows = await session.execute(
        select(Handover.officer_id, func.count())
        .where(Handover.officer_id.in_(set(officer_ids)), Handover.resolved_at.is_(None))
        .group_by(Handover.officer_id)
    )
    return {officer_id: count for officer_id, count in rows if officer_id is not None}


async def waiting_counts(session: AsyncSession) -> dict[str, int]:
    """How many wait in each room."""
    rows = await session.execute(select(Handover.room, func.count()).where(_is_waiting()).group_by(Handover.room))
    return {room: count for room, count in rows if room is not None}


async def open_for(session: AsyncSession, conversation_id: str) -> HandoverView | None:
    """The open request of a conversation."""
    row = await session.scalar(
        select(Handover).where(Handover.conversation_id == conversation_id, Handover.resolved_at.is_(None))
    )
    return HandoverView.model_validate(row) if row else None


async def get(session: AsyncSession, handover_id: str) -> HandoverView:
    """The request.

    Raises:
        NotFound: There is none.
    """
    row = await session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover")
    return HandoverView.model_validate(row)


async def carried(session: AsyncSession, handover_id: str) -> Carried:
    """Why a request stands where it stands, and its summary."""
    row = (
        await session.execute(select(Handover.routed_why, Handover.summary).where(Handover.id == handover_id))
    ).one_or_none()
    if row is None:
        return Carried()
    return Carried(steps=tuple(Step.model_validate(step) for step in row[0] or ()), summary=row[1] or {})


async def position(session: AsyncSession, view: HandoverView) -> int:
    """A waiting request's place in its room, from 1; 0 when it does not wait."""
    ids = list(
        await session.scalars(select(Handover.id).where(_is_waiting(), Handover.room == view.room).order_by(*_IN_ORDER))
    )
    return ids.index(view.id) + 1 if view.id in ids else 0


async def positions(session: AsyncSession, rooms: frozenset[str] | None) -> dict[str, int]:
    """The place in its room of every waiting request, from 1."""
    query = select(Handover.id, Handover.room).where(_is_waiting()).order_by(*_IN_ORDER)
    if rooms is not None:
        query = query.where(Handover.room.in_(rooms))
    reached: dict[str | None, int] = {}
    places = {}
    for handover_id, room in await session.execute(query):
        places[handover_id] = reached[room] = reached.get(room, 0) + 1
    return places


async def expected_wait(
    session: AsyncSession, room: str, place: int, *, now: datetime, chosen: QueueSettings | None = None
) -> timedelta | None:
    """How long a contact at a place of a room's queue will wait; None when nothing can be said."""
    limits = chosen or settings()
    there = [
        one
        for one in await presence.on_duty(session, now - timedelta(seconds=limits.dropped_after))
        if one.works_at == room
    ]
    busy = sum((await loads(session, [one.id for one in there])).values())
    rows = await session.execute(
        select(Handover.claimed_at, Handover.resolved_at)
        .where(Handover.room == room, Handover.resolved_at.is_not(None), Handover.claimed_at.is_not(None))
        .order_by(Handover.resolved_at.desc())
        .limit(LAST_SERVED)
    )
    served = [resolved - claimed for claimed, resolved in rows if claimed and resolved]
    return order.expected_wait(place, busy=busy, places=len(there) * limits.most_at_once, served=served)


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
    return rooms is None or room in rooms or owner == officer_id


async def open_requests(session: AsyncSession, limit: int = 2000) -> list[HandoverView]:
    """Every request that is not resolved, for telling what has changed."""
    rows = await session.scalars(
        select(Handover).where(Handover.resolved_at.is_(None)).order_by(Handover.requested_at).limit(limit)
    )
    return [HandoverView.model_validate(row) for row in rows]


async def was_handed_over(
    session: AsyncSession, conversation_id: str, *, rooms: frozenset[str] | None, officer_id: str
) -> bool:
    """Whether a conversation was ever handed over and may be seen by the officer."""
    try:
        await latest_visible(session, conversation_id, rooms=rooms, officer_id=officer_id)
    except NotFound:
        return False
    return True


async def own(session: AsyncSession, handover_id: str, officer_id: str) -> HandoverView:
    """The request, if it is this officer's and open; its row is locked until the transaction ends.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not this officer's.
    """
    row = await session.scalar(
        select(Handover).where(Handover.id == handover_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("handover")
    if row.officer_id != officer_id or row.resolved_at is not None:
        raise Conflict("this conversation is not yours now")
    return HandoverView.model_validate(row)
