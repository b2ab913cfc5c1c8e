"""Words that the gateway obeys itself, in every way of writing: stop, start, withdrawn consent, cancelled erasure."""

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


@cache
def _words() -> dict[str, Keyword]:
    listed = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        _normal(word): Keyword(name)
        for name, by_language in listed.items()
        for words in by_language.values()
        for word in words
    }


def _normal(text: str) -> str:
    return " ".join(regex.findall(r"[\p{L}\p{M}\p{N}]+", text.casefold()))


def recognise(text: str) -> Keyword | None:
    """The keyword that is the whole of a text, whatever its case and punctuation."""
    return _words().get(_normal(text)) if len(text) <= 60 else None
