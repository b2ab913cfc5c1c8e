"""What a registry of grievances can be asked, and what it answers: the interface that every client keeps to."""

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Complainant(_Frozen):
    """Whom a grievance is from, as far as it is known."""

    name: str
    state: str
    address: str | None = None
    district: str | None = None
    pincode: str | None = None
    mobile: str | None = None
    email: str | None = None


class RegistryFields(_Frozen):
    """A grievance as it is registered elsewhere.

    Attributes:
        client_reference: Our own reference, under which the registry can be asked for it.
        received_at: When we received it.
        category: Id of our category.
        description: What happened, to 4,000 characters.
        language: The language of the description.
        complainant: Whom it is from.
    """

    client_reference: str
    received_at: AwareDatetime
    category: str
    description: str
    language: str
    complainant: Complainant


class ExternalStatus(StrEnum):
    """Where a grievance stands at a registry; what it calls otherwise is `OTHER`."""

    RECEIVED = "received"
    FORWARDED = "forwarded"
    UNDER_PROCESS = "under_process"
    INTERIM_REPLY = "interim_reply"
    CLOSED = "closed"
    OTHER = "other"


class RegistryStatus(_Frozen):
    """Where a grievance stands at a registry.

    Attributes:
        number: Its number there.
        client_reference: Our reference as the registry knows it; empty if it was filed there.
        status: Where it stands.
        at: Since when.
        officer: Who has it there.
        remarks: What was said about it there.
        closed_by: Who closed it there: our reference, if it was on our report.
    """

    number: str
    client_reference: str
    status: ExternalStatus
    at: AwareDatetime
    officer: str = ""
    remarks: str = ""
    closed_by: str | None = None


class RegistryGrievance(_Frozen):
    """A grievance that was filed at a registry."""

    number: str
    received_at: AwareDatetime
    status: ExternalStatus
    category: str
    description: str
    language: str
    complainant: Complainant


class UnreadableGrievance(_Frozen):
    """An entry of a registry's list that is not a grievance as agreed; kept for a person to look at."""

    raw: Any
    problem: str


class ClosingReport(_Frozen):
    """Our closing, as a registry is told of it."""

    number: str
    client_reference: str
    outcome: str
    reasons: str
    closed_at: AwareDatetime


class GrievanceRegistry(Protocol):
    """A registry.

    Every call may raise `core.errors.RetryableDelivery` (nothing was done there) or `UncertainDelivery` (it may have
    been); those that only ask raise the first for both.
    """

    async def register(self, fields: RegistryFields) -> str:
        """Register a grievance and return its number.

        Raises:
            AlreadyRegistered: The registry has the reference already.
            RegistryRefused: It does not accept it; names the fields.
        """
        ...

    async def find(self, client_reference: str) -> list[RegistryStatus]:
        """What is registered under a reference of ours: nothing, or one, or through a fault there several."""
        ...

    async def status(self, number: str) -> RegistryStatus:
        """Where a grievance stands.

        Raises:
            UnknownNumber: The registry has none of this number.
        """
        ...

    def pull(self, since: datetime) -> AsyncIterator[RegistryGrievance | UnreadableGrievance]:
        """What was filed at the registry since a moment, in any order, perhaps twice."""
        ...

    async def close_grievance(self, report: ClosingReport) -> None:
        """Tell the registry that a grievance is closed.

        Raises:
            AlreadyClosed: It was closed there before.
            UnknownNumber: The registry has none of this number.
            RegistryRefused: It does not accept the report; names the fields.
        """
        ...

    async def aclose(self) -> None:
        """Give back what is held open."""
        ...
