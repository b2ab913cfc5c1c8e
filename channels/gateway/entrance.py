"""What webhooks do with what they verified: take a message in, move an outbound message forward."""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from channels.gateway.metrics import ACCEPTED, LAST_WEBHOOK
from core import crash
from core.clock import Clock
from core.db import Database
from core.errors import StorageUnavailable, TooMany
from core.events import InboundMessage, Receipt
from core.outbox import service as outbox
from core.outbox import waiting
from core.turns.service import Accepted, Enqueue, Intake


@dataclass(frozen=True)
class Entrance:
    """The doors that a channel's routes are given."""

    db: Database
    clock: Clock
    intake: Intake

    async def accept(self, event: InboundMessage) -> Accepted:
        """Take a message in, and count it."""
        try:
            accepted = await self.intake.accept(event)
        except StorageUnavailable:
            ACCEPTED.labels(event.channel, "not_stored").inc()
            raise
        except TooMany:
            ACCEPTED.labels(event.channel, "too_many").inc()
            raise
        ACCEPTED.labels(event.channel, "duplicate" if accepted.duplicate else "accepted").inc()
        LAST_WEBHOOK.labels(event.channel).set_to_current_time()
        return accepted

    async def record_receipt(self, receipt: Receipt) -> bool:
        """Move an outbound message forward."""
        crash.point("before_receipt")
        try:
            async with self.db.transaction() as session:
                now = self.clock.now()
                moved = await outbox.record_receipt(session, receipt, now)
                if moved:
                    await waiting.after_receipt(session, receipt, now)
                return moved
        except DBAPIError as error:
            raise StorageUnavailable(type(error.orig).__name__) from error


def make_entrance(db: Database, clock: Clock, start_turn: Enqueue, queue_cap: int) -> Entrance:
    """The doors, with turns started after the commit."""

    async def start(conversation_id: str, turn_id: str) -> None:
        crash.point("after_accept")
        await start_turn(conversation_id, turn_id)

    return Entrance(db, clock, Intake(db, clock, start, queue_cap))
