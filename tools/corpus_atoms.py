"""Reads the checkable atoms (numbers, dates, links, telephone numbers, acronyms) out of English and Hindi text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

_DEVANAGARI = "\u0900-\u0963\u0970-\u097f"  # without the danda and the digits
_END = rf"(?![A-Za-z{_DEVANAGARI}])"
_MONTHS = (
    ("January", "Jan", "जनवरी"),
    ("February", "Feb", "फरवरी"),
    ("March", "Mar", "मार्च"),
    ("April", "Apr", "अप्रैल"),
    ("May", "मई"),
    ("June", "Jun", "जून"),
    ("July", "Jul", "जुलाई"),
    ("August", "Aug", "अगस्त"),
    ("September", "Sept", "Sep", "सितंबर", "सितम्बर"),
    ("October", "Oct", "अक्टूबर", "अक्तूबर"),
    ("November", "Nov", "नवंबर", "नवम्बर"),
    ("December", "Dec", "दिसंबर", "दिसम्बर"),
)
_WORDS = {
    3: "three तीन तीनों",
    4: "four चार चारों",
    5: "five पांच पाँच",
    6: "six छह छः",
    7: "seven सात",
    8: "eight आठ",
    9: "nine नौ",
    10: "ten दस",
    11: "eleven ग्यारह",
    12: "twelve बारह",
    15: "fifteen पंद्रह पन्द्रह",
    20: "twenty बीस",
}
_FACT_WORDS = {1: "one single", 2: "two both", 8: "VIII"}
_SCALES = {
    1_000: "thousand k हजार",
    100_000: "lakhs lakh L लाख",
    10_000_000: "crores crore cr करोड",
}
_UNITS = {
    "%": "percent प्रतिशत",
    "Rs": "rupees rupee रुपये रुपए रुपयों रुपया रु",
    "days": "days day दिनों दिन",
    "weeks": "weeks week सप्ताह हफ्ते हफ्तों हफ्ता",
    "months": "months month महीनों महीने महीना माह",
    "years": "years year वर्षों वर्ष सालों साल",
    "hours": "hours hour hrs hr h घंटों घंटे घंटा",
    "times": "times x गुना गुनी गुने",
}
_PHRASE_UNITS = (
    (r"per\s+cent", "%"),
    (r"working[\s-]days?", "working days"),
    (r"(?:कार्य|कामकाजी)\s*(?:दिवसों|दिवस|दिनों|दिन)", "working days"),
)


def _plain(text: str) -> str:
    """Compose the text, drop the nukta and joiners, so that spellings differ less."""
    decomposed = unicodedata.normalize("NFC", text)
    return re.sub("[\u093c\u200c\u200d]", "", decomposed)


def _choice(words: Iterable[str]) -> str:
    names = sorted((_plain(word) for word in words), key=len, reverse=True)
    return "|".join(re.escape(name) for name in names)


_MONTH_NUMBER = {_plain(name): at for at, names in enumerate(_MONTHS, 1) for name in names}
_SCALE_VALUE = {_plain(word).casefold(): value for value, words in _SCALES.items() for word in words.split()}
_UNIT_NAME = {_plain(word).casefold(): unit for unit, words in _UNITS.items() for word in words.split()}

_MONTH = rf"(?<![A-Za-z{_DEVANAGARI}])({_choice(_MONTH_NUMBER)}){_END}\.?"
_URL = re.compile(r"https?://[^\s<>()\[\]\"'।,;]+|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:in|com|org)(?![\w])(?:/[^\s)।,;]*)?")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\d-])(?:1[89]\d\d[- ]?\d{3}[- ]?\d{3,4}|0\d{2,4}-\d{6,8}|\+\d{10,13}|\d{10,11})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DMY = re.compile(r"(?<!\d)(\d{1,2})[./](\d{1,2})[./](\d{4})(?!\d)")
_DAY_MONTH = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+(\d{{4}})(?!\d))?")
_MONTH_YEAR = re.compile(rf"{_MONTH}[-\s]+(\d{{4}})(?!\d)")
_YEARS = re.compile(r"(?<!\d)((?:19|20)\d\d)[-–](\d\d)(?![\d])")
_SCALE = rf"(?:{_choice([*_SCALE_VALUE, 'lakhs', 'crores'])})"
_NUMBER = re.compile(
    r"(?<![\dA-Za-z])(?<!\d[.,])(?P<money>(?:\b(?:Rs|Re|INR)\.?|₹|रु\.?)\s*)?"
    r"(?P<digits>\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:[\s-]?(?P<scale>{_SCALE}){_END}(?:\s(?P<scale2>{_SCALE}){_END})?)?"
    r"(?:\+|(?:st|nd|rd|th)(?![A-Za-z]))?"
    rf"(?:[\s-]{{0,2}}(?:(?P<percent>%)|(?P<phrase>{'|'.join(p for p, _ in _PHRASE_UNITS)}){_END}"
    rf"|(?P<unit>{_choice(_UNIT_NAME)}){_END}))?"
    r"(?P<letters>[A-Za-z]+)?",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s*(?:-|–|/|to|से)\s*")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9&]*")


@dataclass(frozen=True, order=True)
class Atom:
    """One checkable value: its kind, its normal form and, for a number, the unit it counts."""

    kind: str
    value: str
    unit: str = ""

    def __str__(self) -> str:
        if self.unit == "%":
            return f"{self.value}%"
        return f"{self.kind} {self.value}{' ' + self.unit if self.unit else ''}"


@dataclass
class _Number:
    value: Decimal
    scaled: bool
    unit: str
    start: int
    end: int


def _words_to_digits(text: str, table: dict[int, str]) -> str:
    for value, words in table.items():
        pattern = rf"(?<![A-Za-z{_DEVANAGARI}])(?:{_choice(words.split())}){_END}"
        text = re.sub(pattern, str(value), text, flags=re.IGNORECASE)
    return text


def normal_link(link: str) -> str:
    """Bring a web address to the form in which two of them are compared."""
    bare = re.sub(r"^https?://", "", link.rstrip(".,;:/"))
    host, _, path = bare.partition("/")
    return host.lower().removeprefix("www.") + (f"/{path}" if path else "")


def _take(pattern: re.Pattern[str], text: str, found: list[re.Match[str]]) -> str:
    found.extend(pattern.finditer(text))
    return pattern.sub(" \u2026 ", text)


def _links(text: str) -> tuple[set[Atom], str]:
    atoms: set[Atom] = set()
    for kind, pattern in (("email", _EMAIL), ("link", _URL), ("phone", _PHONE)):
        found: list[re.Match[str]] = []
        text = _take(pattern, text, found)
        for match in found:
            atoms.add(Atom(kind, _link_value(kind, match.group())))
    return atoms, text


def _link_value(kind: str, raw: str) -> str:
    if kind == "phone":
        return re.sub(r"\D", "", raw)
    return raw.lower() if kind == "email" else normal_link(raw)


def _dates(text: str) -> tuple[set[Atom], str]:
    atoms: set[Atom] = set()
    found: list[re.Match[str]] = []
    text = _take(_ISO, text, found)
    atoms |= {Atom("date", "-".join(m.groups())) for m in found}
    found = []
    text = _take(_DMY, text, found)
    atoms |= {Atom("date", f"{m[3]}-{int(m[2]):02}-{int(m[1]):02}") for m in found}
    found = []
    text = _take(_DAY_MONTH, text, found)
    for match in found:
        day = f"{_MONTH_NUMBER[match[2]]:02}-{int(match[1]):02}"
        atoms.add(Atom("date", f"{match[3]}-{day}") if match[3] else Atom("day", day))
    found = []
    text = _take(_MONTH_YEAR, text, found)
    atoms |= {Atom("date", f"{m[2]}-{_MONTH_NUMBER[m[1]]:02}") for m in found}
    found = []
    text = _take(_YEARS, text, found)
    for match in found:
        is_span = (int(match[1]) + 1) % 100 == int(match[2])
        atoms.add(Atom("years" if is_span else "date", f"{match[1]}-{match[2]}"))
    return atoms, text


def _unit_of(match: re.Match[str]) -> str:
    if match["percent"]:
        return "%"
    if match["phrase"]:
        return next(unit for pattern, unit in _PHRASE_UNITS if re.fullmatch(pattern, match["phrase"], re.I))
    if match["unit"]:
        return _UNIT_NAME[match["unit"].casefold()]
    return "Rs" if match["money"] else ""


def _numbers(text: str) -> set[Atom]:
    atoms: set[Atom] = set()
    row: list[_Number] = []
    for match in _NUMBER.finditer(text):
        digits = match["digits"].replace(",", "")
        if match["letters"]:
            atoms.add(Atom("code", (digits + match["letters"]).upper()))
            continue
        scale = 1
        for name in (match["scale"], match["scale2"]):
            scale *= _SCALE_VALUE[name.casefold()] if name else 1
        unit = _unit_of(match)
        if scale == 1 and not unit and re.fullmatch(r"(?:19|20)\d\d", match["digits"]):
            atoms.add(Atom("date", digits))
            continue
        row.append(_Number(Decimal(digits) * scale, scale > 1, unit, match.start(), match.end()))
    _share_units(text, row)
    return atoms | {Atom("number", f"{number.value.normalize():f}", number.unit) for number in row}


def _share_units(text: str, row: list[_Number]) -> None:
    """In '3-7 years' or 'Rs 8,000 / 32,000' the unit belongs to every number of the range."""
    pairs = [(a, b) for a, b in pairwise(row) if _LINK.fullmatch(text[a.end : b.start])]
    for before, after in reversed(pairs):
        if not before.unit and not before.scaled:
            before.unit = after.unit
        elif not before.unit and after.unit == "Rs":
            before.unit = "Rs"
    for before, after in pairs:
        if not after.unit and before.unit == "Rs":
            after.unit = "Rs"


def atoms_of(text: str, *, facts: bool = False) -> set[Atom]:
    """Return every checkable atom of the text.

    Args:
        text: English or Hindi prose.
        facts: True for the facts themselves, where small number words ("one") count too.
    """
    atoms, rest = _links(_plain(text))
    dates, rest = _dates(rest)
    rest = _words_to_digits(rest, _WORDS)
    if facts:
        rest = _words_to_digits(rest, _FACT_WORDS)
    return atoms | dates | _numbers(rest)


def supported(atom: Atom, facts: set[Atom]) -> bool:
    """Say whether the facts carry this atom (a month or year may be cut from a fuller date)."""
    alike = [fact for fact in facts if fact.kind == atom.kind]
    if atom.kind == "link":
        return any(fact == atom or fact.value.startswith(f"{atom.value}/") for fact in alike)
    if atom.kind == "date":
        spans = [fact for fact in facts if fact.kind == "years"]
        return any(fact.value.startswith(atom.value) for fact in alike + spans)
    if atom.kind == "number":
        same = [fact for fact in alike if fact.value == atom.value]
        return any(not fact.unit or not atom.unit or fact.unit == atom.unit for fact in same)
    return atom in facts


def latin_words(text: str) -> set[str]:
    """Return the words in Latin letters, upper-cased, links and currency signs aside."""
    bare = _EMAIL.sub(" ", _URL.sub(" ", _plain(text)))
    words = {_singular(word) for word in _LATIN.findall(bare)}
    return {word.upper() for word in words} - {"RS", "RE"}


def acronyms(text: str) -> set[str]:
    """Return the words with at least two capital letters, such as PMEGP or TReDS, upper-cased."""
    bare = _EMAIL.sub(" ", _URL.sub(" ", _plain(text)))
    words = {_singular(word) for word in _LATIN.findall(bare)}
    return {word.upper() for word in words if sum(letter.isupper() for letter in word) > 1}


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 2 and word[:-1].isupper() else word
