"""What has a shape of its own: Udyam number, PIN code, amount, mobile number, grievance reference."""

from typing import Iterator, List, NamedTuple, Optional, Union

import regex

from bot.components.text import DEVANAGARI, fold

_UDYAM = regex.compile(r"\bUDYAM[\s\-–/]*([A-Z]{2})[\s\-–/]*(\d{2})[\s\-–/]*(\d{7})\b", regex.IGNORECASE)
_PINCODE = regex.compile(r"(?<![\d,.\-/+])([1-9]\d{2}) ?(\d{3})(?!\d|[,./\-]\d)")
_MOBILE = regex.compile(
    r"(?<![\d])(?:(?:\+ ?91|0091)[ \-]?(\d{5})[ \-]?(\d{5})|(?:91|0)?[ \-]?([6-9]\d{4})[ \-]?(\d{5}))(?!\d)"
)
# Ours are eleven digits, usually in groups of two, four and five; those of CPGRAMS carry the organisation and the year.
_REFERENCE = regex.compile(
    r"\b[A-Z]{2,8}/[A-Z]/\d{4}/\d{5,8}\b|(?<![\d\-/+])[2-4]\d[\s\-]?\d{4}[\s\-]?\d{5}(?![\d\-/]|\.\d)", regex.IGNORECASE
)

_UNITS = {
    "thousand": 1_000, "hazar": 1_000, "hajar": 1_000, "हजार": 1_000, "k": 1_000,
    "lakh": 100_000, "lakhs": 100_000, "lac": 100_000, "lacs": 100_000, "laakh": 100_000, "लाख": 100_000,
    "crore": 10_000_000, "crores": 10_000_000, "cr": 10_000_000, "karod": 10_000_000, "करोड": 10_000_000,
}  # fmt: skip
_NUMBER_WORDS = {
    "ek": 1, "do": 2, "teen": 3, "char": 4, "chaar": 4, "paanch": 5, "panch": 5, "chhe": 6, "saat": 7, "aath": 8,
    "nau": 9, "das": 10, "bees": 20, "pachees": 25, "pachis": 25, "tees": 30, "chalis": 40, "pachas": 50,
    "एक": 1, "दो": 2, "तीन": 3, "चार": 4, "पांच": 5, "पाच": 5, "छह": 6, "सात": 7, "आठ": 8, "नौ": 9, "दस": 10,
    "बीस": 20, "पच्चीस": 25, "तीस": 30, "चालीस": 40, "पचास": 50,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
}  # fmt: skip
_CURRENCY = r"(?:₹|rs\.?|inr|rupees?|rupaye?|rupay|रुपये|रुपए|रुपया|रु\.?)"
_UNIT = "|".join(sorted([*_UNITS, "करोड\u093c"], key=len, reverse=True))
_SPOKEN = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_AMOUNT = regex.compile(
    rf"(?<![\w/\-])(?P<before>{_CURRENCY})?\s*"
    rf"(?:(?P<digits>\d[\d,]*(?:\.\d+)?)|(?P<spoken>{_SPOKEN})(?=\s))"
    rf"\s*(?:(?P<unit>{_UNIT})(?![\p{{L}}\p{{M}}]))?\s*(?P<after>{_CURRENCY}(?![\p{{L}}\p{{M}}]))?",
    regex.IGNORECASE,
)


# What a reference is called where examples are learnt from: its digits say nothing about what is meant.
_NAMED = {True: "शिकायत नंबर", False: "complaint number"}


def with_names(text: str) -> str:
    """The text with "complaint number" in place of every reference of a grievance, for those who read its meaning."""
    return _REFERENCE.sub(_NAMED[bool(DEVANAGARI.search(text))], text)


class Found(NamedTuple):
    """One entity with its place."""

    entity: str
    value: Union[str, int]
    start: int
    end: int


def _rupees(match: "regex.Match") -> Optional[int]:
    unit, digits = match.group("unit"), match.group("digits")
    if not unit and not (digits and (match.group("before") or match.group("after"))):
        return None
    number = float(digits.replace(",", "")) if digits else float(_NUMBER_WORDS[fold(match.group("spoken"))])
    rupees = number * (_UNITS[fold(unit)] if unit else 1)
    return round(rupees) if 0 < rupees < 10**13 else None


def find_amounts(text: str) -> Iterator[Found]:
    """Amounts of money: a number with a unit (lakh, crore) or a currency sign."""
    for match in _AMOUNT.finditer(text.replace("\u0901", "\u0902")):  # one nasal sign, same length
        rupees = _rupees(match)
        if rupees is not None:
            piece = match.group()
            start = match.start() + len(piece) - len(piece.lstrip())
            yield Found("amount", rupees, start, match.end() - (len(piece) - len(piece.rstrip())))


def find_numbers(text: str) -> Iterator[Found]:
    """Udyam numbers, grievance references and mobile numbers."""
    for match in _UDYAM.finditer(text):
        state, district, number = match.groups()
        yield Found("udyam_number", f"UDYAM-{state.upper()}-{district}-{number}", match.start(), match.end())
    for match in _REFERENCE.finditer(text):
        yield Found("grievance_reference", _reference(match.group()), match.start(), match.end())
    for match in _MOBILE.finditer(text):
        digits = "".join(part for part in match.groups() if part)
        yield Found("mobile_number", "+91" + digits, match.start(), match.end())


def _reference(written: str) -> str:
    """A reference in its printed form."""
    digits = "".join(sign for sign in written if sign.isdigit())
    if any(sign.isalpha() for sign in written):
        return written.upper()
    return f"{digits[:2]}-{digits[2:6]}-{digits[6:]}"


def find_pincodes(text: str) -> Iterator[Found]:
    """PIN codes: six digits, perhaps written three and three."""
    for match in _PINCODE.finditer(text):
        yield Found("pincode", match.group(1) + match.group(2), match.start(), match.end())


def find_patterns(text: str) -> List[Found]:
    """Everything with a shape of its own, the most telling shape first; a piece of text is used once."""
    taken: List[Found] = []
    for found in (*find_numbers(text), *find_amounts(text), *find_pincodes(text)):
        if all(found.end <= other.start or found.start >= other.end for other in taken):
            taken.append(found)
    return taken
