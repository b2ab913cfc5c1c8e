"""When a room answers: its shifts on the working days of its State, by India's clock."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from core.clock import INDIA
from handoff.control_rooms.calendar import calendars
from handoff.control_rooms.schemas import Room

_LOOK_AHEAD = 60
"""Days; no room rests longer."""


def open_at(room: Room, moment: datetime) -> bool:
    """Whether a room answers at a moment.

    Args:
        room: The room.
        moment: Aware, in any zone.
    """
    local = moment.astimezone(INDIA)
    return any(begin <= local < end for begin, end in _stretches(room, local.date()))


def next_opening(room: Room, moment: datetime) -> datetime | None:
    """When a room answers next: the moment itself while it is open.

    Returns:
        Aware, in India's zone; None when it does not open within two months.
    """
    local = moment.astimezone(INDIA)
    for day in range(_LOOK_AHEAD):
        for begin, end in _stretches(room, local.date() + timedelta(days=day)):
            if local < end:
                return max(begin, local)
    return None


def _stretches(room: Room, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The room's shifts on a day, in order; none on a day that is not worked."""
    if calendars().of_room(room.id).is_working(day):
        for shift in sorted(room.hours):
            yield datetime.combine(day, shift.begin, INDIA), datetime.combine(day, shift.end, INDIA)
