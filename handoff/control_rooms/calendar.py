"""Which days the rooms of a State work: Monday to Friday, but for the holidays of the State and of the nation.

That offices rest on Saturday and Sunday, and that a room keeps its State's holidays as well as the nation's, is
assumed: no rule that could be found says what a working day of a control room is. Where a State keeps a festival on
another day than the nation, both days are free. In a year that the data does not hold, only weekends are free.

The holidays lie in ``holidays/holidays.csv``; an operator adds and removes days with a file of the same columns and a
column ``remove`` (``yes``). A removed day of the nation (``IN``) is a working day for every State that does not keep it
itself; a day removed for a State is a working day there, whoever else keeps it.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from core.errors import InvalidInput
from handoff.control_rooms import service as rooms
from handoff.control_rooms.settings import HolidaySettings

NATION = "IN"
COLUMNS = ("date", "state", "name", "kind", "estimated", "source", "as_of")
_REMOVE = "remove"
_DATA = Path(__file__).parent / "holidays" / "holidays.csv"
_YES_OR_NO = {"yes": True, "no": False, "": False}
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Holiday:
    """A day on which offices rest.

    Attributes:
        day: The day.
        state: Two letters of the State, or ``IN``.
        name: What is kept.
        estimated: Whether the day depends on the moon, or on an order still to come, and may move.
        source: Who says so.
        as_of: When it was said.
        removed: Whether the row takes the day away instead.
    """

    day: date
    state: str
    name: str
    estimated: bool
    source: str
    as_of: date
    removed: bool = False


@dataclass(frozen=True)
class Calendar:
    """The working days of a State."""

    state: str
    holidays: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Whether the State's rooms work on the day."""
        return day.weekday() < _SATURDAY and day not in self.holidays

    def working_day(self, after: date, count: int, until: date) -> date:
        """The `count`-th working day after a day, or `until` when there are fewer up to then."""
        day = after
        while count and day < until:
            day += _DAY
            count -= self.is_working(day)
        return day

    def working_day_before(self, day: date, after: date) -> date | None:
        """The last working day before a day, if it comes after the other one."""
        day -= _DAY
        while day > after:
            if self.is_working(day):
                return day
            day -= _DAY
        return None


class Calendars:
    """The calendars of every State.

    Args:
        holidays: Rows in order; a later row takes away or gives back what an earlier one says.
    """

    def __init__(self, holidays: Iterable[Holiday]) -> None:
        self._free: dict[tuple[str, date], Holiday] = {}
        self._working: set[tuple[str, date]] = set()
        for row in holidays:
            place = (row.state, row.day)
            if row.removed:
                self._free.pop(place, None)
                self._working.add(place)
            else:
                self._free[place] = row
                self._working.discard(place)
        self._made: dict[str, Calendar] = {}

    @classmethod
    def from_settings(cls, settings: HolidaySettings) -> "Calendars":
        """The bundled holidays, changed by the operator's file if there is one.

        Raises:
            InvalidInput: The file cannot be used; names its line and field.
        """
        rows = read(_DATA)
        if settings.holidays_file is not None:
            rows += read(settings.holidays_file)
        return cls(rows)

    def of_state(self, state: str) -> Calendar:
        """The calendar of a State; one that is not known keeps the nation's holidays."""
        made = self._made.get(state)
        if made is None:
            free = frozenset(
                day for whose, day in self._free if whose in (state, NATION) and (state, day) not in self._working
            )
            made = self._made[state] = Calendar(state, free)
        return made

    def of_room(self, room_id: str) -> Calendar:
        """The calendar of a control room: its State's.

        Raises:
            NotFound: There is no such room.
        """
        return self.of_state(rooms.get(room_id).state)

    def holidays(self, state: str) -> list[Holiday]:
        """The holidays of a State and of the nation, in order."""
        calendar = self.of_state(state)
        rows = (
            row for (whose, day), row in self._free.items() if whose in (state, NATION) and day in calendar.holidays
        )
        return sorted(rows, key=lambda row: (row.day, row.state))


_installed: list[Calendars] = []


def install(calendars: Calendars | None = None) -> Calendars:
    """Make calendars the ones that this process goes by; without any, those that the settings name.

    Raises:
        InvalidInput: The operator's file cannot be used; names its line and field.
    """
    _installed[:] = [calendars or Calendars.from_settings(HolidaySettings())]
    return _installed[0]


def calendars() -> Calendars:
    """The calendars that this process goes by."""
    return _installed[0] if _installed else install()


def read(path: Path) -> list[Holiday]:
    """The rows of a file of holidays.

    Raises:
        InvalidInput: The file cannot be used; names its line and field.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), f"a CSV file in UTF-8 that can be read ({type(error).__name__})") from error
    lines = csv.reader(text.splitlines())
    header = next(lines, [])
    missing = [column for column in COLUMNS if column not in header]
    unknown = [column for column in header if column not in (*COLUMNS, _REMOVE)]
    if missing or unknown or len(header) != len(set(header)):
        raise InvalidInput(f"{path.name}, line 1", f"the columns {', '.join(COLUMNS)} and, if wanted, {_REMOVE}")
    rows = []
    for cells in lines:
        if any(cell.strip() for cell in cells):
            place = f"{path.name}, line {lines.line_num}"
            if len(cells) != len(header):
                raise InvalidInput(place, f"{len(header)} fields, as in the first line")
            rows.append(_row(place, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    return rows


def _row(place: str, cells: Mapping[str, str]) -> Holiday:
    for name in ("name", "kind", "source"):
        if not cells[name]:
            raise InvalidInput(f"{place}, {name}", "something")
    if cells["state"] not in (NATION, *_states()):
        raise InvalidInput(f"{place}, state", f"{NATION} or the two letters of a State, such as MH")
    return Holiday(
        day=_day(place, "date", cells),
        state=cells["state"],
        name=cells["name"],
        estimated=_flag(place, "estimated", cells),
        source=cells["source"],
        as_of=_day(place, "as_of", cells),
        removed=_flag(place, _REMOVE, cells),
    )


@cache
def _states() -> frozenset[str]:
    return frozenset(rooms.states())


def _day(place: str, name: str, cells: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(cells[name])
    except ValueError:
        raise InvalidInput(f"{place}, {name}", "a day of the calendar, such as 2027-01-26") from None


def _flag(place: str, name: str, cells: Mapping[str, str]) -> bool:
    try:
        return _YES_OR_NO[cells.get(name, "").casefold()]
    except KeyError:
        raise InvalidInput(f"{place}, {name}", "yes or no") from None
