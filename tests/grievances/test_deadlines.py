"""The clock: three and seven working days, never later than twenty-one calendar days, against a slow computation."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.clock import INDIA
from grievances import deadlines
from handoff.control_rooms import service as rooms
from handoff.control_rooms.calendar import Calendar, Calendars
from handoff.control_rooms.settings import HolidaySettings

CALENDARS = Calendars.from_settings(HolidaySettings())
states = st.sampled_from(sorted(rooms.states()))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(INDIA))  # noqa: DTZ001
early = st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 31), timezones=st.just(INDIA))  # noqa: DTZ001
days = st.dates(date(2026, 1, 1), date(2026, 3, 31))
calendars = st.sets(days).map(lambda free: Calendar("MH", frozenset(free)))


def india(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


def clock(state: str, filed: str) -> deadlines.Clock:
    return deadlines.clock_for(CALENDARS.of_state(state), india(filed))


def slow(calendar: Calendar, started: datetime, count: int) -> datetime:
    """The deadline as a clerk finds it: a list of every day, the weekends and holidays struck out, the n-th taken."""
    filed = started.astimezone(INDIA).date()
    following = [filed + timedelta(days=n) for n in range(1, 22)]
    left = [day for day in following if day.strftime("%a") not in ("Sat", "Sun") and day not in calendar.holidays]
    day = left[count - 1] if len(left) >= count else following[-1]
    return datetime.combine(day, time(18), INDIA)


@given(states, moments)
@example("MH", india("2026-11-06T18:00"))
@example("WB", india("2025-09-26T23:59:59"))
def test_deadlines_equal_a_slow_computation_over_four_years_of_holidays(state: str, started: datetime) -> None:
    calendar = CALENDARS.of_state(state)
    made = deadlines.clock_for(calendar, started)
    assert made.attend_by == slow(calendar, started, 3)
    assert made.conclude_by == slow(calendar, started, 7)


@given(calendars, early)
@example(Calendar("MH", frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(90))), india("2026-01-05T10:00"))
def test_whatever_the_holidays_no_deadline_is_later_than_twenty_one_calendar_days(
    calendar: Calendar, started: datetime
) -> None:
    made = deadlines.clock_for(calendar, started)
    filed = started.astimezone(INDIA).date()
    assert made.outer_by == datetime.combine(filed + timedelta(days=21), time(18), INDIA)
    assert started < made.attend_by <= made.conclude_by <= made.outer_by
    assert made.attend_by == slow(calendar, started, 3)
    assert made.conclude_by == slow(calendar, started, 7)


@given(calendars, early)
def test_reminders_come_on_the_working_day_before_and_never_before_filing(
    calendar: Calendar, started: datetime
) -> None:
    made = deadlines.clock_for(calendar, started)
    of = {
        deadlines.REMIND_ATTEND: made.attend_by,
        deadlines.REMIND_CONCLUDE: made.conclude_by,
        deadlines.REMIND_OUTER: made.outer_by,
    }
    reminders = dict(made.reminders)
    assert set(reminders) <= set(of)
    for kind, deadline in of.items():
        filed, last = started.astimezone(INDIA).date(), deadline.astimezone(INDIA).date()
        between = [filed + timedelta(days=n) for n in range(1, (last - filed).days)]
        working = [day for day in between if calendar.is_working(day)]
        expected = datetime.combine(working[-1], time(10), INDIA) if working else None
        assert reminders.get(kind) == expected


@given(states, moments)
def test_dues_are_in_order_and_the_attending_comes_first(state: str, started: datetime) -> None:
    made = deadlines.clock_for(CALENDARS.of_state(state), started)
    dues = made.dues()
    assert dues == sorted(dues, key=lambda due: due[1])
    assert all(moment > started and moment.tzinfo is UTC for _, moment in dues)
    order = [kind for kind, _ in dues if kind in (deadlines.ATTEND, deadlines.CONCLUDE, deadlines.OUTER)]
    assert order == [deadlines.ATTEND, deadlines.CONCLUDE, deadlines.OUTER]
    assert all(kind.startswith(deadlines.PREFIX) for kind, _ in dues)


@pytest.mark.parametrize(
    ("state", "filed", "attend", "conclude"),
    [
        ("DL", "2026-12-01T09:00", "2026-12-04", "2026-12-10"),  # a Tuesday without holidays near
        ("DL", "2026-12-01T23:59", "2026-12-04", "2026-12-10"),  # the hour does not matter
        ("DL", "2026-12-04T12:00", "2026-12-09", "2026-12-15"),  # over a weekend
        ("DL", "2026-12-05T12:00", "2026-12-09", "2026-12-15"),  # filed on a Saturday
        ("DL", "2026-11-23T12:00", "2026-11-27", "2026-12-03"),  # Guru Nanak on Tuesday the 24th
        ("DL", "2027-10-27T12:00", "2027-11-02", "2027-11-08"),  # Diwali on Friday
        ("KA", "2027-10-27T12:00", "2027-11-03", "2027-11-09"),  # and Karnataka's day on Monday
    ],
)
def test_examples(state: str, filed: str, attend: str, conclude: str) -> None:
    made = clock(state, filed)
    assert made.attend_by == india(attend + "T18:00")
    assert made.conclude_by == india(conclude + "T18:00")


def test_the_day_is_indias_whatever_the_zone() -> None:
    late = datetime(2026, 11, 30, 18, 29, 59, tzinfo=UTC)  # one second to midnight in India
    calendar = CALENDARS.of_state("DL")
    assert deadlines.clock_for(calendar, late).attend_by == india("2026-12-03T18:00")
    after = deadlines.clock_for(calendar, late + timedelta(seconds=1))
    assert after.attend_by == india("2026-12-04T18:00")
    assert after.started.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadlines.clock_for(CALENDARS.of_state("DL"), datetime(2026, 12, 1))  # noqa: DTZ001


def test_feedback_is_asked_a_day_after_closing() -> None:
    assert deadlines.feedback_due(india("2026-12-01T17:00")) == india("2026-12-02T17:00")
