"""When something happened: `12/05/2026`, `12 मई`, `since January`, `3 mahine se`; day before month, as in India."""

import calendar
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import regex

from actions.parsing.numbers import Token, read_number, tokens
from actions.parsing.text import fold, listed, plain

_EARLIEST_YEAR = 1950


class Trouble(StrEnum):
    """Why a date cannot be taken."""

    IMPOSSIBLE = "impossible"
    FUTURE = "future"


class Found(NamedTuple):
    """A date with its place in the plain text; without a day where it is none."""

    day: date | None
    trouble: Trouble | None
    start: int
    end: int


def _by_word(table: dict[int, str]) -> dict[str, int]:
    return {fold(word): value for value, spelled in table.items() for word in spelled.split()}


_MONTHS = _by_word({
    1: "january jan janvari janwari जनवरी", 2: "february feb farvari farwari फरवरी", 3: "march mar मार्च",
    4: "april apr aprail अप्रैल", 5: "may मई", 6: "june jun joon जून", 7: "july jul julai जुलाई",
    8: "august aug agast अगस्त", 9: "september sep sept sitambar सितंबर सितम्बर",
    10: "october oct aktubar aktoobar अक्टूबर अक्तूबर",
    11: "november nov navambar नवंबर नवम्बर", 12: "december dec disambar दिसंबर दिसम्बर",
})  # fmt: skip
_DAY, _WEEK, _MONTH, _YEAR = 1, 7, 30, 365
_UNITS = _by_word({
    _DAY: "day days din dino dinon दिन दिनों", _WEEK: "week weeks hafta hafte hafton haftey saptah हफ्ता हफ्ते हफ्तों सप्ताह",
    _MONTH: "month months mahina mahine mahino mahinon mahiney maheene mahene mah maah महीना महीने महीनों माह",
    _YEAR: "year years saal sal saalon baras varsh साल सालों वर्ष बरस",
})  # fmt: skip
_AGO = listed(
    "se since ago pehle pahle pehele pahele पहले पूर्व before back for from hi over से last past pichle pichhle "
    "पिछले beete बीते"
)
_DONE = listed("ho gaye gaya gaye gayi हो गए गये gya gye")
_LAST = listed("last past previous pichle pichhle pichla gat पिछले पिछला गत बीते")
_SINCE = listed("since from in se mein me से में month mahine महीने")
_FROM = listed("se से me mein में")
_ARTICLES = frozenset({"a", "an"})
_TODAY, _YESTERDAY, _BEFORE, _TOMORROW = map(
    listed, ("today aaj आज", "yesterday kal कल", "parso parson परसों", "tomorrow")
)
_ISO = regex.compile(r"(?<![\d/\-.])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d/\-])")
_NUMERIC = regex.compile(r"(?<![\d/\-.,\p{L}])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d/\-])")
_SHORT = regex.compile(r"(?<![\d/\-.,\p{L}])(\d{1,2})[-/](\d{1,2})(?![\d/\-.]|-)")


def _checked(year: int, month: int, day: int, today: date) -> tuple[date | None, Trouble | None]:
    try:
        found = date(year, month, day)
    except ValueError:
        return None, Trouble.IMPOSSIBLE
    if found > today:
        return None, Trouble.FUTURE
    if year < _EARLIEST_YEAR:
        return None, Trouble.IMPOSSIBLE
    return found, None


def _century(year: int, today: date) -> int:
    if year >= 100:
        return year
    return 2000 + year if 2000 + year <= today.year + 10 else 1900 + year


def _last_time(month: int, day: int, today: date) -> tuple[date | None, Trouble | None]:
    """The latest past day of a date without a year; 29 February may be some years back."""
    for year in range(today.year, today.year - 8, -1):
        found, trouble = _checked(year, month, day, today)
        if found is not None:
            return found, None
        if trouble is Trouble.IMPOSSIBLE and not (month == 2 and day == 29):
            break
    return None, Trouble.IMPOSSIBLE


