"""Faults and habits that tests switch on: refusals, delays, cut connections, doubled and withheld webhooks."""

from collections import deque
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from simulators.settings import SimulatorSettings

FaultKind = Literal[
    "429", "500", "503", "timeout", "timeout_after", "cut_before", "cut_after", "garbage", "undelivered"
]
CountName = Literal["duplicate_inbound", "withhold_inbound", "duplicate_statuses", "withhold_statuses"]
FaultTarget = Literal["send", "any"]
Approval = Literal["approved", "pending", "rejected"]


class Fault(BaseModel):
    """What goes wrong with the next API calls.

    ``timeout`` and ``cut_before`` happen before the message is accepted, ``timeout_after``, ``cut_after`` and
    ``garbage`` (an answer that is not JSON) after. ``undelivered`` accepts it and fails it later with
    ``error_code``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    count: int = Field(default=1, ge=1, le=1_000_000)
    target: FaultTarget = "send"
    seconds: float = Field(default=30.0, ge=0, le=120)
    retry_after: int | None = Field(default=None, ge=0)
    error_code: int = 63024


class Behaviour(BaseModel):
    """Habits that hold until changed; the four counts run down to zero.

    ``approval`` is what becomes of a template that is handed in.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    strict: bool = True
    api_latency_ms: int = Field(default=0, ge=0, le=60_000)
    sent_after_ms: int = Field(default=150, ge=0, le=600_000)
    delivered_after_ms: int = Field(default=300, ge=0, le=600_000)
    read_after_ms: int = Field(default=1_200, ge=-1, le=600_000)
    scramble_statuses: bool = False
    ordered_webhooks: bool = True
    duplicate_inbound: int = Field(default=0, ge=0)
    withhold_inbound: int = Field(default=0, ge=0)
    duplicate_statuses: int = Field(default=0, ge=0)
    withhold_statuses: int = Field(default=0, ge=0)
    approval: Approval = "approved"

    @classmethod
    def from_settings(cls, settings: SimulatorSettings) -> Self:
        """Start with what the settings say."""
        shared = set(cls.model_fields) & set(SimulatorSettings.model_fields)
        return cls(**{name: getattr(settings, name) for name in shared})

    def use(
        self, name: Literal["duplicate_inbound", "withhold_inbound", "duplicate_statuses", "withhold_statuses"]
    ) -> bool:
        """Use up one of a count; whether there was one."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


@dataclass
class _Planned:
    """A fault and how often it is still due."""

    fault: Fault
    left: int


class Faults:
    """The faults that are due, used up one API call at a time in the order in which they were asked for."""

    def __init__(self) -> None:
        self._planned: deque[_Planned] = deque()

    def add(self, fault: Fault) -> None:
        """Plan a fault behind those already planned."""
        self._planned.append(_Planned(fault, fault.count))

    def clear(self) -> None:
        """Plan nothing."""
        self._planned.clear()

    def pending(self) -> list[Fault]:
        """What is still due."""
        return [planned.fault.model_copy(update={"count": planned.left}) for planned in self._planned]

    def take(self, *, sending: bool) -> Fault | None:
        """Use up one fault that fits the present call."""
        for planned in self._planned:
            if planned.fault.target == "any" or sending:
                planned.left -= 1
                if planned.left == 0:
                    self._planned.remove(planned)
                return planned.fault
        return None
