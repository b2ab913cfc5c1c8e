"""What is held about a contact here: answers of dialogues that are not finished."""

from core.privacy.holdings import Holding, Rows
from grievances.drafts.models import GrievanceDraft, GrievanceProofTry


class DraftsHolding(Holding):
    """Drafts with their answers, and tries to prove a grievance."""

    rows = (
        Rows(
            GrievanceDraft,
            lambda subject: GrievanceDraft.contact_id == subject.contact_id,
            at=GrievanceDraft.started_at,
            kind="drafts",
            counted=GrievanceDraft.asked.is_not(None),  # a finished one only keeps its last answer for a day
            hidden=frozenset({"last_turn_id", "version"}),
            removed=True,
        ),
        Rows(
            GrievanceProofTry,
            lambda subject: GrievanceProofTry.contact_id == subject.contact_id,
            at=GrievanceProofTry.tried_at,
            removed=True,
        ),
    )
