"""The stand-in as one thing: it registers, finds, lists, closes, and remembers who asked what."""

import random
import time
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulators.cpgrams.errors import Refusal
from simulators.cpgrams.faults import Behaviour, Faults
from simulators.cpgrams.forms import Closure, Filing, Registration
from simulators.cpgrams.records import Grievance, Status
from simulators.cpgrams.settings import CpgramsSettings
from simulators.cpgrams.signing import Nonces
from simulators.cpgrams.store import Store

INDIA = ZoneInfo("Asia/Kolkata")
_REMEMBERED = 20_000


class StandIn:
    """Holds the parts together; built once per process.

    Args:
        settings: Who may call.
        path: File in which it remembers; None keeps nothing after a stop.
    """

    def __init__(self, settings: CpgramsSettings, path: Path | None) -> None:
        if settings.secret is None:
            raise ValueError("the stand-in needs a secret")
        self.settings = settings
        self.secret = settings.secret.get_secret_value()
        self.store = Store(path)
        self.faults = Faults()
        self.behaviour = Behaviour()
        self.nonces = Nonces(settings.window_seconds)
        self.calls: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)

    def now(self) -> float:
        """The stand-in's own time."""
        return time.time() + self.behaviour.clock_offset_seconds

    def reset(self) -> None:
        """Begin anew."""
        self.store.clear()
        self.faults.clear()
        self.nonces.clear()
        self.behaviour = Behaviour()
        self.calls.clear()

    def _prefix(self, organisation: str, at: float) -> str:
        return f"{organisation}/E/{datetime.fromtimestamp(at, INDIA).year}"

    def _check_organisation(self, filing: Filing) -> None:
        if filing.organisation != self.settings.organisation:
            raise Refusal(
                400, "invalid_fields", "Some fields cannot be used", fields={"organisation": "not an organisation here"}
            )

    def register(self, form: Registration) -> Grievance:
        """Register a client's grievance.

        Raises:
            Refusal: The organisation is unknown, or the reference is registered already.
        """
        self._check_organisation(form)
        earlier = self.store.by_reference(form.client_reference)
        if earlier and not self.behaviour.repeats_accepted:
            raise Refusal(
                409, "already_registered", "This reference is registered", registration_number=earlier[0].number
            )
        now = self.now()
        return self.store.add(
            self._prefix(form.organisation, now),
            origin="client",
            client_reference=form.client_reference,
            received_at=now,
            details=form.model_dump(mode="json", exclude={"client_reference", "organisation"}, exclude_none=True),
        )

    def file_directly(self, form: Filing, received_at: float | None = None) -> Grievance:
        """File a grievance as a citizen does on the public page."""
        self._check_organisation(form)
        at = self.now() if received_at is None else received_at
        return self.store.add(
            self._prefix(form.organisation, at),
            origin="direct",
            client_reference="",
            received_at=at,
            details=form.model_dump(mode="json", exclude={"organisation"}, exclude_none=True),
        )

    def get(self, number: str) -> Grievance:
        """Find a grievance.

        Raises:
            Refusal: There is none.
        """
        found = self.store.by_number(number)
        if found is None:
            raise Refusal(404, "unknown_number", "No grievance has this registration number")
        return found

    def close_grievance(self, form: Closure) -> Grievance:
        """Close a grievance as its client reports.

        Raises:
            Refusal: It is unknown, or closed already.
        """
        found = self.get(form.registration_number)
        if found.status == "closed":
            raise Refusal(
                409, "already_closed", "This grievance is closed", closed_by=found.details.get("closed_by", "officer")
            )
        details = {
            "closed_by": form.client_reference,
            "outcome": form.outcome,
            "remarks": form.reasons,
            "closed_at": form.closed_at.timestamp(),
        }
        return self.move(found.number, "closed", details)

    def move(self, number: str, status: Status, details: dict[str, Any]) -> Grievance:
        """Set a status, as an officer of CPGRAMS does."""
        self.get(number)
        moved = self.store.move(number, status, self.now(), details)
        if moved is None:  # pragma: no cover - it was there a line above
            raise LookupError(number)
        return moved

    def received(self, since: float, after: int, limit: int) -> tuple[list[Grievance], int | None]:
        """A page of what was filed directly, and where the next begins."""
        found = self.store.direct(since, after, limit + 1)
        following = found[limit - 1].sequence if len(found) > limit else None
        page = found[:limit]
        if self.behaviour.duplicate_received:
            page = [one for one in page for _ in range(2)]
        if self.behaviour.shuffle_received:
            random.Random(len(page)).shuffle(page)  # noqa: S311 - an order for tests, the same each time
        return page, following
