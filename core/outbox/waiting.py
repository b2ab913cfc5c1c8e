"""Messages that pass only when the contact has written: kept, released, said otherwise, given up."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import outgoing
from core.conversations import service as conversations
from core.conversations.schemas import ConversationView
from core.events import WINDOW_CLOSED, DeliveryState, Receipt
from core.outbox import service as outbox
from core.outbox.models import Outbound
from core.outbox.service import OutboundView

FOR_CONTACT = datetime(9999, 1, 1, tzinfo=UTC)
"""Next attempt of a row that waits for its contact to write."""


def waits(row: OutboundView) -> bool:
    """Whether a row waits for its contact."""
    return row.state is DeliveryState.QUEUED and row.next_attempt_at >= FOR_CONTACT


async def keep(session: AsyncSession, outbound_id: str) -> bool:
    """Keep a queued row until its contact writes; False when it is not queued any more."""
    kept = await session.execute(
        update(Outbound)
        .where(Outbound.id == outbound_id, Outbound.state == DeliveryState.QUEUED)
        .values(next_attempt_at=FOR_CONTACT, error_code=WINDOW_CLOSED)
    )
    return bool(kept.rowcount == 1)  # type: ignore[attr-defined]


async def release(session: AsyncSession, conversation: ConversationView, now: datetime) -> int:
    """Queue again what waited for a contact who has written now, in whichever conversation of the address it stands.

    Whoever has just stopped messages or taken the consent back is not told it.

    Returns:
        How many rows were queued.
    """
    waiting = (
        Outbound.address_id == conversation.address_id,
        Outbound.state == DeliveryState.QUEUED,
        Outbound.next_attempt_at >= FOR_CONTACT,
    )
    if await session.scalar(select(Outbound.id).where(*waiting).limit(1)) is None:
        return 0
    address = await conversations.get_address(session, conversation.address_id)
    if address.stopped_at is not None or await outgoing.has_refused(session, conversation.contact_id):
        return 0
    released = await session.execute(update(Outbound).where(*waiting).values(next_attempt_at=now, error_code=None))
    return int(released.rowcount)  # type: ignore[attr-defined]


async def give_up(session: AsyncSession, older_than: datetime) -> int:
    """Fail what has waited since before the moment, so that officers see that it never reached the contact."""
    failed = await session.execute(
        update(Outbound)
        .where(
            Outbound.state == DeliveryState.QUEUED,
            Outbound.next_attempt_at >= FOR_CONTACT,
            Outbound.created_at < older_than,
        )
        .values(state=DeliveryState.FAILED, error_code=WINDOW_CLOSED)
    )
    return int(failed.rowcount)  # type: ignore[attr-defined]


async def say_otherwise(session: AsyncSession, outbound_id: str, now: datetime) -> bool:
    """Post a message again that failed because its contact has not written lately, to be said as that allows; once.

    Returns:
        Whether it was posted; not when it had failed for another reason, or was such a second try itself.
    """
    row = await outbox.get(session, outbound_id)
    refused = row.state is DeliveryState.FAILED and row.error_code == WINDOW_CLOSED
    if not refused or row.content.outside or not row.content.text:
        return False
    line = await conversations.get_message(session, row.message_id)
    await outbox.post(
        session,
        row.conversation_id,
        f"again:{row.id}",
        [row.content.model_copy(update={"outside": True})],
        author=line.author,
        officer_id=line.officer_id,
        now=now,
    )
    await session.execute(update(Outbound).where(Outbound.id == row.id).values(settled_at=now))
    return True


async def after_receipt(session: AsyncSession, receipt: Receipt, now: datetime) -> bool:
    """`say_otherwise` for the row that a receipt speaks of."""
    if receipt.error_code != WINDOW_CLOSED:
        return False
    by = Outbound.id == receipt.outbound_id if receipt.outbound_id else Outbound.provider_id == receipt.provider_id
    outbound_id = await session.scalar(select(Outbound.id).where(by).limit(1))
    return outbound_id is not None and await say_otherwise(session, outbound_id, now)
