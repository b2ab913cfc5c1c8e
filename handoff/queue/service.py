"""The door to the queue: ask for an officer, claim, give back, move on and resolve, each in one transaction."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.state import Move, State
from core.dues import service as dues
from core.dues.service import NewDue
from core.errors import Conflict, NotFound, NotPermitted
from core.ids import new_id
from handoff.officers import presence
from handoff.queue import placing, reading, routing, summary
from handoff.queue.models import Handover
from handoff.queue.reading import (
    carried,
    claimed_by,
    expected_wait,
    get,
    is_visible,
    latest_visible,
    loads,
    open_for,
    open_requests,
    own,
    position,
    positions,
    waiting,
    waiting_for,
    was_handed_over,
)
from handoff.queue.routing import Situation
from handoff.queue.schemas import Carried, Cause, HandoverView, SaidPlace, Step, TooManyOpen
from handoff.queue.settings import QueueSettings, settings

__all__ = [
    "DUE", "LEFT", "Carried", "HandoverView", "SaidPlace", "TooManyOpen", "away_since", "carried", "claim",
    "claimed_by", "expected_wait", "get", "give_back", "is_visible", "latest_visible", "leave", "loads", "move_on",
    "open_for", "open_requests", "own", "position", "positions", "put_back", "request_handover", "resolve",
    "situation", "transfer", "waiting", "waiting_for", "was_handed_over",
]  # fmt: skip

DUE = "queue."
"""How the kinds of due rows begin; their subject is the request."""
TELL, SPILL, TO_HUB, LIMIT = f"{DUE}tell", f"{DUE}spill", f"{DUE}hub", f"{DUE}limit"
LEFT = "left"
"""Disposition of a request whose contact did not wait."""


def away_since(now: datetime, chosen: QueueSettings | None = None) -> datetime:
    """Officers who were not seen since this moment are not on duty."""
    return now - timedelta(seconds=(chosen or settings()).dropped_after)


async def situation(
    session: AsyncSession, language: str | None, now: datetime, chosen: QueueSettings | None = None
) -> Situation:
    """How full and staffed the rooms are."""
    there = await presence.on_duty(session, away_since(now, chosen))
    return Situation(
        now=now,
        language=language,
        waiting=await reading.waiting_counts(session),
        staffed=presence.staffing(there),
    )


async def request_handover(
    session: AsyncSession,
    *,
    conversation_id: str,
    turn_id: str,
    reason: str,
    now: datetime,
    priority: int = 0,
    said: SaidPlace | None = None,
    step: Step | None = None,
) -> HandoverView:
    """Put a conversation into a room's queue; asking again, in the same turn or a later one, changes nothing.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        turn_id: The turn that asks.
        reason: Such as ``asked``, ``no_answer`` or ``grievance``.
        now: When.
        priority: Higher is served first; asking again with a higher one raises it.
        said: The place, as far as it was said.
        step: Where it goes, when that is decided already.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: The contact has not agreed that personal data is kept, so no officer may see it.
        Conflict: It is closed.
    """
    present = await session.scalar(
        select(Handover).where(Handover.conversation_id == conversation_id, Handover.resolved_at.is_(None))
    )
    if present is not None:
        if priority > present.priority:
            present.priority = priority
            await session.flush()
        return HandoverView.model_validate(present)
    view = await conversations.get(session, conversation_id)
    consent = await consents.latest(session, view.contact_id)
    if consent is None or not consent.is_given:
        raise NotPermitted("no consent")
    if view.state is State.BOT:
        await conversations.move(session, conversation_id, Move.REQUEST_OFFICER, now=now)
    elif view.state is State.CLOSED:
        raise Conflict("the conversation is closed")
    lines = await conversations.transcript(session, conversation_id)
    if step is None:
        spot = await placing.spot_of(session, view, lines, said)
        step = routing.decide(spot, await situation(session, view.language, now))
    handover = Handover(
        id=new_id(),
        conversation_id=conversation_id,
        turn_id=turn_id,
        reason=reason[:40],
        priority=priority,
        room=step.room,
        routed_why=[_stored(step)],
        summary=await summary.summary_of(session, view, lines),
        requested_at=now,
    )
    session.add(handover)
    await session.flush()
    await conversations.set_room(session, conversation_id, step.room)
    await _plan(session, handover.id, now, tell=True)
    await audit.record(
        session,
        actor="contact",
        act="handover.request",
        subject=conversation_id,
        now=now,
        detail={"reason": reason, "room": step.room},
    )
    return HandoverView.model_validate(handover)


def _stored(step: Step) -> dict[str, Any]:
    return step.model_dump(mode="json", exclude_defaults=True)


async def _plan(session: AsyncSession, handover_id: str, now: datetime, *, tell: bool = False) -> None:
    """What becomes of a request that nobody claims."""
    limits = settings()
    planned = {SPILL: limits.spill_after, TO_HUB: limits.hub_after, LIMIT: limits.wait_limit}
    if tell:
        planned[TELL] = limits.tell_after
    await dues.schedule_many(
        session, [NewDue(what, handover_id, now + timedelta(seconds=after)) for what, after in planned.items()]
    )


async def claim(
    session: AsyncSession, handover_id: str, *, officer_id: str, now: datetime, most: int | None = None
) -> HandoverView:
    """Give a request to an officer, atomically.

    Args:
        session: The caller's transaction.
        handover_id: Which request.
        officer_id: Who takes it.
        now: When.
        most: How many conversations the officer may have with it; None is any number.

    Raises:
        NotFound: There is no such request.
        Conflict: Somebody else has it, or it is resolved.
        TooManyOpen: The officer has enough conversations.
    """
    row = await session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover")
    if most is not None:
        await _check_load(session, officer_id, most)
    changed = await session.execute(
        update(Handover)
        .where(Handover.id == handover_id, Handover.claimed_at.is_(None), Handover.resolved_at.is_(None))
        .values(officer_id=officer_id, claimed_at=now)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("somebody else has this conversation")
    await conversations.move(session, row.conversation_id, Move.CLAIM, now=now)
    await dues.cancel(session, handover_id, DUE)
    await audit.record(session, actor=officer_id, act="handover.claim", subject=row.conversation_id, now=now)
    await session.refresh(row)
    return HandoverView.model_validate(row)


async def _check_load(session: AsyncSession, officer_id: str, most: int) -> None:
    """Counting is safe because the officer's row is locked: two claims at once cannot both be the last."""
    await presence.lock(session, officer_id)
    if (await loads(session, [officer_id])).get(officer_id, 0) >= most:
        raise TooManyOpen("this officer has enough conversations")


