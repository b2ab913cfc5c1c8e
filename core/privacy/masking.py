"""Masks personal numbers and addresses in free text: Aadhaar, PAN, GSTIN, Udyam, telephone, e-mail."""

import re

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


_INDIC_DIGITS = {ord(c): str(i % 10) for block in ("०१२३४५६७८९",) for i, c in enumerate(block)}
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_GSTIN = re.compile(r"\b\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b", re.IGNORECASE)
_PAN = re.compile(r"\b[A-Z]{5}\d{4}[A-Z]\b", re.IGNORECASE)
_UDYAM = re.compile(r"\bUDYAM-[A-Z]{2}-\d{2}-\d{7}\b", re.IGNORECASE)
_AADHAAR = re.compile(r"(?<![\d+])(?:\d{4}[ -]?){2}\d{4}(?!\d)")
_PHONE = re.compile(r"(?<![\w.])(?:\+\d[\d -]{8,16}\d|0?[6-9]\d{4}[ -]?\d{5})(?!\d)")


def _aadhaar(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return "[aadhaar]" if is_verhoeff(digits) else match.group()


def mask(text: str) -> str:
    """The text with personal numbers and addresses replaced by what they are, such as ``[phone]``."""
    plain = text.translate(_INDIC_DIGITS)
    plain = _EMAIL.sub("[email]", plain)
    plain = _GSTIN.sub("[gstin]", plain)
    plain = _PAN.sub("[pan]", plain)
    plain = _UDYAM.sub("[udyam]", plain)
    plain = _AADHAAR.sub(_aadhaar, plain)
    return _PHONE.sub("[phone]", plain)
