"""The forms in which a message is read: plain (digits as 0-9, one space), folded (for comparing words), and kept."""

import unicodedata

import regex

_INVISIBLE = regex.compile(
    r"[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF]"
)
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}]")
_SPACE = regex.compile(r"\s+")
_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_WORD = regex.compile(r"[\p{L}\p{M}]+|\p{N}+")
_LETTER = regex.compile(r"[\p{L}\p{N}]")
_CASES = str.maketrans({"\u093c": None, "\u0901": "\u0902"})


def plain(text: str) -> str:
    """NFC, without invisible signs, digits of any script as 0-9, white space as one space."""
    text = _CONTROL.sub("", _SPACE.sub(" ", text))
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    text = _DIGIT.sub(lambda match: str(unicodedata.digit(match.group())), text)
    return _SPACE.sub(" ", text).strip()


def fold(text: str) -> str:
    """Lower case, without the nukta, with one nasal sign: writers mix them as they please."""
    text = unicodedata.normalize("NFD", text.casefold()).translate(_CASES)
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """The folded words of a text: letters and digits stand apart."""
    return _WORD.findall(fold(plain(text)))


def listed(spelled: str) -> frozenset[str]:
    """The folded words of a list that is written with spaces between them."""
    return frozenset(fold(spelled).split())


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return _LETTER.search(text) is not None


def kept(text: str, limit: int) -> tuple[str, bool]:
    """A text as it may be kept, its lines apart, and whether it had to be cut."""
    lines = [_CONTROL.sub("", _SPACE.sub(" ", line)).strip() for line in _INVISIBLE.sub("", text).splitlines()]
    whole = unicodedata.normalize("NFC", "\n".join(line for line in lines if line))
    return whole[:limit].rstrip(), len(whole) > limit
