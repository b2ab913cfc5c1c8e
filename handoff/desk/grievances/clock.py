"""The clock of a grievance as the page explains it: three deadlines, and the days that do not count."""

from dataclasses import dataclass
from datetime import datetime

from grievances.deadlines import india_day
from grievances.schemas import GrievanceView
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.calendar import calendars
from handoff.desk.grievances import words
from handoff.desk.grievances.words import Due
from handoff.desk.pages import Reader

_SATURDAY = 5


@dataclass(frozen=True)
class Deadline:
    """One of the three deadlines: what, by when, and how it stands."""

    name: str
    when: str
    stands: Due


@dataclass(frozen=True)
class Free:
    """A holiday that is not counted."""

    day: str
    name: str
    may_move: bool


@dataclass(frozen=True)
class Clockwork:
    """The three deadlines, and from what they follow."""

    deadlines: list[Deadline]
    counted: str
    holidays: list[Free]
    notes: list[str]


def clockwork(reader: Reader, view: GrievanceView) -> Clockwork:
    """The clock of a grievance in words."""
    say, language = reader.say, reader.officer.language
    owed = control_rooms.get(view.owed_room)
    counted = say(
        "clock_counted",
        date=words.day(view.clock_started_at, language),
        room=words.room(owed.id, language),
        state=words.state(owed.state, language),
    )
    outer = view.closed_at if view.closed_at is not None else view.interim_at
    return Clockwork(
        deadlines=[
            _deadline(reader, view, "attend", view.attend_by, view.attended_at),
            _deadline(reader, view, "conclude", view.conclude_by, view.closed_at),
            _deadline(reader, view, "outer", view.outer_by, outer, is_interim=view.closed_at is None),
        ],
        counted=counted,
        holidays=_holidays(view, owed.state, language),
        notes=_notes(reader, view),
    )


def _deadline(
    reader: Reader, view: GrievanceView, what: str, by: datetime, done: datetime | None, *, is_interim: bool = False
) -> Deadline:
    say, language = reader.say, reader.officer.language
    when, name = words.moment(by, language), say(f"clock_{what}")
    if done is not None:
        how = "clock_done_late" if done > by else "clock_interim" if is_interim else "clock_done"
        tone, sign = ("late", "!") if done > by else ("over", "✓")
        return Deadline(name, when, Due(say(how, when=words.moment(done, language)), tone, sign))
    if not view.is_open:
        return Deadline(name, when, Due(say("due_merged"), "over", "–"))
    return Deadline(name, when, words.until(say, say(f"due_{what}"), by, reader.now))


def _holidays(view: GrievanceView, state: str, language: str) -> list[Free]:
    """The holidays on weekdays up to the concluding deadline; several of one day stand together."""
    first, last = india_day(view.clock_started_at), india_day(view.conclude_by)
    found: dict[str, Free] = {}
    for row in calendars().holidays(state):
        if first < row.day <= last and row.day.weekday() < _SATURDAY:
            day = words.day(row.day, language)
            before = found.get(day)
            name = f"{before.name}; {row.name}" if before and row.name not in before.name else row.name
            found[day] = Free(day, name, row.estimated or bool(before and before.may_move))
    return list(found.values())


def _notes(reader: Reader, view: GrievanceView) -> list[str]:
    say, language = reader.say, reader.officer.language
    found = []
    if view.interim_until is not None and view.is_open:
        found.append(say("clock_expected", date=words.day(view.interim_until, language)))
    if view.appeal_until is not None and view.appeal_until > reader.now and view.closed_at is not None:
        found.append(say("clock_appeal_until", date=words.day(view.appeal_until, language)))
    return found
