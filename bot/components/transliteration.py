"""A Devanagari view of romanised Hindi: a lexicon of common words first, plain letter rules for the rest."""

from functools import lru_cache
from typing import Dict

import regex
from rasa.shared.utils.io import read_yaml_file

from bot.components.sources import LEXICON
from bot.components.text import fold

_WORD = regex.compile(r"[A-Za-z]+")
_VIRAMA = "\u094d"
_ANUSVARA = "\u0902"
_CONSONANTS = {
    "chh": "छ", "ksh": "क्ष", "kh": "ख", "gh": "घ", "ch": "च", "jh": "झ", "th": "थ", "dh": "ध", "ph": "फ",
    "bh": "भ", "sh": "श", "gy": "ज्ञ", "k": "क", "g": "ग", "c": "क", "j": "ज", "t": "त", "d": "द", "n": "न",
    "p": "प", "f": "फ", "b": "ब", "m": "म", "y": "य", "r": "र", "l": "ल", "v": "व", "w": "व", "s": "स",
    "h": "ह", "z": "ज", "q": "क", "x": "क्स",
}  # fmt: skip
_VOWELS = {
    "aa": ("आ", "ा"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"), "ee": ("ई", "ी"), "ii": ("ई", "ी"), "oo": ("ऊ", "ू"),
    "uu": ("ऊ", "ू"), "ei": ("ऐ", "ै"), "a": ("अ", ""), "i": ("इ", "ि"), "u": ("उ", "ु"), "e": ("ए", "े"),
    "o": ("ओ", "ो"),
}  # fmt: skip
_FINAL = {"a": "ा", "i": "ी", "u": "ू"}
_GLIDES = "ryvwl"


@lru_cache(maxsize=1)
def lexicon() -> Dict[str, str]:
    """Spelling -> word in Devanagari."""
    entries = read_yaml_file(LEXICON)
    return {fold(spelling): word for word, spellings in entries.items() for spelling in spellings.split()}


def _take(text: str, at: int, table: Dict[str, object]) -> str:
    for length in (3, 2, 1):
        piece = text[at : at + length]
        if len(piece) == length and piece in table:
            return piece
    return ""


def _by_rule(word: str) -> str:
    """Write one Latin word in Devanagari by the sound of its letters."""
    out = []
    at, open_consonant = 0, False
    while at < len(word):
        vowel = _take(word, at, _VOWELS)
        if vowel:
            at += len(vowel)
            letter, sign = _VOWELS[vowel]
            final = at == len(word) and open_consonant
            out.append(_FINAL.get(vowel, sign) if final else (sign if open_consonant else letter))
            open_consonant = False
            continue
        consonant = _take(word, at, _CONSONANTS)
        if not consonant:
            at += 1
            continue
        at += len(consonant)
        nasal = consonant in "nm" and out and not open_consonant and word[at : at + 1] in set("kgcjtdpbs")
        if nasal and word[at : at + 1]:
            out.append(_ANUSVARA)
            continue
        if open_consonant and (len(out) == 1 or consonant in _GLIDES):
            out.append(_VIRAMA)
        out.append(_CONSONANTS[consonant])
        open_consonant = True
    return "".join(out)


@lru_cache(maxsize=20000)
def _word(word: str) -> str:
    folded = fold(word)
    return lexicon().get(folded) or _by_rule(folded)


def to_devanagari(text: str) -> str:
    """Rewrite the Latin words of a text in Devanagari; everything else stays as it is."""
    return _WORD.sub(lambda match: _word(match.group()), text)
