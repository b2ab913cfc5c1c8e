"""From evidence to a probability that the best passage answers the question."""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path

MODEL = Path(__file__).resolve().parent / "evidence.json"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the best scheme, and what for a subject that belongs elsewhere."""

    passage: float = 0.0
    situation: float = 0.0
    foreign: float = 0.0
    contrast: float = 0.0
    words: float = 0.0
    scheme_words: float = 0.0
    foreign_words: float = 0.0
    foreign_name: float = 0.0
    unknown: float = 0.0
    name: float = 0.0
    margin: float = 0.0
    score: float = 0.0
    entity: float = 0.0
    aspect: float = 0.0
    follow_up: float = 0.0
    length: float = 0.0

    def values(self) -> list[float]:
        """Return the numbers in the order of their declaration."""
        return [float(getattr(self, field.name)) for field in fields(self)]


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """A logistic model over the evidence, fitted on the development questions."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    factors: tuple[float, ...]
    offset: float

    def probability(self, evidence: Evidence) -> float:
        """Return the probability that the question has an answer here; 0 without any evidence."""
        if evidence == Evidence():
            return 0.0
        terms = zip(evidence.values(), self.means, self.scales, self.factors, strict=True)
        total = self.offset + sum(factor * (value - mean) / scale for value, mean, scale, factor in terms)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def load_model(path: Path = MODEL) -> EvidenceModel:
    """Read the fitted model."""
    content = json.loads(path.read_text(encoding="utf-8"))
    names = [field.name for field in fields(Evidence)]
    return EvidenceModel(
        means=tuple(content["evidence"][name]["mean"] for name in names),
        scales=tuple(content["evidence"][name]["scale"] for name in names),
        factors=tuple(content["evidence"][name]["factor"] for name in names),
        offset=content["offset"],
    )
