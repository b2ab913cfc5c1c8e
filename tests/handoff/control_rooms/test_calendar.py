"""Working days: weekends, holidays of State and nation, an operator's file, and files that cannot be used."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.errors import InvalidInput, NotFound
from handoff.control_rooms import calendar
from handoff.control_rooms import service as rooms
from handoff.control_rooms.calendar import COLUMNS, Calendars, read
from handoff.control_rooms.settings import HolidaySettings

HEADER = ",".join((*COLUMNS, "remove"))
Operator = Callable[..., Calendars]


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """The calendars of an operator whose file has these lines."""

    def make(*lines: str, header: str = HEADER) -> Calendars:
        file = tmp_path / "mine.csv"
        file.write_text("\n".join((header, *lines)) + "\n", "utf-8")
        return Calendars.from_settings(HolidaySettings(holidays_file=file))

    return make


@pytest.fixture
def bundled() -> Calendars:
    return Calendars.from_settings(HolidaySettings())


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    calendar.install()


def test_saturdays_and_sundays_are_free_everywhere(bundled: Calendars) -> None:
    saturday = date(2026, 11, 28)
    for state in rooms.states():
        assert not bundled.of_state(state).is_working(saturday)
        assert not bundled.of_state(state).is_working(saturday + timedelta(days=1))
        assert bundled.of_state(state).is_working(saturday + timedelta(days=2))


def test_holidays_of_the_nation_are_free_in_every_state(bundled: Calendars) -> None:
    for state in rooms.states():
        assert not bundled.of_state(state).is_working(date(2026, 1, 26))
        assert not bundled.of_state(state).is_working(date(2028, 8, 15))


def test_holidays_of_a_state_are_free_only_there(bundled: Calendars) -> None:
    founding = date(2027, 11, 1)  # Karnataka's, a Monday
    assert not bundled.of_state("KA").is_working(founding)
    assert bundled.of_state("MH").is_working(founding)


def test_a_room_keeps_its_states_holidays(bundled: Calendars) -> None:
    assert bundled.of_room("dfo-bengaluru").state == "KA"
    assert bundled.of_room("hub").state == "DL"
    with pytest.raises(NotFound):
        bundled.of_room("dfo-atlantis")


def test_an_unknown_state_keeps_the_nations_holidays(bundled: Calendars) -> None:
    assert not bundled.of_state("ZZ").is_working(date(2026, 1, 26))


def test_the_data_holds_four_years_of_the_nation_and_of_the_states(bundled: Calendars) -> None:
    for state in rooms.states():
        for year in range(2025, 2029):
            days = [row for row in bundled.holidays(state) if row.day.year == year]
            assert 14 <= len(days) <= 40, (state, year)
            assert {date(year, 1, 26), date(year, 8, 15), date(year, 10, 2)} <= {row.day for row in days}


def test_what_follows_the_moon_is_marked_as_estimated_from_2027(bundled: Calendars) -> None:
    by_place = {(row.day, row.state): row for row in bundled.holidays("MH")}
    assert by_place[date(2027, 10, 29), "IN"].name == "Diwali (Deepavali)"
    assert by_place[date(2027, 10, 29), "IN"].estimated
    assert not by_place[date(2026, 11, 8), "IN"].estimated
    assert not by_place[date(2028, 1, 26), "IN"].estimated
    assert not by_place[date(2027, 3, 26), "IN"].estimated  # Good Friday is computed
    assert all(row.source and row.as_of for row in by_place.values())


def test_an_operator_adds_days(operator: Operator) -> None:
    made = operator(
        "2026-11-30,MH,Election,public,no,Gazette 123,2026-11-20,",
        "2026-12-01,IN,Mourning,public,no,Gazette,2026-11-29,no",
    )
    assert not made.of_state("MH").is_working(date(2026, 11, 30))
    assert made.of_state("GJ").is_working(date(2026, 11, 30))
    assert not made.of_state("GJ").is_working(date(2026, 12, 1))


def test_an_operator_takes_a_day_of_the_nation_away(operator: Operator) -> None:
    moved = date(2027, 3, 10)  # Id-ul-Fitr as estimated
    made = operator(
        "2027-03-10,IN,Id-ul-Fitr,public,no,Gazette,2027-02-01,yes",
        "2027-03-11,IN,Id-ul-Fitr,public,,Gazette,2027-02-01,",
    )
    for state in ("DL", "TN"):
        assert made.of_state(state).is_working(moved)
        assert not made.of_state(state).is_working(moved + timedelta(days=1))


def test_a_day_taken_away_for_a_state_is_a_working_day_there_though_the_nation_keeps_it(operator: Operator) -> None:
    made = operator("2026-11-24,TN,Guru Nanak,public,no,G.O. 1,2026-10-01,yes")
    assert made.of_state("TN").is_working(date(2026, 11, 24))
    assert not made.of_state("DL").is_working(date(2026, 11, 24))
    assert not [row for row in made.holidays("TN") if row.day == date(2026, 11, 24)]


def test_a_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(
        b"\xef\xbb\xbf" + b"state,date,as_of,source,estimated,kind,name\r\n"
        + b'MH,2026-11-30,2026-11-20,"Gazette, part 1",NO,public, Election \r\n\r\n'
    )  # fmt: skip
    (row,) = read(file)
    assert (row.day, row.state, row.name, row.source, row.removed) == (
        date(2026, 11, 30), "MH", "Election", "Gazette, part 1", False,
    )  # fmt: skip


GOOD = "2026-11-30,MH,Election,public,no,Gazette,2026-11-20,"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (GOOD.replace("2026-11-30", "30.11.2026"), "line 3, date"),
        (GOOD.replace("2026-11-30", "2026-02-30"), "line 3, date"),
        (GOOD.replace("2026-11-20", ""), "line 3, as_of"),
        (GOOD.replace("MH", "Maharashtra"), "line 3, state"),
        (GOOD.replace("MH", "XX"), "line 3, state"),
        (GOOD.replace("Election", " "), "line 3, name"),
        (GOOD.replace("Gazette", ""), "line 3, source"),
        (GOOD.replace(",no,", ",perhaps,"), "line 3, estimated"),
        (GOOD + "maybe", "line 3, remove"),
        (GOOD + ",", "line 3"),
        ("2026-11-30,MH", "line 3"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_line_and_field(operator: Operator, line: str, named: str) -> None:
    with pytest.raises(InvalidInput) as error:
        operator(GOOD, line)
    assert error.value.field == f"mine.csv, {named}"


@pytest.mark.parametrize("header", ["", "date,state", HEADER + ",colour", HEADER + ",date", HEADER.replace(",", ";")])
def test_columns_that_are_not_the_right_ones_are_named(operator: Operator, header: str) -> None:
    with pytest.raises(InvalidInput, match=r"line 1.*date, state, name"):
        operator(GOOD, header=header)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="FileNotFoundError"):
        read(tmp_path / "absent.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UnicodeDecodeError"):
        read(tmp_path / "bytes.csv")


def test_a_process_goes_by_the_calendars_that_were_installed(operator: Operator, restored: None) -> None:
    calendar.install(operator(GOOD))
    assert not calendar.calendars().of_state("MH").is_working(date(2026, 11, 30))
    calendar.install()
    assert calendar.calendars().of_state("MH").is_working(date(2026, 11, 30))
