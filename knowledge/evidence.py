"""From evidence to a probability that the best passage answers the question."""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path

MODEL = Path(__file__).resolve().parent / "evidence.json"

FOLLOWS_UP = 0.95
"""What 'fees?' or 'kitna milega' is worth in a conversation about a scheme: it can mean nothing else."""


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
    """An additive logistic model: each kind of evidence gives points, read off a line between knots."""

    knots: tuple[tuple[float, ...], ...]
    points: tuple[tuple[float, ...], ...]
    offset: float

    def probability(self, evidence: Evidence) -> float:
        """Return the probability that the question has an answer here; 0 without any evidence."""
        if evidence == Evidence():
            return 0.0
        values = zip(evidence.values(), self.knots, self.points, strict=True)
        total = self.offset + sum(_read_off(value, knots, points) for value, knots, points in values)
        fitted = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
        return max(fitted, FOLLOWS_UP) if evidence.follow_up else fitted


def _read_off(value: float, knots: tuple[float, ...], points: tuple[float, ...]) -> float:
    """Interpolate between the knots; beyond the outer ones nothing changes any more."""
    if value <= knots[0]:
        return points[0]
    for left, right, low, high in zip(knots, knots[1:], points, points[1:], strict=False):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return points[-1]


def load_model(path: Path = MODEL) -> EvidenceModel:
    """Read the fitted model."""
    content = json.loads(path.read_text(encoding="utf-8"))
    listed = [content["evidence"][field.name] for field in fields(Evidence)]
    return EvidenceModel(
        knots=tuple(tuple(entry["knots"]) for entry in listed),
        points=tuple(tuple(entry["points"]) for entry in listed),
        offset=content["offset"],
    )
