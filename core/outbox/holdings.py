"""What is held about a contact here: what was said to it, on the way or gone out."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core.events import DeliveryState
from core.outbox.models import Outbound
from core.privacy.holdings import Holding, Rows, Subject, any_of


class OutboxHolding(Holding):
    """Outbound messages; a contact is told of them as lines of the transcript, which has the same words."""

    rows = (
        Rows(
            Outbound,
            lambda subject: any_of(Outbound.conversation_id, subject.conversation_ids),
            personal=(Outbound.content,),
            at=Outbound.created_at,
        ),
    )

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """Empty every row; what has not gone out yet never will, and is nobody's worry."""
        owned = self.rows[0].owned(subject)
        waiting = [DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNCERTAIN]
        await session.execute(
            update(Outbound)
            .where(owned, Outbound.state.in_(waiting))
            .values(state=DeliveryState.FAILED, error_code="erased")
        )
        await session.execute(
            update(Outbound)
            .where(owned, Outbound.state == DeliveryState.FAILED, Outbound.settled_at.is_(None))
            .values(settled_at=now)
        )
        await super().erase(session, subject, now=now)
