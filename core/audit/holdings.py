"""What is held about a contact here: who did what with its rows, and when."""

from core.audit.models import Audit
from core.privacy.holdings import Holding, Rows, any_of


class AuditHolding(Holding):
    """Acts on a contact, its addresses, conversations and grievances.

    Their details are erased; the rows stay, because without one of them the chain proves nothing any more.
    """

    rows = (
        Rows(
            Audit, lambda subject: any_of(Audit.subject, subject.ids), personal=(Audit.detail,), at=Audit.at, stays=True
        ),
    )
