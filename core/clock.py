"""The one source of time: UTC is stored, Asia/Kolkata is shown and computed with."""

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; for tests and rehearsals."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.at
