"""What the rights feature gives to others."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from core.privacy.holdings import Held


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class ErasureView(_Frozen):
    """A request to erase everything."""

    id: str
    contact_id: str
    channel: str
    requested_at: datetime
    due_at: datetime
    cancelled_at: datetime | None = None
    erased_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be cancelled."""
        return self.cancelled_at is None and self.erased_at is None


class Asked(_Frozen):
    """What came of asking for an erasure.

    Attributes:
        erasure: The request; an earlier one if it still waits.
        open_grievances: How many grievances the erasure will withdraw, as it stands now.
    """

    erasure: ErasureView
    open_grievances: int


class Preview(_Frozen):
    """What an erasure would mean, ready to say.

    Attributes:
        told: The sentences.
        waits: Whether one was asked for already, so that there is nothing to agree to.
    """

    told: str
    waits: bool


class Summary(_Frozen):
    """What is held about a contact: kinds, counts and dates, nothing else.

    Attributes:
        held: By kind; kinds of which there is nothing are left out.
        open_grievances: How many grievances are still owed an answer.
        shared_with: Registries that have a copy of a grievance: ``cpgrams``, ``odr``.
        erasure: The erasure that waits, if there is one.
    """

    held: tuple[Held, ...]
    open_grievances: int
    shared_with: tuple[str, ...]
    erasure: ErasureView | None


class LinkView(_Frozen):
    """A link to a copy, without its token."""

    id: str
    contact_id: str
    language: str
    made_at: datetime
    ends_at: datetime
    opened_at: datetime | None


class MadeLink(_Frozen):
    """A new link; its token is told here and nowhere else. None for a turn that had its link already."""

    link: LinkView
    token: str | None