async def _own_row(session: AsyncSession, handover_id: str, officer_id: str) -> Handover:
    await own(session, handover_id, officer_id)
    return await session.get_one(Handover, handover_id)


async def give_back(session: AsyncSession, handover_id: str, *, officer_id: str, now: datetime) -> None:
    """Put a claimed request back; it stands at the front of its room's queue.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not this officer's.
    """
    row = await _own_row(session, handover_id, officer_id)
    step = Step(at=now, room=row.room or "", cause=Cause.GIVEN_BACK, by=officer_id)
    await _return(session, row, step, now)
    await audit.record(session, actor=officer_id, act="handover.give_back", subject=row.conversation_id, now=now)


async def put_back(session: AsyncSession, view: HandoverView, *, now: datetime) -> bool:
    """Put the request of an officer who is gone to the front of its room's queue.

    Returns:
        False when it changed hands meanwhile.
    """
    row = await session.scalar(
        select(Handover).where(Handover.id == view.id).with_for_update().execution_options(populate_existing=True)
    )
    if (
        row is None
        or row.resolved_at is not None
        or (row.officer_id, row.claimed_at)
        != (
            view.officer_id,
            view.claimed_at,
        )
    ):
        return False
    step = Step(at=now, room=row.room or "", cause=Cause.DROPPED, by=row.officer_id)
    await _return(session, row, step, now)
    await audit.record(session, actor="system", act="handover.drop", subject=row.conversation_id, now=now)
    return True


async def _return(session: AsyncSession, row: Handover, step: Step, now: datetime) -> None:
    row.officer_id, row.claimed_at, row.returned_at = None, None, now
    await _note(session, row, step)
    await conversations.move(session, row.conversation_id, Move.REQUEUE, now=now)
    await _plan(session, row.id, now)


async def _note(session: AsyncSession, row: Handover, step: Step) -> None:
    """Store a decision, and put the request and its conversation where it says."""
    steps = await session.scalar(select(Handover.routed_why).where(Handover.id == row.id))
    row.room = step.room or row.room
    row.routed_why = [*(steps or ()), _stored(step)]
    await session.flush()
    await conversations.set_room(session, row.conversation_id, row.room)


