"""What the stand-in holds."""

from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["received", "forwarded", "under_process", "interim_reply", "closed"]
Origin = Literal["client", "direct"]


@dataclass(frozen=True, slots=True)
class Grievance:
    """A grievance on the stand-in's books.

    Attributes:
        sequence: Place in the order of registration.
        number: Registration number, ``ORGCODE/E/YYYY/NNNNNNN``.
        origin: Whether a client of the interface registered it, or a citizen filed it directly.
        client_reference: The client's own reference; empty if filed directly.
        status: Where it stands.
        received_at: Seconds of its receipt.
        updated_at: Seconds of the last change of status.
        details: Everything else: complainant, description, category, remarks, outcome.
    """

    sequence: int
    number: str
    origin: Origin
    client_reference: str
    status: Status
    received_at: float
    updated_at: float
    details: dict[str, Any] = field(default_factory=dict)
