"""Masks personal numbers and addresses in free text: Aadhaar, PAN, GSTIN, Udyam, telephone, e-mail."""

import re
import unicodedata
from collections.abc import Callable

_D = ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
      (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
      (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
      (9, 8, 7, 6, 5, 4, 3, 2, 1, 0))  # fmt: skip
_P = ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
      (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
      (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8))  # fmt: skip


def is_verhoeff(digits: str) -> bool:
    """Whether the digits end in a right Verhoeff check digit, as Aadhaar numbers do.

    Source: J. Verhoeff, Error Detecting Decimal Codes, 1969.
    """
    check = 0
    for position, digit in enumerate(reversed(digits)):
        check = _D[check][_P[position % 8][int(digit)]]
    return check == 0


_DIGITS = {
    code: str(unicodedata.digit(chr(code))) for code in range(0x80, 0x20000) if unicodedata.category(chr(code)) == "Nd"
}
"""Every script's digits to ASCII, one character for one, so that positions stay the same."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_GSTIN = re.compile(r"\b\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b", re.IGNORECASE | re.ASCII)
_PAN = re.compile(r"\b[A-Z]{5}\d{4}[A-Z]\b", re.IGNORECASE | re.ASCII)
_UDYAM = re.compile(r"\bUDYAM[- ]?[A-Z]{2}[- ]?\d{2}[- ]?\d{7}\b", re.IGNORECASE | re.ASCII)
_AADHAAR = re.compile(r"(?<![\d+])(?:\d{4}[ -]?){2}\d{4}(?!\d)", re.ASCII)
_PHONE = re.compile(
    r"(?<!\w)(?<!\d\.)"
    r"(?:\+\d[\d -]{8,16}\d"
    r"|(?:(?:00)?91[ -]?|0)?(?:[6-9]\d{4}[ -]?\d{5}|[6-9]\d\d[ -]\d{3}[ -]\d{4}|[6-9]\d{3}[ -]\d{3}[ -]\d{3}))"
    r"(?!\d)",
    re.ASCII,
)


def _is_aadhaar(found: str) -> bool:
    return is_verhoeff("".join(character for character in found if character.isdecimal()))


def _always(_found: str) -> bool:
    return True


_KINDS: tuple[tuple[re.Pattern[str], str, Callable[[str], bool]], ...] = (
    (_EMAIL, "[email]", _always),
    (_GSTIN, "[gstin]", _always),
    (_PAN, "[pan]", _always),
    (_UDYAM, "[udyam]", _always),
    (_AADHAAR, "[aadhaar]", _is_aadhaar),
    (_PHONE, "[phone]", _always),
)


def _replace(text: str, pattern: re.Pattern[str], label: str, holds: Callable[[str], bool]) -> str:
    plain = text.translate(_DIGITS)
    parts, done, start = [], 0, 0
    while match := pattern.search(plain, start):
        if holds(match.group()):
            parts += [text[done : match.start()], label]
            done = start = match.end()
        else:
            start = match.start() + 1
    return "".join([*parts, text[done:]])


def mask(text: str) -> str:
    """The text with personal numbers and addresses replaced by what they are, such as ``[phone]``.

    Digits of every script are understood; whatever is not replaced stays as it was written. What one replacement lays
    bare is replaced too, so that masking twice changes nothing.
    """
    while True:
        masked = text
        for pattern, label, holds in _KINDS:
            masked = _replace(masked, pattern, label, holds)
        if masked == text:
            return text
        text = masked
