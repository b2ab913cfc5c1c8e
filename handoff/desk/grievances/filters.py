"""What a list of grievances shows: read from the address, written back into links, and asked of the ledger."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from core.errors import InvalidInput
from core.privacy.encryption import Undecipherable, keyring
from grievances import categories
from grievances.schemas import Level, Status
from grievances.status import OPEN
from handoff.control_rooms import service as control_rooms
from handoff.officers.schemas import OfficerView, Role

ROWS = 50
OPEN_STATUS = "open"
ALL_STATUS = "all"
LONGEST_SEARCH = 100
_LABEL = "desk.search"
_NEXT_UP = {Role.HUB: Level.HUB, Role.ADMIN: Level.HUB}


def seal(text: str) -> str:
    """Searched words as they stand in an address: names and numbers of people must not lie in histories and logs."""
    return base64.urlsafe_b64encode(keyring().encrypt(text.encode(), _LABEL)).decode().rstrip("=") if text else ""


def unseal(token: str) -> str:
    """The words that `seal` made unreadable.

    Raises:
        InvalidInput: It was not made here, or the key is gone.
    """
    if not token:
        return ""
    try:
        return keyring().decrypt(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), _LABEL).decode()
    except (Undecipherable, binascii.Error, ValueError) as error:
        raise InvalidInput("q", "a search that this desk made") from error


@dataclass(frozen=True)
class Filter:
    """The choices of a list, as they stand in the address; empty means any."""

    status: str = OPEN_STATUS
    level: str = ""
    category: str = ""
    state: str = ""
    room: str = ""
    overdue: Literal["", "yes", "no"] = ""
    sort: Literal["due", "filed"] = "due"
    query: str = ""
    after: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filter":
        """The filter of an address or a form; `q` is sealed, `query` is not.

        Raises:
            InvalidInput: A choice is none that is offered.
        """
        told = {field: given.get(field, "").strip() for field in ("level", "category", "state", "room", "after")}
        return cls(
            **told,
            status=_one_of("status", given.get("status") or OPEN_STATUS, {OPEN_STATUS, ALL_STATUS, *Status}),
            overdue=_one_of("overdue", given.get("overdue", ""), {"", "yes", "no"}),  # type: ignore[arg-type]
            sort=_one_of("sort", given.get("sort") or "due", {"due", "filed"}),  # type: ignore[arg-type]
            query=(given.get("query", "").strip() or unseal(given.get("q", "")))[:LONGEST_SEARCH],
        ).checked()

    def checked(self) -> "Filter":
        """The same filter.

        Raises:
            InvalidInput: A choice is none that is offered.
        """
        _one_of("level", self.level, {"", *Level})
        _one_of("category", self.category, {"", *categories.all_categories()})
        _one_of("state", self.state, {"", *control_rooms.states()})
        _one_of("room", self.room, {"", *(one.id for one in control_rooms.all_rooms())})
        return self

    def is_chosen(self) -> bool:
        """Whether the list was chosen by hand, and not by a click on one of the quick ones."""
        return bool(self.query or self.category or self.state or self.room or self.overdue == "no")

    def address(self, **changed: str) -> str:
        """The query of the address of this list, with changes; a change of filter begins at the first page."""
        one = replace(self, **{"after": "", **changed})  # type: ignore[arg-type]
        told = {field: value for field, value in asdict(one).items() if value and field != "query"}
        for field, usual in (("status", OPEN_STATUS), ("sort", "due")):
            if told.get(field) == usual:
                del told[field]
        if one.query:
            told["q"] = seal(one.query)
        return urlencode(told)

    def rooms(self, officer: OfficerView) -> frozenset[str] | None:
        """The rooms whose grievances are listed: never more than the officer may see."""
        if not self.room:
            return officer.rooms
        return frozenset({self.room}) & (officer.rooms if officer.rooms is not None else {self.room})

    def asked(self, officer: OfficerView, now: datetime) -> dict[str, Any]:
        """What the ledger's lists are asked for."""
        status: list[Status] | None = sorted(OPEN) if self.status == OPEN_STATUS else None
        if self.status not in (OPEN_STATUS, ALL_STATUS):
            status = [Status(self.status)]
        return {
            "rooms": self.rooms(officer),
            "status": status,
            "level": Level(self.level) if self.level else None,
            "category": self.category or None,
            "state": self.state or None,
            "overdue": {"yes": True, "no": False}.get(self.overdue),
            "query": self.query or None,
            "sort": self.sort,
            "now": now,
        }

    def told(self) -> dict[str, str]:
        """The choices for the record of who took a list away; what was searched for is not repeated there."""
        told = {field: str(value) for field, value in asdict(self).items() if value and field not in ("query", "after")}
        return {**told, "searched": "yes"} if self.query else told


def _one_of(field: str, value: str, known: set[str]) -> str:
    if value not in known:
        raise InvalidInput(field, "one of the choices that are offered")
    return value


def owed_level(officer: OfficerView) -> Level | None:
    """The level whose grievances are the officer's to answer; None for those who only read."""
    if not officer.may_answer:
        return None
    return _NEXT_UP.get(officer.role, Level.ROOM)


def quick(officer: OfficerView) -> list[tuple[str, Filter]]:
    """Lists that are one click away, by the key of their name."""
    mine = owed_level(officer)
    found = [("quick_open", Filter())]
    if mine is not None:
        found.append(("quick_mine", Filter(level=mine.value)))
    found += [
        ("quick_overdue", Filter(overdue="yes")),
        ("quick_not_attended", Filter(status=Status.FILED.value)),
        ("quick_appealed", Filter(status=Status.APPEALED.value)),
    ]
    return found
