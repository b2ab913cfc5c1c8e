"""Words that the gateway reads itself, in every way of writing: stop, start, withdrawn consent, a plain yes or no."""

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path

import regex

_FILE = Path(__file__).resolve().parent.parent.parent / "locale" / "keywords.toml"


class Keyword(StrEnum):
    """What a keyword asks for."""

    STOP = "stop"
    START = "start"
    WITHDRAW = "withdraw"
    CANCEL_ERASURE = "cancel_erasure"


class PlainAnswer(StrEnum):
    """An answer to the notice about consent, when that was the last thing said."""

    AGREE = "agree"
    DECLINE = "decline"


@cache
def _words() -> dict[str, str]:
    listed = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        _normal(word): name for name, by_language in listed.items() for words in by_language.values() for word in words
    }


def _normal(text: str) -> str:
    return " ".join(regex.findall(r"[\p{L}\p{M}\p{N}]+", text.casefold()))


def recognise(text: str) -> Keyword | None:
    """The keyword that is the whole of a text, whatever its case and punctuation."""
    name = _named(text)
    return Keyword(name) if name in set(Keyword) else None


def plain_answer(text: str) -> PlainAnswer | None:
    """Whether the whole of a text is a plain yes or no; only who asked knows to what."""
    name = _named(text)
    return PlainAnswer(name) if name in set(PlainAnswer) else None


def _named(text: str) -> str:
    return _words().get(_normal(text), "") if len(text) <= 60 else ""
