"""What is held about a contact here: that it asked for an officer, where, and what was known of it then."""

from datetime import datetime

from sqlalchemy import null, update
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
            personal=(Handover.routed_why, Handover.summary),
            at=Handover.requested_at,
            kind="handovers",
            hidden=frozenset({"officer_id", "turn_id"}),
        ),
    )

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """Forget where and what for, and end what is open: there is nobody to answer any more."""
        await session.execute(
            update(Handover).where(self.rows[0].owned(subject)).values(routed_why=null(), summary=null())
        )
        await session.execute(
            update(Handover)
            .where(self.rows[0].owned(subject), Handover.resolved_at.is_(None))
            .values(resolved_at=now, disposition=ERASED)
        )
