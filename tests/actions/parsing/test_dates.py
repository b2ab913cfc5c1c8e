"""Dates: written, named, relative, impossible, in the future."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.parsing.dates import Trouble, find_dates, months_before

TODAY = date(2026, 11, 24)
_HINDI = str.maketrans("0123456789", "०१२३४५६७८९")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12/05/2026", "2026-05-12"),
        ("12.5.26", "2026-05-12"),
        ("2026-05-12", "2026-05-12"),
        ("12 मई", "2026-05-12"),
        ("१२ मई २०२५", "2025-05-12"),
        ("12th of May 2025", "2025-05-12"),
        ("5 dec", "2025-12-05"),
        ("may 2025", "2025-05-01"),
        ("since January", "2026-01-01"),
        ("march se", "2026-03-01"),
        ("3 mahine se", "2026-08-24"),
        ("तीन महीने से", "2026-08-24"),
        ("dedh saal se", "2025-05-24"),
        ("pichle mahine", "2026-10-24"),
        ("teen mahine ho gaye", "2026-08-24"),
        ("3 hafte pehle", "2026-11-03"),
        ("since 3 months", "2026-08-24"),
        ("a year ago", "2025-11-24"),
        ("2024 se", "2024-01-01"),
        ("since 2024", "2024-01-01"),
        ("15-20 din se", "2026-11-04"),
        ("29 feb", "2024-02-29"),
    ],
)
@pytest.mark.parametrize("asked", [True, False])
def test_days_as_people_write_them(text: str, day: str, asked: bool) -> None:
    assert [str(one.day) for one in find_dates(text, TODAY, asked=asked)] == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("kal", "2026-11-23"),
        ("परसों", "2026-11-22"),
        ("3 months", "2026-08-24"),
        ("12/5", "2026-05-12"),
        ("2024", "2024-01-01"),
    ],
)
def test_some_are_days_only_where_one_was_asked_for(text: str, day: str) -> None:
    assert [str(one.day) for one in find_dates(text, TODAY, asked=True)] == [day]
    assert find_dates(text, TODAY) == []


@pytest.mark.parametrize(
    "text", ["31 feb", "since 31 feb", "30/02/2026", "31 april 2026", "2026-13-01", "32/01/2026", "29 feb 2025"]
)
def test_a_day_that_never_was_is_told_from_none(text: str) -> None:
    assert [one.trouble for one in find_dates(text, TODAY, asked=True)] == [Trouble.IMPOSSIBLE]


@pytest.mark.parametrize("text", ["dec 2027", "25/11/2026", "tomorrow", "1 january 2030"])
def test_a_day_to_come_is_refused(text: str) -> None:
    assert [one.trouble for one in find_dates(text, TODAY, asked=True)] == [Trouble.FUTURE]


@pytest.mark.parametrize(
    "text", ["may I ask", "9876543210", "UDYAM-MH-26-0123456", "2 lakh", "pata nahi", "411001", "0 din se"]
)
def test_what_is_no_day(text: str) -> None:
    assert find_dates(text, TODAY) == []


@given(
    st.dates(date(1990, 1, 1), TODAY),
    st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d %B %Y", "%d.%m.%Y"]),
    st.booleans(),
)
def test_every_past_day_is_read_in_every_way_of_writing(day: date, form: str, hindi: bool) -> None:
    text = day.strftime(form)
    found = find_dates(f"bill {text.translate(_HINDI) if hindi else text} ka hai", TODAY)
    assert [one.day for one in found] == [day]


@given(st.integers(1, 400), st.sampled_from([("din", 1), ("दिन", 1), ("hafte", 7), ("weeks", 7)]))
def test_lengths_of_time_count_back(number: int, unit: tuple[str, int]) -> None:
    assert [one.day for one in find_dates(f"{number} {unit[0]} se", TODAY)] == [
        TODAY - timedelta(days=number * unit[1])
    ]


@given(st.integers(0, 1200))
def test_months_before_is_a_day_of_that_month(months: int) -> None:
    found = months_before(TODAY, months)
    assert (TODAY.year * 12 + TODAY.month) - (found.year * 12 + found.month) == months
    assert found.day <= TODAY.day


@given(st.text(max_size=200), st.booleans())
def test_any_text_is_read_without_a_mishap(text: str, asked: bool) -> None:
    for one in find_dates(text, TODAY, asked=asked):
        assert (one.day is None) == (one.trouble is not None)
        assert one.day is None or one.day <= TODAY