def months_before(today: date, months: int) -> date:
    """The same day some months earlier, or the last day of a shorter month."""
    total = today.year * 12 + today.month - 1 - months
    year, month = divmod(total, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def find_dates(text: str, today: date, *, asked: bool = False) -> list[Found]:
    """Every date of a text, in order.

    Args:
        text: What was written.
        today: The day of today in India.
        asked: Whether a date was asked for: then `kal`, `3 mahine` and `12/05` are taken for one too.
    """
    text = plain(text)
    found = _numeric(text, today, asked=asked)
    line = tokens(text)
    for read in (_named, _relative, _year_alone, _spoken):
        for at in range(len(line)):
            one = read(line, at, today, asked)
            if one is not None and all(one.end <= other.start or one.start >= other.end for other in found):
                found.append(one)
    return sorted(found, key=lambda one: one.start)


def _numeric(text: str, today: date, *, asked: bool) -> list[Found]:
    found = []
    for match in _ISO.finditer(text):
        year, month, day = map(int, match.groups())
        found.append(Found(*_checked(year, month, day, today), *match.span()))
    for match in _NUMERIC.finditer(text):
        year = _century(int(match[4]), today)
        found.append(Found(*_checked(year, int(match[3]), int(match[1]), today), *match.span()))
    if asked and not found:
        found += [
            Found(*_last_time(int(match[2]), int(match[1]), today), *match.span())
            for match in _SHORT.finditer(text)
            if not _is_range(text, match)
        ]
    return found


def _is_range(text: str, match: regex.Match[str]) -> bool:
    """Whether `15-20` is followed by a unit: fifteen to twenty days."""
    behind = tokens(text[match.end() :])
    return bool(behind) and behind[0].text in _UNITS


def _whole(token: Token, least: int, most: int) -> int | None:
    number = token.number
    if number is None or number.denominator != 1 or not least <= number <= most or "," in token.text:
        return None
    return int(number)


def _year_at(line: list[Token], at: int) -> tuple[int, int] | None:
    """A year of four digits at a token or behind a comma, and the token behind it."""
    for skipped in (at, at + 1):
        if skipped < len(line) and (year := _whole(line[skipped], 1900, 2199)):
            return year, skipped + 1
        if skipped < len(line) and line[skipped].text not in {",", "ke", "के", "of", "."}:
            return None
    return None


def _named(line: list[Token], at: int, today: date, asked: bool) -> Found | None:
    """A month by its name, with a day, a year, or "since"."""
    month = _MONTHS.get(line[at].text)
    if month is None:
        return None
    before, start, behind = _day_before(line, at)
    day, after = before, at + 1
    year = _year_at(line, after)
    if day is None and year is None and after < len(line) and (day := _whole(line[after], 1, 31)):
        after += 1
        year = _year_at(line, after)
    if year is not None:
        return Found(*_checked(year[0], month, day or 1, today), line[start].start, line[year[1] - 1].end)
    if day is not None:
        return Found(*_last_time(month, day, today), line[start].start, line[after - 1].end)
    if (
        (asked and len(line) <= 4)
        or behind in _SINCE - {"in"} | _LAST
        or (after < len(line) and line[after].text in _SINCE)
    ):
        return Found(*_last_time(month, 1, today), line[at].start, line[at].end)
    return None


def _day_before(line: list[Token], at: int) -> tuple[int | None, int, str]:
    """The day in front of a month ("12 May", "12th of May"), where it starts, and the word in front of the month."""
    start = at - 1
    while start >= 0 and line[start].text in {"th", "st", "nd", "rd", "of", "-", "tareekh", "tarikh", "तारीख"}:
        start -= 1
    day = _whole(line[start], 1, 31) if start >= 0 else None
    return day, start if day is not None else at, line[at - 1].text if at else ""


def _relative(line: list[Token], at: int, today: date, asked: bool) -> Found | None:
    """A length of time up to now: `3 mahine se`, `since 3 months`, `dedh saal pehle`, `pichle mahine`."""
    before = line[at - 1].text if at else ""
    unit = _UNITS.get(line[at].text)
    if unit is not None and before in _LAST:
        return Found(*_ago(Fraction(1), unit, today), line[at - 1].start, line[at].end)
    read = read_number(line, at)
    if read is None and line[at].text in _ARTICLES and at + 2 < len(line) and line[at + 2].text in _AGO:
        read = Fraction(1), at + 1  # "a year ago"
    if read is None or (at and read_number(line, at - 1) is not None and line[at - 1].end == line[at].start):
        return None
    number, after = read
    unit = _UNITS.get(line[after].text) if after < len(line) else None
    if unit is None or number <= 0:
        return None
    behind = line[after + 1].text if after + 1 < len(line) else ""
    if not (asked or before in _AGO or behind in _AGO | _DONE):
        return None
    return Found(*_ago(number, unit, today), line[at].start, line[after].end)


def _ago(number: Fraction, unit: int, today: date) -> tuple[date | None, Trouble | None]:
    if number * unit > 100 * _YEAR:
        return None, Trouble.IMPOSSIBLE
    if unit in (_MONTH, _YEAR):
        months = number * (12 if unit == _YEAR else 1)
        whole = int(months)
        day = months_before(today, whole) - timedelta(days=round((months - whole) * _MONTH))
    else:
        day = today - timedelta(days=round(number * unit))
    return (day, None) if day.year >= _EARLIEST_YEAR else (None, Trouble.IMPOSSIBLE)


def _year_alone(line: list[Token], at: int, today: date, asked: bool) -> Found | None:
    """`since 2024`, `2024 se`: the first day of that year."""
    year = _whole(line[at], 1900, 2199)
    if year is None:
        return None
    before = line[at - 1].text if at else ""
    behind = line[at + 1].text if at + 1 < len(line) else ""
    if before in _SINCE - {"to"} or behind in _FROM or (asked and len(line) == 1):
        return Found(*_checked(year, 1, 1, today), line[at].start, line[at].end)
    return None


def _spoken(line: list[Token], at: int, today: date, asked: bool) -> Found | None:
    """Today, yesterday and the day before, where a date was asked for."""
    if not asked:
        return None
    word, (start, end) = line[at].text, (line[at].start, line[at].end)
    if word in _TOMORROW:
        return Found(None, Trouble.FUTURE, start, end)
    for days, spoken in enumerate((_TODAY, _YESTERDAY, _BEFORE)):
        if word in spoken:
            return Found(today - timedelta(days=days), None, start, end)
    return None
