"""The door to what is said to contacts: post, begin and end a sending, receipts, and what needs a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import service as conversations
from core.errors import NotFound
from core.events import Button, DeliveryState, OutboundContent, Receipt
from core.ids import new_id
from core.outbox.models import Outbound
from core.outbox.states import sources


class OutboundView(BaseModel):
    """An outbound message."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    conversation_id: str
    address_id: str
    message_id: int
    turn_id: str
    position: int
    channel: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime
    provider_id: str | None
    error_code: str | None
    executor_id: str | None
    created_at: datetime
    sending_at: datetime | None
    content: OutboundContent

    @field_validator("content", mode="before")
    @classmethod
    def _erased_is_empty(cls, value: object) -> object:
        return OutboundContent(text="") if value is None else value


async def post(
    session: AsyncSession,
    conversation_id: str,
    turn_id: str,
    contents: Sequence[OutboundContent],
    *,
    author: str,
    now: datetime,
    officer_id: str | None = None,
) -> list[str]:
    """Write lines to the transcript and queue them for delivery, in the caller's transaction.

    Unique on the turn and the position: what a repeated turn posts again is left as it stands.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        turn_id: The turn that says it; an officer's reply is a turn of its own.
        contents: What is said, in order.
        author: ``bot``, ``officer`` or ``system``.
        now: When.
        officer_id: Who, if an officer.

    Returns:
        Ids of the outbound rows, in order.
    """
    rows = await session.execute(select(Outbound.position, Outbound.id).where(Outbound.turn_id == turn_id))
    posted = {position: outbound_id for position, outbound_id in rows}  # noqa: C416 - a result has keys()
    view = await conversations.get(session, conversation_id)
    for position, content in enumerate(contents):
        if position in posted:
            continue
        message_id = await conversations.append(
            session,
            conversation_id,
            author=author,
            kind="text",
            content=content.model_dump(mode="json"),
            now=now,
            turn_id=turn_id,
            officer_id=officer_id,
        )
        posted[position] = new_id()
        session.add(
            Outbound(
                id=posted[position],
                conversation_id=conversation_id,
                address_id=view.address_id,
                message_id=message_id,
                turn_id=turn_id,
                position=position,
                channel=view.channel,
                content=content.model_dump(mode="json"),
                state=DeliveryState.QUEUED,
                attempts=0,
                next_attempt_at=now,
                created_at=now,
            )
        )
    await session.flush()
    return [posted[position] for position in range(len(contents))]


async def get(session: AsyncSession, outbound_id: str) -> OutboundView:
    """The outbound message.

    Raises:
        NotFound: There is none.
    """
    row = await session.get(Outbound, outbound_id)
    if row is None:
        raise NotFound("outbound")
    return OutboundView.model_validate(row)


async def lane(session: AsyncSession, conversation_id: str) -> list[OutboundView]:
    """The rows of a conversation that are queued or being sent, in the order they were said."""
    rows = await session.scalars(
        select(Outbound)
        .where(
            Outbound.conversation_id == conversation_id,
            Outbound.state.in_([DeliveryState.QUEUED, DeliveryState.SENDING]),
        )
        .order_by(Outbound.message_id)
    )
    return [OutboundView.model_validate(row) for row in rows]


