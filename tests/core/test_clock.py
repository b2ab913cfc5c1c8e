"""One source of time, aware and in UTC."""

from datetime import UTC, datetime, timedelta

from core.clock import INDIA, FixedClock, SystemClock


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


def test_a_fixed_clock_stands_still_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2026, 11, 23, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.at += timedelta(hours=1)
    assert clock.now() == datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_india_is_five_and_a_half_hours_ahead() -> None:
    assert datetime(2026, 11, 23, tzinfo=UTC).astimezone(INDIA).utcoffset() == timedelta(hours=5, minutes=30)
