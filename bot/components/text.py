"""Plain functions on text that every component shares: normal form, words, scripts."""

import unicodedata

import regex

SETTLED = "settled"
"""Attribute of a message whose intent needs no sentence embedding any more."""
DEVANAGARI = regex.compile(r"\p{Script=Devanagari}")
LATIN = regex.compile(r"\p{Script=Latin}")
LETTER = regex.compile(r"\p{L}")
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_INVISIBLE = regex.compile(
    r"[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF]"
)
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}]")
_SPACE = regex.compile(r"\s+")
_DIGIT = regex.compile(r"\p{Nd}")


def _ascii_digit(match: "regex.Match") -> str:
    return str(unicodedata.digit(match.group()))


def normalise(text: str) -> str:
    """Bring a message to the one form in which everything else reads it.

    NFC; joiners, zero-width signs, direction marks and control characters dropped; digits of any script
    written as 0-9; runs of white space made one space.
    """
    text = _SPACE.sub(" ", text)
    text = _CONTROL.sub("", text)
    text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFC", text)
    text = _DIGIT.sub(_ascii_digit, text)
    return _SPACE.sub(" ", text).strip()


def fold(text: str) -> str:
    """The form in which words are compared: lower case, without the nukta, one nasal sign.

    Writers leave the nukta out and mix chandrabindu and anusvara as they please.
    """
    text = unicodedata.normalize("NFD", text.casefold())
    text = text.replace("\u093c", "").replace("\u0901", "\u0902")
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return [match.group() for match in WORD.finditer(fold(text))]


def has_letters(text: str) -> bool:
    """Whether anything in the text can be read aloud: a letter or a digit."""
    return WORD.search(text) is not None


def is_payload(text: str) -> bool:
    """Whether the text is the payload of one of our own buttons (the channel strips typed slashes)."""
    return text.startswith("/")
