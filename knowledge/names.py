"""Recognising schemes by name: every alias, with a slip of the finger, in either script."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.romanised import sound
from knowledge.text import words

_LONGEST = 7
_SLIP_FROM = 5
"""Names of fewer letters must be spelt right."""


@dataclass(frozen=True, slots=True)
class NameFound:
    """A scheme's name in a question: where, and how strongly it points to the scheme (0 to 1)."""

    scheme: str
    start: int
    end: int
    strength: float


class Names:
    """All spellings of all schemes."""

    def __init__(
        self,
        names: Mapping[str, Iterable[str]],
        *,
        ignored: frozenset[str] = frozenset(),
        known: frozenset[str] = frozenset(),
        everyday: Mapping[str, float] | None = None,
    ) -> None:
        """Prepare the look-up.

        Args:
            names: Every spelling of every scheme.
            ignored: Words left out of names, as they say little.
            known: Words that are right as they stand: none of them is a name with a slip.
            everyday: Names that are also ordinary words, with how strongly they point to the scheme.
        """
        self._known = known
        self._everyday = everyday or {}
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._slips: dict[str, set[str]] = defaultdict(set)
        self._sounds: dict[str, set[str]] = defaultdict(set)
        for scheme, spellings in names.items():
            for spelling in spellings:
                self._add(scheme, [word for word in words(spelling) if word not in ignored] or words(spelling))

    def _add(self, scheme: str, listed: Sequence[str]) -> None:
        joined = "".join(listed)
        if len(joined) < 2:
            return
        self._exact[joined].add(scheme)
        if len(joined) >= _SLIP_FROM:
            for variant in _slips(joined):
                self._slips[variant].add(scheme)
        heard = sound(joined)
        if len(heard) >= 4:
            self._sounds[heard].add(scheme)

    def find(self, listed: Sequence[str]) -> list[NameFound]:
        """Return the names in a list of folded words; a name inside a longer one counts for little.

        Args:
            listed: The question's words, in order.
        """
        found: dict[tuple[str, int, int], float] = {}
        for start in range(len(listed)):
            for end in range(start + 1, min(len(listed), start + _LONGEST) + 1):
                for scheme, strength in self._look_up(listed[start:end]).items():
                    key = (scheme, start, end)
                    found[key] = max(strength, found.get(key, 0.0))
        names = [NameFound(scheme, start, end, strength) for (scheme, start, end), strength in found.items()]
        return [self._inside(name, names) for name in names]

    def _look_up(self, listed: Sequence[str]) -> dict[str, float]:
        joined = "".join(listed)
        exact = self._exact.get(joined)
        if exact:
            return dict.fromkeys(exact, self._everyday.get(joined, 1.0) / len(exact))
        if len(joined) < _SLIP_FROM or self._known.issuperset(listed):
            return {}
        slipped = set().union(*(self._slips.get(variant, ()) for variant in _slips(joined)))
        if slipped:
            return dict.fromkeys(slipped, 0.8 / len(slipped))
        alike = self._sounds.get(sound(joined), ())
        return dict.fromkeys(alike, 0.7 / len(alike)) if alike else {}

    @staticmethod
    def _inside(name: NameFound, others: Sequence[NameFound]) -> NameFound:
        for other in others:
            longer = other.end - other.start > name.end - name.start
            if longer and other.scheme != name.scheme and other.start <= name.start and name.end <= other.end:
                return NameFound(
                    name.scheme, name.start, name.end, name.strength * 0.4 * (other.strength < 1) + name.strength * 0.2
                )
        return name


def _slips(word: str) -> set[str]:
    """Return the word and every spelling with one letter left out: two words one slip apart share one."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}
