"""Word search: how much of a question's weight is found in a text, over words, pieces of words and sounds."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.romanised import sound
from knowledge.text import pieces, words

Weights = NDArray[np.float32]

_SATURATION = 0.8
_LENGTH_SHARE = 0.4


class TermIndex:
    """BM25 over one kind of term, scaled so that 1 means: every term of the question, often."""

    def __init__(self, texts: Sequence[Counter[str]]) -> None:
        self._size = len(texts)
        lengths = np.array([sum(text.values()) for text in texts], dtype=np.float32)
        norms = 1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths / max(float(lengths.mean()) if len(texts) else 1.0, 1.0)
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, text in enumerate(texts):
            for term, count in text.items():
                found[term].append((row, count / (count + _SATURATION * float(norms[row]))))
        self._postings = {
            term: (np.array([r for r, _ in rows]), np.array([w for _, w in rows], dtype=np.float32))
            for term, rows in found.items()
        }
        self._rarest = math.log(1 + self._size)

    def weight(self, term: str) -> float:
        """Return how telling a term is; terms that occur nowhere are the most telling."""
        rows = self._postings.get(term)
        return self._rarest if rows is None else math.log(1 + self._size / len(rows[0]))

    def holds(self, term: str) -> bool:
        """Tell whether the term occurs anywhere."""
        return term in self._postings

    def score(self, terms: Iterable[str]) -> Weights:
        """Return the share of the terms' weight that each text holds."""
        scores = np.zeros(self._size, dtype=np.float32)
        total = 0.0
        for term in set(terms):
            weight = self.weight(term)
            total += weight
            rows = self._postings.get(term)
            if rows is not None:
                scores[rows[0]] += weight * rows[1]
        return scores / total if total else scores


def _sounds(listed: Iterable[str]) -> list[str]:
    return [heard for word in listed if (heard := sound(word))]


def _pieces(listed: Iterable[str]) -> list[str]:
    return [piece for word in listed for piece in pieces(word)]


_VIEWS: tuple[tuple[Callable[[Iterable[str]], list[str]], float], ...] = ((list, 0.45), (_pieces, 0.25), (_sounds, 0.3))


class WordSearch:
    """Scores texts by the words of a question, in any mixture of scripts."""

    def __init__(self, texts: Sequence[str], ignored: frozenset[str]) -> None:
        self._ignored = ignored
        self._size = len(texts)
        listed = [[word for word in words(text) if word not in ignored] for text in texts]
        self._indexes = [TermIndex([Counter(view(text)) for text in listed]) for view, _ in _VIEWS]

    def content_words(self, question: str) -> list[str]:
        """Return the words of a question that say what it is about."""
        return [word for word in words(question) if word not in self._ignored]

    def knows(self, word: str) -> bool:
        """Tell whether any text holds the word, or one that sounds like it."""
        whole, _, sounding = self._indexes
        return whole.holds(word) or sounding.holds(sound(word))

    def score(self, listed: Sequence[str]) -> Weights:
        """Return how well each text holds the words, 0 to 1."""
        total = np.zeros(self._size, dtype=np.float32)
        for index, (view, share) in zip(self._indexes, _VIEWS, strict=True):
            total += share * index.score(view(listed))
        return total