async def transfer(
    session: AsyncSession,
    handover_id: str,
    *,
    officer_id: str,
    reason: str,
    now: datetime,
    room: str | None = None,
    to_officer: str | None = None,
) -> HandoverView:
    """Move an officer's conversation to the front of another room's queue, or straight to another officer.

    What was written stays; what the officer writes after this is refused, so that nothing is said twice.

    Args:
        session: The caller's transaction.
        handover_id: Which request.
        officer_id: Whose it is.
        reason: Why, for the officers.
        now: When.
        room: The room, if it goes to one.
        to_officer: The officer, if it goes to one.

    Raises:
        NotFound: There is no such request, or no such officer on duty.
        Conflict: It is not this officer's.
        TooManyOpen: The other officer has enough conversations.
    """
    row = await _own_row(session, handover_id, officer_id)
    step = Step(
        at=now, room=room or "", cause=Cause.TRANSFER, from_room=row.room, by=officer_id, reason=reason,
        to_officer=to_officer,
    )  # fmt: skip
    if to_officer is not None:
        there = {one.id: one for one in await presence.on_duty(session, away_since(now))}
        if to_officer not in there or to_officer == officer_id:
            raise NotFound("officer")
        await _check_load(session, to_officer, settings().most_at_once)
        row.officer_id, row.claimed_at = to_officer, now
        await _note(session, row, step.model_copy(update={"room": there[to_officer].works_at or row.room}))
    else:
        await _return(session, row, step, now)
    detail = {"room": row.room, "to": to_officer}
    await audit.record(
        session, actor=officer_id, act="handover.transfer", subject=row.conversation_id, now=now, detail=detail
    )
    return HandoverView.model_validate(row)


async def move_on(session: AsyncSession, view: HandoverView, *, now: datetime, hub: bool) -> HandoverView | None:
    """Move a request that has waited too long to a room that can take it; it keeps its waiting time.

    Args:
        session: The caller's transaction.
        view: The request.
        now: When.
        hub: Whether it goes to the hub, or to the next room that has an officer on duty.

    Returns:
        None when it does not wait any more, or no other room can take it.
    """
    row = await session.scalar(
        select(Handover).where(Handover.id == view.id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None or row.claimed_at is not None or row.resolved_at is not None or row.room is None:
        return None
    conversation = await conversations.get(session, row.conversation_id)
    first = next(iter((await carried(session, row.id)).steps), None)
    if first is not None and first.state is not None:
        spot = routing.Spot(first.state, first.point, first.source)
    else:  # the contact may have said where it is since
        lines = await conversations.transcript(session, row.conversation_id)
        spot = await placing.spot_of(session, conversation, lines, None)
    how = await situation(session, conversation.language, now)
    step = routing.to_hub(spot, how, row.room) if hub else routing.spill(spot, how, row.room)
    if step is None:
        return None
    await _note(session, row, step)
    await audit.record(
        session, actor="system", act="handover.spill", subject=row.conversation_id, now=now, detail={"room": step.room}
    )
    return HandoverView.model_validate(row)


async def resolve(
    session: AsyncSession, handover_id: str, *, officer_id: str, disposition: str, now: datetime
) -> HandoverView:
    """End a request; the conversation is closed, so that the contact's next message opens a new one with the bot.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not this officer's.
    """
    row = await _own_row(session, handover_id, officer_id)
    row.resolved_at, row.disposition = now, disposition[:40]
    await conversations.move(session, row.conversation_id, Move.CLOSE, now=now)
    await dues.cancel(session, handover_id, DUE)
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


async def leave(session: AsyncSession, conversation_id: str, *, now: datetime) -> bool:
    """Take a contact that does not want to wait out of the queue and back to the bot.

    Returns:
        False when it did not wait: an officer has it, or it was never handed over.
    """
    changed = await session.execute(
        update(Handover)
        .where(
            Handover.conversation_id == conversation_id, Handover.claimed_at.is_(None), Handover.resolved_at.is_(None)
        )
        .values(resolved_at=now, disposition=LEFT)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    await conversations.move(session, conversation_id, Move.RETURN_TO_BOT, now=now)
    await audit.record(session, actor="contact", act="handover.leave", subject=conversation_id, now=now)
    return True
