"""Recognising which section a question asks for, by cue words."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path

from knowledge.text import words

_LEXICON = Path(__file__).resolve().parent / "lexicon"


@functools.cache
def _cues() -> tuple[tuple[str, tuple[str, ...]], ...]:
    listed: dict[str, list[str]] = json.loads((_LEXICON / "aspects.json").read_text(encoding="utf-8"))
    folded = ((aspect, tuple(words(cue))) for aspect, cues in listed.items() for cue in cues)
    return tuple(sorted(set(folded), key=lambda pair: (-len(pair[1]), pair)))


@functools.cache
def ignored_words() -> frozenset[str]:
    """Return the words that do not say what a question is about, folded."""
    listed: dict[str, list[str]] = json.loads((_LEXICON / "ignored.json").read_text(encoding="utf-8"))
    return frozenset(word for spellings in listed.values() for text in spellings for word in words(text))


@functools.cache
def foreign_names() -> tuple[str, ...]:
    """Return names of schemes, papers and offices that belong to others."""
    listed: list[list[str]] = json.loads((_LEXICON / "foreign_names.json").read_text(encoding="utf-8"))
    return tuple(name for names in listed for name in names)


@functools.cache
def everyday_names() -> dict[str, float]:
    """Return names that are also ordinary words, with how strongly they point to the scheme."""
    listed: dict[str, float] = json.loads((_LEXICON / "everyday.json").read_text(encoding="utf-8"))
    return {word: strength for name, strength in listed.items() for word in words(name)}


def aspects_of(listed: Iterable[str]) -> dict[str, float]:
    """Return how strongly the words ask for each section; the strongest has 1, no cue at all is empty.

    Args:
        listed: A question's folded words in order. Longer cues win over those inside them.
    """
    found, _ = _match(list(listed))
    strongest = max(found.values(), default=1.0)
    return {aspect: strength / strongest for aspect, strength in found.items()}


def words_beside_cues(listed: Iterable[str]) -> list[str]:
    """Return the words that are neither part of a cue nor without meaning of their own."""
    _, rest = _match(list(listed))
    return [word for word in rest if word and word not in ignored_words()]


def _match(rest: list[str]) -> tuple[dict[str, float], list[str]]:
    """Return the strength of each aspect's cues, and the words with those of the cues emptied."""
    present = set(rest)
    found: dict[str, float] = {}
    for aspect, cue in _cues():
        if not present.issuperset(cue):
            continue
        for start in range(len(rest) - len(cue) + 1):
            if tuple(rest[start : start + len(cue)]) == cue:
                found[aspect] = found.get(aspect, 0.0) + len(cue) ** 0.5 * _TELLING.get(aspect, 1.0)
                rest[start : start + len(cue)] = [""] * len(cue)
    return found, rest


_TELLING = {"documents": 2.0, "helpline": 2.0, "fees": 1.6, "time": 1.6, "status": 1.4, "how": 0.8, "what": 0.7}
"""Cues of some sections are hardly ever used for anything else; 'how' and 'what' are."""
