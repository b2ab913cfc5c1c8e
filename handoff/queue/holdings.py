"""What is held about a contact here: that it asked for an officer, without a word of what for."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy.holdings import Holding, Rows, Subject, any_of
from handoff.queue.models import Handover

ERASED = "erased"


class QueueHolding(Holding):
    """Requests for an officer."""

    rows = (
        Rows(
            Handover,
            lambda subject: any_of(Handover.conversation_id, subject.conversation_ids),
            at=Handover.requested_at,
            kind="handovers",
            hidden=frozenset({"officer_id", "turn_id"}),
        ),
    )

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """End what is open: there is nobody to answer any more."""
        await session.execute(
            update(Handover)
            .where(self.rows[0].owned(subject), Handover.resolved_at.is_(None))
            .values(resolved_at=now, disposition=ERASED)
        )
