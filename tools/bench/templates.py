"""Groups near-identical examples, and makes folds that never part a group.

Two examples of one intent are near-identical when, after masking, they begin with the same three words, or when their
sets of character trigrams overlap by at least two fifths (Jaccard). Masking: lower case, digits to #, and runs of other
signs than letters to a space. Groups are what is linked by a chain of such pairs.
"""

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from tools.bench.figures import seeded
from tools.bench.plans import Example

SAME_OPENING = 3
OVERLAP = 0.4
_DIGITS = re.compile(r"\d+")


def masked(text: str) -> str:
    """Bring an example into the form in which near-copies are equal."""
    text = _DIGITS.sub("#", unicodedata.normalize("NFC", text).casefold())
    kept = "".join(sign if unicodedata.category(sign)[0] in "LM" or sign == "#" else " " for sign in text)
    return " ".join(kept.split())


def trigrams(text: str) -> frozenset[str]:
    """List the character trigrams of a masked text, edges included."""
    padded = f"  {text} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how much two sets share: 0 nothing, 1 everything."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


class _Links:
    """Which examples are linked, by a chain of any length."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def top(self, place: int) -> int:
        while self._above[place] != place:
            self._above[place] = self._above[self._above[place]]
            place = self._above[place]
        return place

    def link(self, one: int, other: int) -> None:
        self._above[self.top(one)] = self.top(other)


def grouped(examples: Sequence[Example]) -> list[int]:
    """Return the group number of every example."""
    links = _Links(len(examples))
    forms = [masked(example.text) for example in examples]
    sets = [trigrams(form) for form in forms]
    by_intent: dict[str, list[int]] = defaultdict(list)
    by_opening: dict[tuple[str, str], int] = {}
    for place, example in enumerate(examples):
        by_intent[example.intent].append(place)
        words = forms[place].split()
        if len(words) >= SAME_OPENING:
            opening = (example.intent, " ".join(words[:SAME_OPENING]))
            links.link(place, by_opening.setdefault(opening, place))
    for places in by_intent.values():
        for one, other in itertools.combinations(places, 2):
            if overlap(sets[one], sets[other]) >= OVERLAP:
                links.link(one, other)
    return [links.top(place) for place in range(len(examples))]


def folds(examples: Sequence[Example], groups: Sequence[int], count: int, seed: int = 11) -> list[int]:
    """Return the fold of every example: whole groups, each intent spread evenly."""
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[group].append(place)
    order = list(members.values())
    seeded(seed).shuffle(order)
    order.sort(key=len, reverse=True)
    filled: dict[str, list[int]] = defaultdict(lambda: [0] * count)
    total = [0] * count
    chosen = [0] * len(examples)
    for places in order:
        of_intent = filled[examples[places[0]].intent]
        fold = min(range(count), key=lambda number: (of_intent[number], total[number]))
        of_intent[fold] += len(places)
        total[fold] += len(places)
        for place in places:
            chosen[place] = fold
    return chosen
