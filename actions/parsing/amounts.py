"""Amounts of rupees, in figures and in words: `2 lakh 50 hazar`, `ढाई लाख`, `Rs 2,00,000/-`, `1.5 cr`."""

from fractions import Fraction
from typing import NamedTuple

from actions.parsing.numbers import Token, read_number, tokens
from actions.parsing.text import fold, listed, plain

MOST = 10**13
_LEAST_BARE = 100
"""A bare figure smaller than this is more likely short for lakhs or thousands."""
_LONGEST_BARE = 9
"""A bare figure with more digits is more likely a telephone or account number."""

_UNITS: dict[str, int] = {
    fold(word): value
    for value, spelled in {
        100: "so sau hundred hundreds सौ",
        1_000: "thousand thousands hazar hazaar hajar hajaar हजार हज़ार k",
        100_000: "lakh lakhs lac lacs laakh lax लाख l",
        10_000_000: "crore crores cr karod karor caror करोड़ करोड",
        1_000_000_000: "arab arabs अरब billion",
        1_000_000: "million",
    }.items()
    for word in spelled.split()
}
_STUCK_ONLY = frozenset({"k", "l", "so"})
"""Units that count only where they touch the figure: as words they mean something else too often."""
_CURRENCY = listed("₹ rs inr rupee rupees rupaye rupay rupaiya rupaya rupye rupiya rupaiye रुपये रुपए रुपया रूपये रु रू")


class Amount(NamedTuple):
    """An amount with its place in the plain text."""

    rupees: int
    start: int
    end: int


def find_amounts(text: str) -> list[Amount]:
    """Every amount of a text that has a unit or a currency sign."""
    line = tokens(plain(text))
    found: list[Amount] = []
    at = 0
    while at < len(line):
        read = _amount_at(line, at)
        if read is None:
            at += 1
            continue
        amount, at = read
        if 1 <= amount.rupees <= MOST:
            found.append(amount)
    return found


def _amount_at(line: list[Token], at: int) -> tuple[Amount, int] | None:
    """An amount that begins at a token, and the token behind it."""
    start = at
    before = _skip_currency(line, at)
    total = _sum(line, before)
    marked = before > at
    if total is not None:
        value, after, has_unit = total
    else:
        bare = read_number(line, before)
        if bare is None or line[before].number is None or _is_part(line, before):
            return None
        (value, after), has_unit = bare, False
    behind = _skip_currency(line, after)
    grouped = "," in line[before].text  # nobody writes commas into a year or a telephone number
    if not (has_unit or marked or grouped or behind > after or _has_dash(line, after)):
        return None
    return Amount(round(value), line[start].start, line[max(behind, after) - 1].end), max(behind, after)


def _skip_currency(line: list[Token], at: int) -> int:
    """Behind `Rs.`, `₹`, `rupees` and the like."""
    after = at
    while after < len(line) and line[after].text in _CURRENCY:
        after += 1
        if after < len(line) and line[after].text == "." and line[after].start == line[after - 1].end:
            after += 1
    return after


def _has_dash(line: list[Token], at: int) -> bool:
    """Whether `/-` follows."""
    return [token.text for token in line[at : at + 2]] == ["/", "-"]


def _is_part(line: list[Token], at: int) -> bool:
    """Whether a figure is part of something longer: a date, a number with letters, a fraction."""
    token = line[at]
    before = line[at - 1] if at else None
    after = line[at + 1] if at + 1 < len(line) else None
    touching_before = before is not None and before.end == token.start and before.text not in _CURRENCY | {"(", "="}
    touching_before = touching_before and not (before is not None and before.text == "." and at > 1)
    touching_after = after is not None and after.start == token.end and after.text in {"/", "-", ":", "%"}
    return touching_before or (touching_after and not _has_dash(line, at + 1))


def _sum(line: list[Token], at: int) -> tuple[Fraction, int, bool] | None:
    """A number with its unit, and smaller ones behind it: `2 lakh 50 hazar`."""
    total, last, after = Fraction(0), 0, at
    while True:
        following = after
        if last and following < len(line) and line[following].text in {"and", "aur", "और", ","}:
            following += 1
        read = read_number(line, following)
        if read is None or (line[following].number is not None and _is_glued(line, following)):
            break
        value, behind = read
        behind += behind < len(line) and line[behind].text in {"a", "an"}  # "half a crore"
        unit = _unit_at(line, behind)
        if unit is None and last and value < last and _skip_currency(line, behind) > behind:
            return total + value, behind, True  # the rest in rupees: "2 lakh 500 rupaye"
        if unit is None or (last and unit >= last):
            break
        while (larger := _unit_at(line, behind + 1)) and larger > unit:  # "paanch so karod", "do hazar crore"
            value, unit, behind = value * unit, larger, behind + 1
        total, last, after = total + value * unit, unit, behind + 1
    return (total, after, True) if last else None


def _is_glued(line: list[Token], at: int) -> bool:
    """Whether a figure hangs on letters or another number: `MH-26-0123456`, `12/05`."""
    if not at or line[at - 1].end != line[at].start or _ends_range(line, at):
        return False
    return line[at - 1].text in {"-", "/"} or (line[at - 1].text[-1].isalnum() and line[at - 1].text not in _CURRENCY)


def _ends_range(line: list[Token], at: int) -> bool:
    """Whether it is the second number of `2-3 lakh`."""
    if at < 2 or line[at - 1].text not in {"-", "–"} or line[at - 2].number is None:
        return False
    return at == 2 or line[at - 3].end < line[at - 2].start


def _unit_at(line: list[Token], at: int) -> int | None:
    if not 0 < at < len(line):
        return None
    token = line[at]
    if token.text in _STUCK_ONLY and token.start != line[at - 1].end and token.text != "so":
        return None
    if token.text == "so" and line[at - 1].number is None and read_number(line, at - 1) is None:
        return None
    return _UNITS.get(token.text)


def bare_amount(text: str) -> int | None:
    """The one figure of a short answer to "how much", if it can be nothing else."""
    line = tokens(plain(text))
    figures = [token for token in line if token.number is not None]
    if len(figures) != 1 or figures[0].number is None:
        return None
    at, value = line.index(figures[0]), figures[0].number
    negative = at > 0 and line[at - 1].text in {"-", "−"}
    digits = sum(sign.isdigit() for sign in figures[0].text.split(".")[0])
    if _is_part(line, at) or negative or digits > _LONGEST_BARE or value < _LEAST_BARE:
        return None
    return round(value)
