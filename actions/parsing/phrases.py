"""Finds listed phrases in a text; the lists are in `locale/grievance_words.toml`."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import regex

from actions.parsing.text import fold, plain

_FILE = Path(__file__).resolve().parent.parent.parent / "locale" / "grievance_words.toml"
_EDGE = r"(?![\p{L}\p{M}\p{N}])"
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}']+\*?")


class Hit(NamedTuple):
    """A phrase in the folded text."""

    phrase: str
    start: int
    end: int


def folded(text: str) -> str:
    """The form in which phrases are looked for."""
    return fold(plain(text))


def aligned(text: str) -> tuple[str, list[int]]:
    """The folded form of a plain text, and where each of its signs stood: folding takes some away.

    Returns:
        The folded text, and one place more than it has signs, the last one behind the text.
    """
    signs: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        kept = fold(sign)
        signs.append(kept)
        places += [at] * len(kept)
    return "".join(signs), [*places, len(text)]


class Phrases:
    """Phrases that are looked for together."""

    def __init__(self, phrases: Iterable[str]) -> None:
        listed = sorted({fold(phrase) for phrase in phrases}, key=len, reverse=True)
        self._pattern = regex.compile("|".join(_pattern(phrase) for phrase in listed)) if listed else None

    def hits(self, text: str) -> list[Hit]:
        """Every phrase in a folded text, the longest where several begin at one place."""
        if self._pattern is None:
            return []
        return [Hit(match.group(), *match.span()) for match in self._pattern.finditer(text)]

    def within(self, text: str) -> bool:
        """Whether one of them stands in a text as it was written."""
        return bool(self.hits(folded(text)))


def _pattern(phrase: str) -> str:
    words = [
        regex.escape(word.removesuffix("*")) + (r"[\p{L}\p{M}]*" if word.endswith("*") else "")
        for word in _WORD.findall(phrase)
    ]
    return r"(?<![\p{L}\p{M}\p{N}])" + r"[\s\-.,]+".join(words) + _EDGE


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def phrases(name: str) -> Phrases:
    """The phrases of a section, in every way of writing."""
    return Phrases(phrase for listed in _lists()[name].values() for phrase in listed)


@cache
def named_phrases(name: str) -> dict[str, Phrases]:
    """The phrases of each part of a section, such as of each category."""
    return {
        part: Phrases(phrase for listed in by_language.values() for phrase in listed)
        for part, by_language in _lists()[name].items()
    }


@cache
def command_lists() -> dict[str, tuple[str, ...]]:
    """The whole messages of each command, in every way of writing."""
    return {
        name: tuple(phrase for listed in by_language.values() for phrase in listed)
        for name, by_language in _lists()["command"].items()
    }
