"""When rooms answer: split shifts, weekends, holidays, and the next opening, against a walk minute by minute."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import INDIA
from handoff.control_rooms import service
from handoff.control_rooms.calendar import calendars
from handoff.control_rooms.hours import next_opening, open_at
from handoff.control_rooms.schemas import Room, Shift

MUMBAI, HUB = service.get("dfo-mumbai"), service.get("hub")


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of November 2026 in India."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=INDIA)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(3, 9, 29, 59), False),
        (at(3, 9, 30), True),
        (at(3, 12, 59, 59), True),
        (at(3, 13), False),
        (at(3, 13, 59), False),
        (at(3, 14), True),
        (at(3, 17, 30), False),
        (at(7, 11), False),  # a Saturday
        (at(8, 11), False),
        (at(24, 11), False),  # Guru Nanak's birthday
    ],
)
def test_split_shifts_weekends_and_holidays(moment: datetime, is_open: bool) -> None:
    assert open_at(MUMBAI, moment) is is_open
    assert open_at(MUMBAI, moment.astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(3, 7), at(3, 9, 30)),
        (at(3, 10, 5), at(3, 10, 5)),
        (at(3, 13), at(3, 14)),
        (at(3, 18), at(4, 9, 30)),
        (at(6, 17, 30), at(9, 9, 30)),  # Friday evening
        (at(23, 20), at(25, 9, 30)),
    ],
)
def test_the_next_opening(moment: datetime, opens: datetime) -> None:
    assert next_opening(MUMBAI, moment) == opens


def test_a_holiday_of_one_state_closes_only_its_rooms() -> None:
    free = {
        room.id: calendars().of_room(room.id).holidays - calendars().of_state("IN").holidays
        for room in service.all_rooms()
    }
    room_id, days = next((room_id, days) for room_id, days in sorted(free.items()) if room_id != "hub" and days)
    noon = next(
        moment for day in sorted(days) if (moment := datetime.combine(day, time(11), INDIA)) and open_at(HUB, moment)
    )
    assert not open_at(service.get(room_id), noon)


def test_a_room_that_never_opens() -> None:
    assert next_opening(MUMBAI.model_copy(update={"hours": ()}), at(3, 10)) is None


ROOMS = st.sampled_from(service.all_rooms())
SHIFTS = st.lists(st.integers(0, 23), min_size=2, max_size=4, unique=True).map(sorted)


@settings(max_examples=60, deadline=None)
@given(ROOMS, SHIFTS, st.integers(0, 60 * 24 * 20))
def test_it_opens_at_the_first_minute_at_which_it_is_open(room: Room, marks: list[int], minutes: int) -> None:
    hours = tuple(Shift(time(begin), time(end)) for begin, end in zip(marks[::2], marks[1::2], strict=False))
    room = room.model_copy(update={"hours": hours})
    moment = at(1, 0) + timedelta(minutes=minutes)
    opens = next_opening(room, moment)
    assert opens is not None
    assert open_at(room, opens)
    walked = moment
    while walked < opens:
        assert not open_at(room, walked)
        walked += timedelta(minutes=30)
