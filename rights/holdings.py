"""What is held about a contact here: links to copies, and that it asked for an erasure."""

from core.privacy.holdings import Holding, Rows
from rights.models import Erasure, ExportLink


class RightsHolding(Holding):
    """Links go with an erasure; the erasure's own bare row goes last of all, see `rights.erasure.purge`."""

    rows = (
        Rows(
            ExportLink,
            lambda subject: ExportLink.contact_id == subject.contact_id,
            at=ExportLink.made_at,
            kind="links",
            removed=True,
        ),
        Rows(Erasure, lambda subject: Erasure.contact_id == subject.contact_id, at=Erasure.requested_at, stays=True),
    )
