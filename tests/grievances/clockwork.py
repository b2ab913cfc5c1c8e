"""What the tests of the clocks share."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from grievances.clocks import Clocks
from grievances.schemas import (
    GrievanceView,
)
from tests.grievances.conftest import Ledger

SECOND = timedelta(seconds=1)
HISTORY = [
    ("reminded", "attend"),
    ("breached", "attend"),
    ("reminded", "conclude"),
    ("escalated", "conclude"),
    ("reminded", "outer"),
    ("escalated", "outer"),
]
"""What becomes of a grievance that nobody touches."""
BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)


async def sweep(ledger: Ledger, *moments: datetime) -> int:
    """Sweep at each of the moments."""
    settled = 0
    for moment in moments or (ledger.clock.at,):
        ledger.clock.at = moment
        settled += await Clocks(ledger.db, ledger.clock).sweep()
    return settled


async def story(ledger: Ledger, view: GrievanceView) -> list[tuple[str, Any]]:
    """What the system did, in order: (kind, deadline)."""
    events = await ledger.events(view.id)
    return [(event.kind.value, (event.details or {}).get("deadline")) for event in events if event.actor == "system"]


def after(view: GrievanceView) -> datetime:
    return view.outer_by + timedelta(days=40)