async def begin_sending(session: AsyncSession, outbound_id: str, executor_id: str, now: datetime) -> bool:
    """Commit to a sending before the request is made; False when another one took the row first."""
    changed = await session.execute(
        update(Outbound)
        .where(Outbound.id == outbound_id, Outbound.state == DeliveryState.QUEUED)
        .values(
            state=DeliveryState.SENDING,
            attempts=Outbound.attempts + 1,
            sending_at=now,
            executor_id=executor_id,
            error_code=None,
        )
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


async def postpone(session: AsyncSession, outbound_id: str, until: datetime) -> None:
    """Leave a queued row alone until the moment."""
    await session.execute(
        update(Outbound)
        .where(Outbound.id == outbound_id, Outbound.state == DeliveryState.QUEUED)
        .values(next_attempt_at=until)
    )


async def settle(
    session: AsyncSession,
    outbound_id: str,
    state: DeliveryState,
    now: datetime,
    *,
    provider_id: str | None = None,
    error_code: str | None = None,
    retry_at: datetime | None = None,
) -> bool:
    """Move a row forward; a move that is not legal changes nothing.

    Returns:
        Whether the row moved.
    """
    values: dict[str, object] = {"state": state}
    if provider_id is not None:
        values["provider_id"] = provider_id
    if error_code is not None:
        values["error_code"] = error_code[:40]
    if retry_at is not None:
        values["next_attempt_at"] = retry_at
    stamp = {
        DeliveryState.SENT: "sent_at",
        DeliveryState.DELIVERED: "delivered_at",
        DeliveryState.READ: "read_at",
    }.get(state)
    if stamp:
        values[stamp] = now
    changed = await session.execute(
        update(Outbound).where(Outbound.id == outbound_id, Outbound.state.in_(sources(state))).values(**values)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


async def record_receipt(session: AsyncSession, receipt: Receipt, now: datetime) -> bool:
    """Move the row that a receipt speaks of; False when it is unknown or already further."""
    if receipt.outbound_id is not None:
        outbound_id: str | None = receipt.outbound_id
    else:
        outbound_id = await session.scalar(select(Outbound.id).where(Outbound.provider_id == receipt.provider_id))
    if outbound_id is None:
        return False
    return await settle(
        session,
        outbound_id,
        receipt.state,
        now,
        provider_id=receipt.provider_id,
        error_code=receipt.error_code,
    )


async def offered_button(
    session: AsyncSession, conversation_id: str, *, reply_to: str | None = None, number: str = "", typed: str = ""
) -> Button | None:
    """The choice that a contact means, among those that were really offered.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        reply_to: The provider's id of the message whose button was pressed, in this conversation or an earlier one of
            the same address; None means the latest message.
        number: Number of the pressed button, from 1.
        typed: What was typed instead of a press: the number or the title of a choice.
    """
    if reply_to is None:
        query = select(Outbound).where(Outbound.conversation_id == conversation_id)
    else:
        # A button may be pressed days later, when its conversation is over and another one is open.
        address_id = (await conversations.get(session, conversation_id)).address_id
        query = select(Outbound).where(Outbound.provider_id == reply_to, Outbound.address_id == address_id)
    row = await session.scalar(query.order_by(Outbound.message_id.desc()).limit(1))
    if row is None or row.content is None:
        return None
    buttons = OutboundContent.model_validate(row.content).buttons
    wanted = typed.strip().rstrip(".)").casefold()
    by_title = [button for button in buttons if wanted and wanted == button.title.strip().casefold()]
    return _numbered(buttons, number) or (by_title[0] if by_title else _numbered(buttons, wanted))


def _numbered(buttons: Sequence[Button], number: str) -> Button | None:
    """The button with this number, in the digits of any script."""
    ordinal = int(number) if number.isdecimal() and len(number) <= 3 else 0
    return buttons[ordinal - 1] if 0 < ordinal <= len(buttons) else None


async def waiting_lanes(session: AsyncSession, now: datetime, stuck_after: timedelta) -> list[str]:
    """Conversations with a row whose time has come, or that stands in ``sending`` for longer than it may."""
    rows = await session.scalars(
        select(Outbound.conversation_id)
        .where(
            or_(
                (Outbound.state == DeliveryState.QUEUED) & (Outbound.next_attempt_at <= now),
                (Outbound.state == DeliveryState.SENDING) & (Outbound.sending_at <= now - stuck_after),
            )
        )
        .distinct()
        .limit(500)
    )
    return list(rows)


async def uncertain(session: AsyncSession, limit: int = 200) -> list[OutboundView]:
    """Rows of which nobody knows whether the provider took them, the oldest first."""
    rows = await session.scalars(
        select(Outbound)
        .where(Outbound.state == DeliveryState.UNCERTAIN, Outbound.settled_at.is_(None))
        .order_by(Outbound.message_id)
        .limit(limit)
    )
    return [OutboundView.model_validate(row) for row in rows]


async def failed(session: AsyncSession, limit: int = 200) -> list[OutboundView]:
    """Rows that were refused or given up and that nobody has looked at, the oldest first."""
    rows = await session.scalars(
        select(Outbound)
        .where(Outbound.state == DeliveryState.FAILED, Outbound.settled_at.is_(None))
        .order_by(Outbound.message_id)
        .limit(limit)
    )
    return [OutboundView.model_validate(row) for row in rows]


async def known_provider_ids(session: AsyncSession, provider_ids: Sequence[str]) -> set[str]:
    """Those of the provider's ids that already belong to a row of ours."""
    rows = await session.scalars(select(Outbound.provider_id).where(Outbound.provider_id.in_(provider_ids)))
    return {row for row in rows if row is not None}


async def all_sending_to_uncertain(session: AsyncSession) -> int:
    """After a restore: whatever may have been sent since the backup is uncertain, never sent again.

    Returns:
        How many rows were changed.
    """
    changed = await session.execute(
        update(Outbound)
        .where(Outbound.state.in_([DeliveryState.QUEUED, DeliveryState.SENDING]))
        .values(state=DeliveryState.UNCERTAIN, error_code="restored")
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


async def delivery_states(
    session: AsyncSession, conversation_ids: Iterable[str]
) -> dict[str, dict[int, tuple[DeliveryState, str | None]]]:
    """How far each line of the conversations has come: (state, error code) by the line's number, by conversation."""
    found: dict[str, dict[int, tuple[DeliveryState, str | None]]] = {}
    rows = await session.execute(
        select(Outbound.conversation_id, Outbound.message_id, Outbound.state, Outbound.error_code).where(
            Outbound.conversation_id.in_(set(conversation_ids))
        )
    )
    for conversation_id, message_id, state, error_code in rows:
        found.setdefault(conversation_id, {})[message_id] = (DeliveryState(state), error_code)
    return found


async def of_turn(session: AsyncSession, turn_id: str) -> list[OutboundView]:
    """What a turn has posted, in order."""
    rows = await session.scalars(select(Outbound).where(Outbound.turn_id == turn_id).order_by(Outbound.position))
    return [OutboundView.model_validate(row) for row in rows]


async def needing_attention(
    session: AsyncSession, *, rooms: frozenset[str] | None, limit: int = 50
) -> list[OutboundView]:
    """Uncertain and failed rows that nobody has looked at, the newest first.

    Args:
        session: The caller's transaction.
        rooms: Rooms whose rows may be seen, beside those of no room; None for all of them.
        limit: How many at most.
    """
    rows = await session.scalars(
        select(Outbound)
        .where(
            Outbound.state.in_([DeliveryState.UNCERTAIN, DeliveryState.FAILED]),
            Outbound.settled_at.is_(None),
            Outbound.conversation_id.in_(conversations.ids_in_rooms(rooms)),
        )
        .order_by(Outbound.message_id.desc())
        .limit(limit)
    )
    return [OutboundView.model_validate(row) for row in rows]


async def mark_seen(
    session: AsyncSession, outbound_id: str, *, rooms: frozenset[str] | None, now: datetime
) -> str | None:
    """Note that a person has looked at an uncertain or failed row.

    Returns:
        Its conversation; None when it is not there, not in these rooms, or was looked at before.
    """
    row = await session.execute(
        update(Outbound)
        .where(
            Outbound.id == outbound_id,
            Outbound.state.in_([DeliveryState.UNCERTAIN, DeliveryState.FAILED]),
            Outbound.settled_at.is_(None),
            Outbound.conversation_id.in_(conversations.ids_in_rooms(rooms)),
        )
        .values(settled_at=now)
        .returning(Outbound.conversation_id)
        .execution_options(synchronize_session=False)
    )
    return row.scalar_one_or_none()
