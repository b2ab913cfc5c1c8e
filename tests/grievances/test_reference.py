"""The reference: what it looks like, how it is read back from what people write, and which mistakes its digit catches.

The figures of decision 0009 are computed here again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from grievances import reference

REFERENCES = st.builds(
    lambda year, seed: reference.new_reference(year, Random(seed)), st.integers(2025, 2120), st.integers(0, 10**9)
)
DIGITS = {
    "hi": "०१२३४५६७८९",
    "bn": "০১২৩৪৫৬৭৮৯",
    "ta": "௦௧௨௩௪௫௬௭௮௯",
    "ur": "۰۱۲۳۴۵۶۷۸۹",
    "wide": "０１２３４５６７８９",
}


@given(REFERENCES)
def test_a_new_reference_is_one(made: str) -> None:
    assert reference.parse(made) == made
    assert len(made) == reference.LENGTH
    assert "".join(reference.groups(made)) == made
    assert reference.parse(reference.shown(made)) == made
    assert [len(group) for group in reference.groups(made)] == [2, 4, 5]


@given(
    REFERENCES, st.sampled_from(sorted(DIGITS)), st.lists(st.sampled_from(" -–./\u200b\u00a0"), max_size=12), st.data()
)
def test_any_grouping_and_any_digits_are_read(made: str, script: str, between: list[str], data: st.DataObject) -> None:
    written = [DIGITS[script][int(digit)] for digit in made]
    for sign in between:
        written.insert(data.draw(st.integers(0, len(written))), sign)
    assert reference.parse("".join(written)) == made


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    made = next(one for seed in range(99) if {"0", "1"} < set(one := reference.new_reference(2026, Random(seed))))
    assert reference.parse(made.replace("0", "O").replace("1", "l")) == made


@given(st.text())
def test_anything_else_is_refused_and_nothing_breaks(text: str) -> None:
    try:
        assert reference.check_digit(reference.parse(text)) == "0"
    except InvalidInput as refused:
        assert refused.field == "reference"  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("text", ["", "26-4815-1623", "26-4815-162322", "GRV-26", "26-4815-16231", "²6481516232"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        reference.parse(text)
    assert reference.parse("26-4815-16232") == "26481516232"


def mistakes(number: str) -> Iterator[tuple[str, str]]:
    """Every mistake of the kinds that people make when they read, say, hear and key in digits."""
    for at, digit in enumerate(number):
        for other in "0123456789":
            if other != digit:
                yield "one digit", number[:at] + other + number[at + 1 :]
    for at in range(len(number) - 1):
        one, two = number[at], number[at + 1]
        rest = number[at + 2 :]
        if one != two:
            yield "neighbours exchanged", number[:at] + two + one + rest
        else:
            yield from (("twins", number[:at] + other * 2 + rest) for other in "0123456789" if other != one)
        if one == "1" and two >= "2":
            yield "thirteen and thirty", number[:at] + two + "0" + rest
        if two == "0" and one >= "2":
            yield "thirteen and thirty", number[:at] + "1" + one + rest
    for at in range(len(number) - 2):
        one, two, three = number[at], number[at + 1], number[at + 2]
        rest = number[at + 3 :]
        if one != three:
            yield "exchanged over one", number[:at] + three + two + one + rest
        else:
            others = (other for other in "0123456789" if other != one)
            yield from (("twins over one", number[:at] + other + two + other + rest) for other in others)


def caught(fits: Callable[[str], bool], numbers: list[str]) -> dict[str, float]:
    """Share of each kind of mistake that leads to a number that does not fit, in percent."""
    seen: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for number in numbers:
        assert fits(number)
        for kind, wrong in mistakes(number):
            seen[kind] += 1
            found[kind] += not fits(wrong)
    return {kind: 100 * found[kind] / seen[kind] for kind in sorted(seen)}


# Verhoeff's tables: J. Verhoeff, Error Detecting Decimal Codes, 1969. Source: https://en.wikipedia.org/wiki/Verhoeff_algorithm
_TIMES = [[(a + b) % 5 + 5 * (b >= 5) if a < 5 else (a - b) % 5 + 5 * (b < 5) for b in range(10)] for a in range(10)]
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def verhoeff_fits(number: str) -> bool:
    interim = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = _TURN[value]
        interim = _TIMES[interim][value]
    return interim == 0


def damm_fits(number: str) -> bool:
    return reference.check_digit(number) == "0"


def mod97_fits(number: str) -> bool:
    return int(number) % 97 == 1


def ending(fits: Callable[[str], bool], digits: int, seed: int) -> str:
    """A number of this scheme: the year, eight digits, and as many check digits as it needs."""
    body = f"26{Random(seed).randrange(10**8):08}"
    return next(one for check in range(10**digits) if fits(one := f"{body}{check:0{digits}}"))


FIGURES: dict[str, tuple[Callable[[str], bool], int, dict[str, float]]] = {
    "damm": (
        damm_fits, 1,
        {"thirteen and thirty": 97.6, "exchanged over one": 89.4, "twins": 91.5, "twins over one": 86.2},
    ),
    "verhoeff": (
        verhoeff_fits, 1,
        {"thirteen and thirty": 82.6, "exchanged over one": 95.0, "twins": 96.1, "twins over one": 95.0},
    ),
    "mod 97": (
        mod97_fits, 2,
        {"thirteen and thirty": 100, "exchanged over one": 100, "twins": 100, "twins over one": 100},
    ),
}  # fmt: skip


@pytest.mark.parametrize("scheme", FIGURES)
def test_the_figures_of_the_decision_record(scheme: str) -> None:
    fits, digits, figures = FIGURES[scheme]
    measured = caught(fits, [ending(fits, digits, seed) for seed in range(1500)])
    assert measured["one digit"] == measured["neighbours exchanged"] == 100
    for kind, expected in figures.items():
        assert measured[kind] == pytest.approx(expected, abs=1.5), kind


@given(REFERENCES)
def test_one_wrong_or_two_exchanged_digits_are_always_noticed(made: str) -> None:
    for kind, wrong in mistakes(made):
        if kind in ("one digit", "neighbours exchanged"):
            with pytest.raises(InvalidInput):
                reference.parse(wrong)
