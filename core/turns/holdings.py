"""What is held about a contact here: that its messages were taken in and answered, without a word of them."""

from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy.holdings import Holding, Rows, Subject, any_of
from core.turns.models import InboundSeen, Turn
from core.turns.service import first_turn_id


class TurnsHolding(Holding):
    """Turns and the hashes of providers' ids.

    The hashes outlive an erasure: a provider that lists an old message again must not have it taken in anew.
    """

    rows = (
        Rows(InboundSeen, lambda subject: InboundSeen.message_id.in_(subject.message_ids), at=InboundSeen.seen_at),
        Rows(Turn, lambda subject: any_of(Turn.conversation_id, subject.conversation_ids), at=Turn.claimed_at),
    )


async def turn_ids(session: AsyncSession, subject: Subject) -> tuple[str, ...]:
    """Ids of every turn that a message of the contact may have started."""
    return tuple(first_turn_id(number) for number in await session.scalars(subject.message_ids))
