"""Finding passages: vectors, words, names and entities, each weighed by its own evidence."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.asks import AskModel
from knowledge.aspects import aspects_of, everyday_names, foreign_names, ignored_words, words_beside_cues
from knowledge.documents import Passage
from knowledge.embedder import Embedder
from knowledge.evidence import Evidence
from knowledge.index import Index
from knowledge.names import Names
from knowledge.romanised import lexicon_words, to_devanagari
from knowledge.text import normalise, words
from knowledge.weights import LIST_SHARES, Weights
from knowledge.words import WordSearch

Scores = NDArray[np.float32]

EMBEDDED = 600
"""Characters of a question that are embedded; word search reads all of it."""

NAMED_IN = 150
"""Words of a question in which names and cues are looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and how well it fits."""

    passage: Passage
    score: float
    missing_aspect: bool


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, best first, and the evidence for the best."""

    found: tuple[Found, ...]
    evidence: Evidence


class Retriever:
    """Searches one index; keeps no state between questions and may be called from several threads."""

    def __init__(self, index: Index, embedder: Embedder, weights: Weights | None = None) -> None:
        self._index = index
        self.embedder = embedder
        self.weights = weights or Weights()
        self._ignored = ignored_words()
        catalogue = index.catalogue
        known = self._ignored | lexicon_words()
        known |= {word for p in catalogue.passages for word in words(p.text)}
        self._names = Names(catalogue.names, ignored=self._ignored, known=known, everyday=everyday_names())
        self._schemes = catalogue.schemes
        scheme_row = {scheme: row for row, scheme in enumerate(self._schemes)}
        self._units = sorted({(p.scheme, p.aspect) for p in catalogue.passages})
        unit_row = {unit: row for row, unit in enumerate(self._units)}
        self._unit_scheme = np.array([scheme_row[scheme] for scheme, _ in self._units])
        self._aspects = {s: {a for scheme, a in self._units if scheme == s} for s in self._schemes}
        self._passages: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for place, p in enumerate(catalogue.passages):
            self._passages[p.scheme, p.aspect, p.language].append(place)
        self._lists: dict[tuple[str, str], tuple[NDArray[np.intp], NDArray[np.intp]]] = {}
        for kind, language in sorted({(e.kind, e.language) for e in catalogue.entries}):
            places = [i for i, e in enumerate(catalogue.entries) if (e.kind, e.language) == (kind, language)]
            if kind == "passage":
                owners = [unit_row[catalogue.passages[i].scheme, catalogue.passages[i].aspect] for i in places]
            else:
                owners = [scheme_row.get(catalogue.entries[i].about, 0) for i in places]
            self._lists[kind, language] = (np.array(places), np.array(owners))
        self._asks = AskModel(catalogue.entries, index.rows())
        self._unit_words = WordSearch(self._texts_of_units(), self._ignored)
        self._scheme_words = WordSearch(self._texts_of_schemes(), self._ignored)
        foreign = [entry.text for entry in catalogue.entries if entry.kind == "background"]
        self._foreign_names = Names({"foreign": foreign_names()}, known=known)
        self._foreign_words = WordSearch(foreign or [""], self._ignored)

    @property
    def schemes(self) -> tuple[str, ...]:
        """All schemes that can be found."""
        return self._schemes

    def retrieve(
        self, question: str, language: str, *, scheme: str | None = None, aspect: str | None = None, limit: int = 3
    ) -> Retrieval:
        """Find the passages that answer a question.

        Args:
            question: As the contact wrote it.
            language: `en`, `hi` or `hi-Latn`.
            scheme: A scheme the conversation is about; pulls, never excludes.
            aspect: The section that is asked for; pulls, never excludes.
            limit: How many passages at most.

        Returns:
            The passages, best first (none when the question has no words), and the evidence.
        """
        text = normalise(question)
        listed = words(text)[:NAMED_IN]
        if not listed:
            return Retrieval((), Evidence())
        views = [text[:EMBEDDED]]
        content = self._unit_words.content_words(text)
        if language == "hi-Latn":
            views.append(to_devanagari(views[0]))
            content = content + [word for word in self._unit_words.content_words(views[1]) if word not in content]
        vectors = self.embedder.embed_questions(views)
        asks = self._asks.shares(vectors)
        return self._weigh(
            _Question(language, listed, content, self._index.search(vectors), asks, scheme, aspect), limit
        )

    def _weigh(self, asked: "_Question", limit: int) -> Retrieval:
        weights = self.weights
        dense, best_passage = self._dense(asked, "passage", len(self._units))
        situation, best_situation = self._dense(asked, "situation", len(self._schemes))
        found_words = self._unit_words.score(asked.content)
        scheme_words = self._scheme_words.score(asked.content)
        named = self._named(asked)
        entity = np.array([float(s == asked.scheme) for s in self._schemes], dtype=np.float32)
        spoken = (
            weights.passage * self._highest(dense)
            + weights.situation * situation
            + weights.words * (self._highest(found_words) + scheme_words)
            + weights.name * named
        )
        aspects = aspects_of(asked.words)
        asks = bool(aspects) or asked.aspect is not None
        follows_up = bool(entity.any()) and asks and not words_beside_cues(asked.words)
        scheme_scores = spoken + (weights.follow_up if follows_up else weights.entity) * entity
        wanted = self._wanted(asked, aspects)
        unit_scores = (
            scheme_scores[self._unit_scheme]
            + weights.own_passage * (dense - self._highest(dense)[self._unit_scheme])
            + weights.own_words * (found_words - self._highest(found_words)[self._unit_scheme])
            + weights.aspect * np.array([wanted.get(a, 0.0) for _, a in self._units], dtype=np.float32)
        )
        found = self._rank(unit_scores, asked, aspects, limit)
        best = self._schemes.index(found[0].passage.scheme)
        others = np.delete(spoken, best)
        mine = self._unit_scheme == best
        unknown = self._unknown(asked.content)
        evidence = Evidence(
            passage=float(best_passage[mine].max()),
            situation=float(best_situation[best]),
            foreign=self._foreign(asked),
            words=float(found_words[mine].max()),
            scheme_words=float(scheme_words[best]),
            contrast=self._contrast(asked, best),
            foreign_words=float(self._foreign_words.score(asked.content).max()),
            foreign_name=max((name.strength for name in self._foreign_names.find(asked.words)), default=0.0),
            unknown=unknown,
            name=float(named[best]),
            margin=float(spoken[best] - others.max()) if len(others) else 0.0,
            score=float(spoken[best]),
            entity=float(entity[best]),
            aspect=float(asks),
            follow_up=float(follows_up and entity[best]),
            length=float(np.log1p(len(asked.content))),
        )
        return Retrieval(found, evidence)

    def _unknown(self, content: list[str]) -> float:
        """Return the share of the words that nothing here contains, however they are spelt."""
        if not content:
            return 0.0
        unknown = [w for w in content if not (self._unit_words.knows(w) or self._scheme_words.knows(w))]
        return len(unknown) / len(content)

    def _dense(self, asked: "_Question", kind: str, size: int) -> tuple[Scores, Scores]:
        """Return each owner's standardised score over all lists and views, and its best cosine."""
        total = np.zeros(size, dtype=np.float32)
        best = np.zeros(size, dtype=np.float32)
        for view, shares in enumerate(LIST_SHARES[kind][asked.language]):
            for language, share in shares.items():
                if (kind, language) not in self._lists:
                    continue
                places, owners = self._lists[kind, language]
                row = asked.cosines[view, places]
                standard = (row - row.mean()) / max(float(row.std()), 1e-4)
                highest = np.full(size, -1.0, dtype=np.float32)
                np.maximum.at(highest, owners, standard)
                total += share * highest
                np.maximum.at(best, owners, row)
        return total, best

    def _contrast(self, asked: "_Question", best: int) -> float:
        """Return how much likelier the best scheme's situations are than any foreign subject's questions."""
        total = 0.0
        for view, shares in enumerate(LIST_SHARES["situation"][asked.language]):
            for language, share in shares.items():
                ours, foreign = self._lists.get(("situation", language)), self._lists.get(("background", language))
                if ours is None or foreign is None:
                    continue
                row = asked.cosines[view]
                mine = row[ours[0]][ours[1] == best]
                if not len(mine):
                    continue
                spread = max(float(row[np.concatenate([ours[0], foreign[0]])].std()), 1e-4)
                total += share * (float(mine.max()) - float(row[foreign[0]].max())) / spread
        return total

    def _foreign(self, asked: "_Question") -> float:
        lists = [places for (kind, _), (places, _) in self._lists.items() if kind == "background"]
        return max((float(asked.cosines[:, places].max()) for places in lists), default=0.0)

    def _highest(self, units: Scores) -> Scores:
        """Return each scheme's highest value over its units."""
        highest = np.full(len(self._schemes), -np.inf, dtype=np.float32)
        np.maximum.at(highest, self._unit_scheme, units)
        return highest

    def _named(self, asked: "_Question") -> Scores:
        strengths = np.zeros(len(self._schemes), dtype=np.float32)
        for name in self._names.find(asked.words):
            row = self._schemes.index(name.scheme)
            strengths[row] = max(strengths[row], name.strength)
        return strengths

    def _wanted(self, asked: "_Question", aspects: dict[str, float]) -> dict[str, float]:
        """Return how strongly each section is asked for, by cues, by likeness to such questions, and by entity."""
        wanted = {aspect: self.weights.ask * share for aspect, share in asked.asks.items()}
        if self._says_only_a_name(asked):
            wanted = {"what": 1.0}
        for aspect, strength in aspects.items():
            wanted[aspect] = wanted.get(aspect, 0.0) + strength
        if asked.aspect is not None:
            wanted = {aspect: 0.5 * strength for aspect, strength in wanted.items()}
            wanted[asked.aspect] = wanted.get(asked.aspect, 0.0) + 1.5
        return wanted

    def _says_only_a_name(self, asked: "_Question") -> bool:
        named = {place for name in self._names.find(asked.words) for place in range(name.start, name.end)}
        others = [word for place, word in enumerate(asked.words) if place not in named]
        return bool(named) and not words_beside_cues(others) and not aspects_of(others)

    def _rank(self, scores: Scores, asked: "_Question", aspects: dict[str, float], limit: int) -> tuple[Found, ...]:
        """Take the best unit again and again; a scheme that was taken counts less, so that others show."""
        left = scores.copy()
        language = "en" if asked.language == "en" else "hi"
        found: list[Found] = []
        while len(found) < limit and np.isfinite(left).any():
            row = int(left.argmax())
            scheme, aspect = self._units[row]
            found.append(Found(self._best_part(asked, scheme, aspect, language), float(left[row]), False))
            left[row] = -np.inf
            left[self._unit_scheme == self._unit_scheme[row]] -= self.weights.repeat
        asks = asked.aspect or _sure(aspects)
        return tuple(
            Found(f.passage, f.score, asks is not None and asks not in self._aspects[f.passage.scheme]) for f in found
        )

    def _best_part(self, asked: "_Question", scheme: str, aspect: str, language: str) -> Passage:
        places = self._passages.get((scheme, aspect, language)) or [
            place for other in ("en", "hi") for place in self._passages.get((scheme, aspect, other), [])
        ]
        best = max(places, key=lambda place: (float(asked.cosines[:, place].max()), -place))
        return self._index.catalogue.passages[best]

    def _texts_of_units(self) -> list[str]:
        texts: dict[tuple[str, str], list[str]] = defaultdict(list)
        for p in self._index.catalogue.passages:
            texts[p.scheme, p.aspect].append(p.searchable)
        return [" ".join(texts[unit]) for unit in self._units]

    def _texts_of_schemes(self) -> list[str]:
        texts = {scheme: list(names) for scheme, names in self._index.catalogue.names.items()}
        for entry in self._index.catalogue.entries:
            if entry.kind == "situation":
                texts[entry.about].append(entry.text)
        return [" ".join(texts[scheme]) for scheme in self._schemes]


@dataclass(frozen=True, slots=True)
class _Question:
    language: str
    words: list[str]
    content: list[str]
    cosines: Scores
    asks: dict[str, float]
    scheme: str | None
    aspect: str | None


def _sure(aspects: dict[str, float]) -> str | None:
    """Return the aspect whose absence must be told: one whose cues are unmistakable, asked for alone."""
    strongest = [aspect for aspect, strength in aspects.items() if strength == 1.0]
    unmistakable = {"documents", "fees", "time", "helpline"}
    return strongest[0] if len(strongest) == 1 and strongest[0] in unmistakable else None
