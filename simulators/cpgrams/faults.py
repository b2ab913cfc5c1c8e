"""Faults and habits of the stand-in that tests switch on."""

from collections import deque
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Call = Literal["register", "find", "status", "received", "closure"]
FaultKind = Literal[
    "429", "500", "503", "refused", "timeout", "timeout_after", "cut_before", "cut_after", "html", "wrong_shape",
    "wrong_signature", "unsigned", "bad_number", "duplicate_number", "huge",
]  # fmt: skip
BEFORE: frozenset[str] = frozenset({"429", "500", "503", "refused", "timeout", "cut_before"})


class Fault(BaseModel):
    """What goes wrong with the next calls.

    ``429 500 503 refused timeout cut_before`` happen before anything is done. With the others the call is carried out
    and its answer spoiled: none comes in time (``timeout_after``), the connection is cut (``cut_after``), it is a
    page of a proxy (``html``), JSON of another shape (``wrong_shape``), signed with another secret
    (``wrong_signature``), not signed (``unsigned``), too large (``huge``), or names a number of another format
    (``bad_number``) or of another grievance (``duplicate_number``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    count: int = Field(default=1, ge=1, le=1_000_000)
    target: Call | Literal["any"] = "register"
    seconds: float = Field(default=30.0, ge=0, le=120)
    retry_after: str | None = Field(default=None, max_length=40, description="A Retry-After header, as it is sent")
    fields: dict[str, str] = Field(default_factory=lambda: {"complainant.pincode": "not served"})


class Behaviour(BaseModel):
    """Habits that hold until changed.

    Attributes:
        latency_ms: Delay of every answer.
        clock_offset_seconds: How far the stand-in's clock is ahead.
        repeats_accepted: Whether a reference is registered a second time instead of being refused.
        shuffle_received: Whether the list of direct grievances comes out of order.
        duplicate_received: Whether each of its entries comes twice.
    """

    model_config = ConfigDict(extra="forbid")

    latency_ms: int = Field(default=0, ge=0, le=60_000)
    clock_offset_seconds: float = Field(default=0, ge=-10_000_000, le=10_000_000)
    repeats_accepted: bool = False
    shuffle_received: bool = False
    duplicate_received: bool = False


class Faults:
    """The faults that are due, used up one call at a time in the order in which they were asked for."""

    def __init__(self) -> None:
        self._planned: deque[Fault] = deque()

    def add(self, fault: Fault) -> None:
        """Plan a fault behind those already planned."""
        self._planned.append(fault)

    def clear(self) -> None:
        """Plan nothing."""
        self._planned.clear()

    def pending(self) -> list[Fault]:
        """What is still due."""
        return list(self._planned)

    def take(self, call: Call) -> Fault | None:
        """Use up one fault that fits the present call."""
        for place, fault in enumerate(self._planned):
            if fault.target in {"any", call}:
                del self._planned[place]
                if fault.count > 1:
                    self._planned.insert(place, fault.model_copy(update={"count": fault.count - 1}))
                return fault
        return None
