"""A second, Devanagari view of Hindi written in Latin letters, and sounds shared by both scripts."""

import functools
import json
from pathlib import Path

import regex

from knowledge.text import fold, has_devanagari, normalise

_LEXICON = Path(__file__).resolve().parent / "lexicon" / "romanised.json"
_LATIN = regex.compile(r"[A-Za-z]+")

_CONSONANTS = {
    "ksh": "क्ष", "chh": "छ", "gya": "ज्ञ", "kh": "ख", "gh": "घ", "ch": "च", "jh": "झ", "th": "थ", "dh": "ध",
    "ph": "फ", "bh": "भ", "sh": "श", "ck": "क", "k": "क", "q": "क", "c": "क", "g": "ग", "j": "ज", "z": "ज",
    "t": "त", "d": "द", "n": "न", "p": "प", "f": "फ", "b": "ब", "m": "म", "y": "य", "r": "र", "l": "ल",
    "v": "व", "w": "व", "s": "स", "h": "ह", "x": "क्स",
}  # fmt: skip
_VOWELS = {
    "aa": ("आ", "ा"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"), "ee": ("ई", "ी"), "ii": ("ई", "ी"), "oo": ("ऊ", "ू"),
    "uu": ("ऊ", "ू"), "ou": ("औ", "ौ"), "ei": ("ऐ", "ै"), "a": ("अ", ""), "i": ("इ", "ि"), "u": ("उ", "ु"),
    "e": ("ए", "े"), "o": ("ओ", "ो"),
}  # fmt: skip
_VIRAMA = "्"
_LATIN_UNITS = regex.compile("|".join(sorted([*_CONSONANTS, *_VOWELS], key=len, reverse=True)))

_SOUND_OF_DEVANAGARI = {
    **dict.fromkeys("कखक़ख़", "k"), **dict.fromkeys("गघग़", "g"), **dict.fromkeys("चछ", "c"),
    **dict.fromkeys("जझज़", "j"), **dict.fromkeys("टठतथ", "t"), **dict.fromkeys("डढदध", "d"),
    **dict.fromkeys("नणङञंँ", "n"), **dict.fromkeys("पफ", "p"), **dict.fromkeys("बभ", "b"), "म": "m",
    "य": "y", "र": "r", "ऋ": "r", "ृ": "r", "ल": "l", "ळ": "l", "व": "v", **dict.fromkeys("शषस", "s"), "ह": "h",
}  # fmt: skip
_LATIN_RESPELLED = (
    (regex.compile("ksh|x"), "ks"), (regex.compile("chh|ch"), "C"), (regex.compile("c(?=[eiy])"), "s"),
    (regex.compile("tion"), "sn"), (regex.compile("(?<=[kgtdpb])h|ck|q|c"), lambda m: "" if m[0] == "h" else "k"),
    (regex.compile("sh"), "s"), (regex.compile("[zj]"), "j"), (regex.compile("w"), "v"), (regex.compile("f|ph"), "p"),
    (regex.compile("m(?=[pb])"), "n"), (regex.compile("C"), "c"),
)  # fmt: skip
_NOT_SOUNDED = regex.compile("[^bcdgjklmnprstv]")
_DOUBLED = regex.compile(r"(.)\1+")


@functools.cache
def lexicon() -> dict[str, str]:
    """Return the Devanagari spelling of common romanised words."""
    listed: dict[str, str] = json.loads(_LEXICON.read_text(encoding="utf-8"))
    return {spelling: word for word, spellings in listed.items() for spelling in spellings.split()}


def lexicon_words() -> frozenset[str]:
    """Return all words of the lexicon in both scripts, folded."""
    return frozenset(fold(word) for pair in lexicon().items() for word in pair)


def to_devanagari(text: str) -> str:
    """Return romanised Hindi in Devanagari: known words by the lexicon, others letter by letter.

    Args:
        text: Romanised Hindi; other scripts and numbers pass unchanged.
    """
    return _LATIN.sub(lambda match: _word(match[0]), normalise(text))


def _word(word: str) -> str:
    low = word.lower()
    known = lexicon().get(low)
    if known is not None:
        return known
    if word.isupper() and len(word) > 1:
        return word  # an acronym; pages write those in Latin letters too
    return _letters(low)


def _letters(word: str) -> str:
    out: list[str] = []
    after_consonant = False
    units = _LATIN_UNITS.findall(word)
    for position, unit in enumerate(units):
        if unit in _VOWELS:
            alone, sign = _VOWELS[unit]
            if unit == "a" and after_consonant and position == len(units) - 1:
                sign = "ा"
            elif unit == "i" and position == len(units) - 1:
                sign = "ी"
            out.append(sign if after_consonant else alone)
            after_consonant = False
        else:
            if after_consonant and unit == units[position - 1]:
                out.append(_VIRAMA)
            out.append(_CONSONANTS[unit])
            after_consonant = True
    return "".join(out)


@functools.lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """Return the consonants one hears in a word of either script; empty when there are fewer than three.

    `subsidy` and `सब्सिडी`, `kaarigar` and `कारीगर` sound the same, however they are spelt.
    """
    if has_devanagari(word):
        heard = "".join(_SOUND_OF_DEVANAGARI.get(sign, "") for sign in word)
    else:
        heard = word.lower()
        for pattern, spelling in _LATIN_RESPELLED:
            heard = pattern.sub(spelling, heard)
    heard = _DOUBLED.sub(r"\1", _NOT_SOUNDED.sub("", heard.replace("m", "n")))
    return heard if len(heard) > 2 else ""
