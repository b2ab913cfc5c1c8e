"""Numbers with a shape of their own: Udyam numbers, PIN codes, references of grievances and their access codes."""

from enum import StrEnum
from typing import NamedTuple

import regex

from actions.parsing.text import listed, plain
from core.errors import InvalidInput
from grievances import reference as references


class Trouble(StrEnum):
    """Why something that was meant as a number is none."""

    SHAPE = "shape"
    STATE = "state"


class Udyam(NamedTuple):
    """A Udyam number with its place in the plain text; without a value where it is wrong."""

    value: str | None
    trouble: Trouble | None
    start: int
    end: int


# Two letters of a State as Udyam numbers carry them; some States go by two of them.
UDYAM_STATES = listed(
    "AN AP AR AS BR CG CH CT DD DH DL DN GA GJ HP HR JH JK KA KL KR LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TG TN TR "
    "TS UK UP UT WB"
)
_LEAST_DIGITS = 4
"""Fewer digits behind "Udyam" mean something else: "mera udyam 5 saal se"."""
_GAP = r"[\s\-–—/_.]*"
_UDYAM = regex.compile(
    rf"(?<![\p{{L}}\d])(?:UDYAM{_GAP})?([A-Z]{{2}}){_GAP}(\d{{2}}){_GAP}(\d{{7}})(?![\p{{L}}\d])", regex.IGNORECASE
)
_MEANT = regex.compile(
    rf"(?<!\p{{L}})UDYAM{_GAP}(?:(?:number|no|nambar|registration){_GAP})*(?=[A-Z]{{0,4}}{_GAP}[\dO])[A-Z]{{0,4}}[\dOIL\s\-–/]*\d",
    regex.IGNORECASE,
)
_OLD = regex.compile(r"(?<![\p{L}\d])[A-Z]{2}\d{2}[A-Z]\d{7}(?![\p{L}\d])", regex.IGNORECASE)
_PIN = regex.compile(r"(?<![\d,.\-/+])([1-9]\d{2})\s?(\d{3})(?!\d|[,./\-]\d)")
_FIGURES = regex.compile(r"(?<![\d\p{L}])\d[\d ]*\d(?![\d\p{L}])")
_REFERENCE = regex.compile(r"(?<!\d)(?:\d[\s\-–—./_]{0,2}){10}\d(?!\d)")
_CODE = regex.compile(r"(?<![\d\-/])\d{3}[\s\-]?\d{3}(?![\d\-/])")


def find_udyam(text: str) -> Udyam | None:
    """The Udyam number of a text, or what was meant as one and is wrong."""
    text = plain(text)
    match = _UDYAM.search(text)
    if match:
        state, district, number = match.groups()
        if state.casefold() not in UDYAM_STATES:
            return Udyam(None, Trouble.STATE, *match.span())
        return Udyam(f"UDYAM-{state.upper()}-{district}-{number}", None, *match.span())
    for wrong in (_OLD.search(text), _MEANT.search(text)):
        if wrong and sum(sign.isdigit() for sign in wrong.group()) >= _LEAST_DIGITS:
            return Udyam(None, Trouble.SHAPE, *wrong.span())
    return None


def find_pins(text: str) -> list[str]:
    """What may be PIN codes: six digits, perhaps written three and three."""
    return [first + second for first, second in _PIN.findall(plain(text))]


def has_figures(text: str) -> bool:
    """Whether digits stand alone in a text, two or more."""
    return _FIGURES.search(plain(text)) is not None


def find_reference(text: str) -> tuple[str | None, Trouble | None, str]:
    """The reference of a grievance in a text.

    Returns:
        The reference; why what looks like one is none; and the text without it.
    """
    text = plain(text)
    trouble = None
    for match in _REFERENCE.finditer(text):
        try:
            found = references.parse(match.group())
        except InvalidInput:
            trouble = Trouble.SHAPE
            continue
        return found, None, f"{text[: match.start()]} {text[match.end() :]}"
    return None, trouble, text


def find_code(text: str) -> str | None:
    """The six digits of an access code, where there is exactly one such number."""
    found = _CODE.findall(plain(text))
    return "".join(sign for sign in found[0] if sign.isdigit()) if len(found) == 1 else None
