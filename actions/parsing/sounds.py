"""How a name sounds, whichever script it is written in: its consonants, without what spellings differ in."""

import unicodedata
from difflib import SequenceMatcher
from functools import cache

import regex

from actions.parsing.text import fold

_LATIN = (
    ("chh", "c"), ("ck", "k"), ("ch", "c"), ("sh", "s"), ("x", "ks"), ("w", "v"), ("z", "j"), ("q", "k"), ("ph", "p"),
    ("f", "p"),
)  # fmt: skip
_DEVANAGARI = dict(
    zip(
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसहंक़",
        "k k g g n c c j j n t t d d n t t d d n p p b b m y r l l v s s s h n k".split(),  # noqa: SIM905 - in step
        strict=False,
    )
)
_INITIAL = {
    "अ": "a",
    "आ": "a",
    "इ": "a",
    "ई": "a",
    "उ": "a",
    "ऊ": "a",
    "ए": "a",
    "ऐ": "a",
    "ओ": "a",
    "औ": "a",
    "ऋ": "r",
}
_VOWELS = dict(zip("ािीुूेैोौृ", "a i i u u e ai o au r".split(), strict=True))  # noqa: SIM905 - in step
_HAS_DEVANAGARI = regex.compile(r"\p{Script=Devanagari}")


@cache
def sounds(name: str) -> str:
    """The consonants of a name in Latin letters or Devanagari, so that `सीतापुर` and `Sitapur` are the same."""
    # Those with a nukta sound like r and are written so: हापुड़, अलीगढ़. Folding takes the nukta off.
    name = regex.sub("[ड\u0922]\u093c", "र", unicodedata.normalize("NFD", name))
    plain = "".join(regex.findall(r"[\p{L}\p{M}]+", fold(name)))
    found = _of_devanagari(plain) if _HAS_DEVANAGARI.search(plain) else _of_latin(plain)
    found = regex.sub(r"[nm](?=[^aeiou])", "n", found)
    return regex.sub(r"(.)\1+", r"\1", found)


def _of_devanagari(plain: str) -> str:
    first = _INITIAL.get(plain[:1], "")
    first = first if first in {"", "r"} else "a"
    return first + "".join(_DEVANAGARI.get(sign, "") for sign in plain)


def _of_latin(plain: str) -> str:
    for written, sound in _LATIN:
        plain = plain.replace(written, sound)
    plain = regex.sub(r"(?<=[^aeiou\W])h", "", plain)  # aspirates
    plain = regex.sub(r"(?<=[aeiou])v$|y$|(?<=[aeiou])y(?=[^aeiou])", "", plain)
    first = "a" if plain[:1] in set("aeiou") else ""
    return first + regex.sub(r"[aeiou]", "", plain)


def likeness(written: str, name: str) -> float:
    """How alike a name is to what was written, vowels included, from 0 to 1; for names that sound the same."""
    plain = "".join(regex.findall(r"[\p{L}\p{M}]+", fold(written)))
    if _HAS_DEVANAGARI.search(plain):
        plain = "".join(_DEVANAGARI.get(sign) or _VOWELS.get(sign) or _INITIAL.get(sign, "") for sign in plain)
    return SequenceMatcher(None, plain, fold(name)).ratio()
