"""The number of record: eleven digits with a check digit, to be read aloud and keyed in (decision 0009)."""

import unicodedata
from random import Random

from core.errors import InvalidInput

LENGTH = 11
_GROUPS = (2, 4, 5)
_BETWEEN = " \t\n-‐‑‒–—./_\u00a0\u200b\u200c\u200d\u2060\ufeff"
_TO_DIGIT = {"o": "0", "O": "0", "l": "1", "I": "1"}
# Damm's totally anti-symmetric quasigroup of order 10. Source: https://en.wikipedia.org/wiki/Damm_algorithm
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def check_digit(digits: str) -> str:
    """Damm's check digit of ASCII digits; that of a number that ends with its own is 0."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def new_reference(year: int, choose: Random) -> str:
    """A new reference: two digits of the year, eight that nobody can guess, and the check digit.

    Args:
        year: The year of filing, in India.
        choose: Where the eight digits come from; `random.SystemRandom` outside of tests.
    """
    digits = f"{year % 100:02}{choose.randrange(10**8):08}"
    return digits + check_digit(digits)


def normalise(text: str) -> str:
    """The ASCII digits of a number in any script's digits and any grouping; letters o and l are read as 0 and 1.

    Raises:
        InvalidInput: There is something else in it.
    """
    found = []
    for sign in text.strip():
        if sign in _BETWEEN:
            continue
        digit = unicodedata.decimal(sign, None)
        if digit is None and sign not in _TO_DIGIT:
            raise InvalidInput("reference", "digits only")
        found.append(_TO_DIGIT.get(sign, str(digit)))
    return "".join(found)


def parse(text: str) -> str:
    """The reference that somebody wrote or keyed in.

    Raises:
        InvalidInput: It has another length, or its check digit does not fit.
    """
    digits = normalise(text)
    if len(digits) != LENGTH:
        raise InvalidInput("reference", f"{LENGTH} digits")
    if check_digit(digits) != "0":
        raise InvalidInput("reference", "digits that fit together: one of them is mistaken")
    return digits


def groups(reference: str) -> tuple[str, ...]:
    """The groups in which a reference is printed and read aloud."""
    found, start = [], 0
    for length in _GROUPS:
        found.append(reference[start : start + length])
        start += length
    return tuple(found)


def shown(reference: str) -> str:
    """The reference as it is printed: ``26-4815-16232``."""
    return "-".join(groups(reference))
