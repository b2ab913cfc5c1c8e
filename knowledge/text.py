"""Normalising and splitting text into words so that spellings of the same word meet."""

import unicodedata

import regex

_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cc}\p{Co}\p{Cs}\uFE00-\uFE0F--[\t\n\r]]", regex.V1)
_SPACE = regex.compile(r"\s+")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*|\p{Nd}+(?:[.,]\p{Nd}+)*")
_NUKTA = "\u093c"
_FOLD = str.maketrans({_NUKTA: "", "\u0901": "\u0902", "\u0950": "\u0913"})
_NASALS = regex.compile("[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u092e])")
_PLURAL = regex.compile(r"(?<=[a-z]{3}[^s])s$")


def normalise(text: str) -> str:
    """Return the text in one spelling: NFC, no invisible signs, ASCII digits, single spaces.

    Args:
        text: Anything a person or an editor wrote.

    Returns:
        The same words; normalising it again changes nothing.
    """
    text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFC", text)
    text = "".join(_ascii_digit(sign) for sign in text)
    return _SPACE.sub(" ", text).strip()


def _ascii_digit(sign: str) -> str:
    if sign.isascii():
        return sign
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def fold(word: str) -> str:
    """Return a word's search form: no case, nukta or chandrabindu, nasals as anusvara, no accents."""
    word = _NASALS.sub("\u0902", word.casefold().translate(_FOLD))
    if word.isascii():
        return _PLURAL.sub("", word)
    if "LATIN" in unicodedata.name(word[0], ""):
        return "".join(s for s in unicodedata.normalize("NFD", word) if not unicodedata.combining(s))
    return word


def words(text: str) -> list[str]:
    """Return the folded words and numbers of a text, in order."""
    return [folded for raw in _WORD.findall(normalise(text)) if (folded := fold(raw.replace(",", "")))]


def pieces(word: str, size: int = 4) -> list[str]:
    """Return the character n-grams of a word, with its borders; empty for short words and numbers."""
    if len(word) < size or word[0].isdigit():
        return []
    bounded = f"<{word}>"
    return [bounded[i : i + size] for i in range(len(bounded) - size + 1)]


def has_devanagari(text: str) -> bool:
    """Tell whether any sign of the text is Devanagari."""
    return any("\u0900" <= sign <= "\u097f" for sign in text)
