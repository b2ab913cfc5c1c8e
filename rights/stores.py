"""Every place in the database, and in the folder of files, that holds something of contacts."""

from sqlalchemy.ext.asyncio import AsyncSession

from core.audit.holdings import AuditHolding
from core.conversations import holdings as conversations
from core.conversations.holdings import ConversationsHolding
from core.media.holdings import MediaHolding
from core.media.service import MediaStore
from core.outbox.holdings import OutboxHolding
from core.privacy.holdings import Holding, Subject
from core.turns.holdings import TurnsHolding
from grievances import holdings as grievances
from grievances.drafts.holdings import DraftsHolding
from grievances.holdings import GrievancesHolding
from handoff.queue.holdings import QueueHolding
from rights.holdings import RightsHolding

OF_NOBODY = {
    "due": "ids of what is to be done",
    "erased_address": "keyed digests, removed with the log",
    "grievance_proof": "references and counts of wrong codes, gone within hours",
    "grievance_registry_mark": "how far a registry was read",
    "heartbeat": "our processes",
    "officer": "our officers",
    "officer_session": "our officers",
    "officer_presence": "our officers",
}
"""Tables without anything of a contact, and what is in them instead."""


def stores(files: MediaStore | None = None) -> tuple[Holding, ...]:
    """The holdings in the order in which they let go: whoever acts before whoever holds the words of the act.

    Args:
        files: Where the contents of files are; needed by whoever erases or looks for leftovers.
    """
    return (
        QueueHolding(),
        DraftsHolding(),
        GrievancesHolding(),
        TurnsHolding(),
        OutboxHolding(),
        MediaHolding(files),
        RightsHolding(),
        ConversationsHolding(),
        AuditHolding(),
    )


async def subject_of(session: AsyncSession, contact_id: str) -> Subject:
    """The contact, with every id under which something is held."""
    return await conversations.subject_of(
        session,
        contact_id,
        grievance_ids=await grievances.ids_of_contact(session, contact_id),
        attached_ids=await grievances.attached_ids(session, contact_id),
    )
