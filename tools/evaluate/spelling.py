"""Misspells an utterance the way people do: one slip of a finger or one spelling that has no norm, in one word."""

import random
import re
from collections.abc import Callable

from tools.bench.figures import seeded

LONG_ENOUGH = 4
"""Letters of a word that may be misspelt; in a shorter one a slip makes another word."""
_ROMANISED = (
    ("aa", "a"), ("ee", "i"), ("oo", "u"), ("sh", "s"), ("z", "j"), ("w", "v"), ("v", "w"), ("ph", "f"), ("kh", "k"),
    ("ai", "e"), ("i", "ee"), ("u", "oo"), ("y", "i"), ("ck", "k"),
)  # fmt: skip
_DEVANAGARI = (
    ("ि", "ी"), ("ी", "ि"), ("ु", "ू"), ("ू", "ु"), ("ं", "ँ"), ("ँ", "ं"), ("श", "स"), ("ण", "न"), ("व", "ब"), ("\u093c", ""),
    ("्", ""), ("ष", "श"),
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+|[\u0900-\u0963\u0966-\u097f]+")


def misspelt(text: str, way: str, number: int) -> str | None:
    """Change the spelling of one word.

    Args:
        text: What was written.
        way: How: `en`, `hi` or `hi-Latn`.
        number: Which variant; the same number gives the same one.

    Returns:
        The variant, or None when no word is long enough.
    """
    draw = seeded(f"{number} {way} {text}")
    words = [found for found in _WORD.finditer(text) if len(found.group()) >= LONG_ENOUGH]
    draw.shuffle(words)
    for word in words:
        ways = [_slip] if way == "en" else [_respelt(_DEVANAGARI if way == "hi" else _ROMANISED), _slip]
        for change in ways:
            changed = change(word.group(), draw)
            if changed != word.group():
                return text[: word.start()] + changed + text[word.end() :]
    return None


def _respelt(table: tuple[tuple[str, str], ...]) -> Callable[[str, random.Random], str]:
    def change(word: str, draw: random.Random) -> str:
        fitting = [(old, new) for old, new in table if old in word[1:]]
        if not fitting:
            return word
        old, new = draw.choice(fitting)
        return word[0] + word[1:].replace(old, new, 1)

    return change


def _slip(word: str, draw: random.Random) -> str:
    """Drop, double or swap letters inside the word; its first letter stays, as it mostly does."""
    place = draw.randrange(1, len(word) - 1)
    kind = draw.choice(("drop", "double", "swap"))
    if kind == "drop":
        return word[:place] + word[place + 1 :]
    if kind == "double":
        return word[:place] + word[place] + word[place:]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
