"""Which signs the letters' font can print, and what becomes of the others."""

import struct
import unicodedata
from functools import cache
from importlib import resources
from pathlib import Path

FAMILY = "Noto Sans"
REPLACEMENT = "\ufffd"
_JOINERS = "\u200c\u200d"
_BREAK = "\u200b"
_LONGEST_RUN = 30
_SEGMENTS, _GROUPS = 4, 12


def font_folder() -> Path:
    """Where the font files lie: in the installed package."""
    return Path(str(resources.files("fontpkg_noto_sans"))) / "files"


@cache
def printable() -> frozenset[int]:
    """The code points that the font has a sign for, from its table ``cmap``.

    Layout of the table: https://learn.microsoft.com/en-us/typography/opentype/spec/cmap
    """
    content = next(path for path in sorted(font_folder().glob("NotoSans[[]*.ttf"))).read_bytes()
    tables = struct.unpack_from(">H", content, 4)[0]
    entries = (struct.unpack_from(">4sLLL", content, 12 + 16 * number) for number in range(tables))
    start = next(offset for tag, _sum, offset, _length in entries if tag == b"cmap")
    count = struct.unpack_from(">H", content, start + 2)[0]
    found: set[int] = set()
    for number in range(count):
        table = start + struct.unpack_from(">HHL", content, start + 4 + 8 * number)[2]
        layout = struct.unpack_from(">H", content, table)[0]
        if layout == _SEGMENTS:
            found |= _of_segments(content, table)
        elif layout == _GROUPS:
            found |= _of_groups(content, table)
    return frozenset(found)


def _of_segments(content: bytes, table: int) -> set[int]:
    count = struct.unpack_from(">H", content, table + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", content, table + 14)
    starts = struct.unpack_from(f">{count}H", content, table + 16 + 2 * count)
    return {code for first, last in zip(starts, ends, strict=True) for code in range(first, last + 1)} - {0xFFFF}


def _of_groups(content: bytes, table: int) -> set[int]:
    count = struct.unpack_from(">L", content, table + 12)[0]
    groups = (struct.unpack_from(">LLL", content, table + 16 + 12 * number) for number in range(count))
    return {code for first, last, _glyph in groups for code in range(first, last + 1)}


def fit(text: str) -> str:
    """A person's words as they can be printed.

    Control and direction signs go, joiners stay, a sign that the font lacks becomes a box, and a run that no line
    could hold may be broken.
    """
    shown: list[str] = []
    run = 0
    for sign in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        kind = unicodedata.category(sign)
        if sign == "\n" or sign in _JOINERS:
            shown.append(sign)
        elif kind.startswith("Z") or sign == "\t":
            shown.append(" ")
            run = -1
        elif kind.startswith("C") or 0xFE00 <= ord(sign) <= 0xFE0F:
            continue
        else:
            if run >= _LONGEST_RUN and not kind.startswith("M") and shown[-1] not in _JOINERS + "\u094d":
                shown.append(_BREAK)
                run = 0
            shown.append(sign if ord(sign) in printable() else REPLACEMENT)
        run = 0 if sign == "\n" else run + 1
    return "".join(shown).strip()
