"""Corrections in words: which answer is meant, and what is left when what was taken back is left out."""

from typing import NamedTuple, TypeVar

from actions.parsing.phrases import aligned, named_phrases, phrases
from actions.parsing.text import listed, plain

Item = TypeVar("Item")
# Where two names of answers stand in one message, the more particular one is meant.
_ORDER = ("udyam", "against", "enterprise", "what", "category", "files", "place", "since", "amount")


_NAME = listed("name naam nam नाम")


class Correction(NamedTuple):
    """Which answer a message corrects, the words behind its name, and whether it says "the name of"."""

    field: str
    rest: str
    by_name: bool = False


def find_correction(text: str) -> Correction | None:
    """The answer that a message names; None when it names none."""
    as_written = plain(text)
    to_search, places = aligned(as_written)
    for field in _ORDER:
        hits = named_phrases("field")[field].hits(to_search)
        if hits:
            by_name = bool(set(hits[0].phrase.split()) & _NAME)
            before, after = as_written[: places[hits[0].start]], as_written[places[hits[0].end] :]
            return Correction(field, (after if after.strip(" :=-.,") else before).strip(" :=-.,"), by_name)
    return None


def without_negated(text: str, found: list[tuple[int, int, Item]]) -> list[Item]:
    """Leave out what is taken back: `2 lakh nahi, 3 lakh` leaves 3 lakh, `3 lakh, not 2 lakh` too.

    Args:
        text: The plain text.
        found: Values with their places in it, in order.
    """
    if len(found) < 2:
        return [item for _, _, item in found]
    to_search, places = aligned(text)
    taken_back: set[int] = set()
    for hit in phrases("negation").hits(to_search):
        english = hit.phrase.isascii() and hit.phrase in {"not", "isn't", "wasn't", "instead of"}
        before = [at for at, (_, end, _) in enumerate(found) if end <= places[hit.start]]
        behind = [at for at, (start, _, _) in enumerate(found) if start >= places[hit.end]]
        if english and behind:
            taken_back.add(behind[0])
        elif not english and before:
            taken_back.add(before[-1])
    left = [item for at, (_, _, item) in enumerate(found) if at not in taken_back]
    return left or [found[-1][2]]


def behind_negation(text: str) -> str:
    """The words behind the last "nahi", for names: `Sharma nahi, Verma Traders` leaves the second."""
    text = plain(text)
    to_search, places = aligned(text)
    hits = [hit for hit in phrases("negation").hits(to_search) if hit.phrase not in {"not", "isn't", "wasn't"}]
    rest = text[places[hits[-1].end] :].strip(" ,.;:-") if hits else ""
    return rest or text
