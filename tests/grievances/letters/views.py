"""A grievance of invented people, as letters and lists see it."""

from datetime import UTC, date, datetime
from typing import Any

from grievances.schemas import Against, GrievanceView, Level, Particulars, Place, Priority, Status

FILED = datetime(2026, 8, 12, 6, 0, tzinfo=UTC)
WORDS = "मैंने शर्मा ट्रेडर्स को 200 हैंडल भेजे थे, आठ महीने से भुगतान नहीं हुआ।"


def told(**changed: Any) -> Particulars:
    """What the contact told."""
    fields: dict[str, Any] = {
        "what_happened": WORDS,
        "against": Against.BUYER,
        "against_name": "शर्मा ट्रेडर्स",
        "amount_rupees": 125_000,
        "happened_on": date(2026, 3, 14),
        "enterprise_name": "लक्ष्मी हस्तशिल्प उद्योग",
        "udyam_number": "UDYAM-MH-01-0000001",
        "complainant_name": "मीरा देवी",
    }
    return Particulars(**{**fields, **changed})


def grievance(**changed: Any) -> GrievanceView:
    """A grievance filed in Mumbai on a Wednesday, three days before Independence Day."""
    fields: dict[str, Any] = {
        "id": "01K00000000000000000000001",
        "reference": "26481516232",
        "status": Status.FILED,
        "level": Level.ROOM,
        "priority": Priority.NORMAL,
        "category": "delayed_payment",
        "room": "dfo-mumbai",
        "owed_room": "dfo-mumbai",
        "contact_id": "01K00000000000000000000002",
        "conversation_id": None,
        "address_id": None,
        "channel": "whatsapp",
        "language": "hi",
        "source": "contact",
        "place": Place(pincode="400001", district="Mumbai", state="MH"),
        "particulars": told(),
        "filed_at": FILED,
        "clock_started_at": FILED,
        "attend_by": datetime(2026, 8, 17, 12, 30, tzinfo=UTC),
        "conclude_by": datetime(2026, 8, 21, 12, 30, tzinfo=UTC),
        "outer_by": datetime(2026, 9, 2, 12, 30, tzinfo=UTC),
        "due_at": datetime(2026, 8, 17, 12, 30, tzinfo=UTC),
        "attended_at": None,
        "interim_at": None,
        "interim_until": None,
        "closed_at": None,
        "outcome": None,
        "closing_reasons": None,
        "feedback": None,
        "feedback_asked_at": None,
        "appeal_until": None,
        "reopened": 0,
        "follows": None,
        "merged_into": None,
        "cpgrams_number": None,
        "odr_number": None,
        "escalated_at": None,
        "erased_at": None,
        "version": 1,
    }
    return GrievanceView(**{**fields, **changed})
