"""Arithmetic of the bench: percentiles, shares with intervals, macro-F1, resampling by group."""

import math
import random
import statistics
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
Indices = NDArray[np.int64]


def seeded(seed: int | str) -> random.Random:
    """Give a source of numbers that is the same in every run."""
    return random.Random(seed)  # noqa: S311 - plans, not secrets


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which a share of the values lies, between neighbours by straight line."""
    ranked = sorted(values)
    if not ranked:
        return math.nan
    place = share * (len(ranked) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


@dataclass(frozen=True)
class Timing:
    """What many measured times amount to, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Timing":
        """Sum up measured times."""
        p50, p95, p99 = (percentile(milliseconds, share) for share in (0.5, 0.95, 0.99))
        return cls(len(milliseconds), p50, p95, p99, max(milliseconds, default=math.nan))

    def less(self, milliseconds: float) -> "Timing":
        """Take the same time off every figure, never below zero."""
        p50, p95, p99, longest = (
            max(0.0, value - milliseconds) for value in (self.p50, self.p95, self.p99, self.longest)
        )
        return Timing(self.count, p50, p95, p99, longest)


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval and the number of cases behind it."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f} {self.high:.3f}]" if self.count else "-"


def wilson(hits: int, of: int, z: float = 1.959964) -> Estimate:
    """Estimate a share with its 95 % Wilson interval."""
    if of == 0:
        return Estimate(math.nan, 0.0, 1.0, 0)
    share = hits / of
    centre = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half), of)


def share_of(hits: Iterable[bool]) -> Estimate:
    """Estimate how many of independent cases hit."""
    counted = list(hits)
    return wilson(sum(counted), len(counted))


def macro_f1(meant: Indices, found: Indices, kinds: int) -> float:
    """Average F1 over the kinds that occur among the meant ones; kind numbers beyond `kinds` are no kind."""
    inside = meant < kinds
    right = np.bincount(meant[inside & (meant == found)], minlength=kinds)
    wanted = np.bincount(meant[inside], minlength=kinds)
    given = np.bincount(found[found < kinds], minlength=kinds)
    present = wanted > 0
    return float((2 * right[present] / (wanted + given)[present]).mean()) if present.any() else math.nan


def resampled(
    groups: Sequence[Hashable],
    statistic: Callable[[Indices], float],
    resamples: int = RESAMPLES,
    seed: int = 7,
) -> Estimate:
    """Estimate a statistic of cases with the 95 % interval found by drawing whole groups again and again.

    Args:
        groups: The group of each case; cases of one group are near-copies and must be drawn together.
        statistic: Takes the places of the drawn cases.
        resamples: How often to draw.
        seed: Makes every run draw the same.
    """
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    if not members:
        return Estimate(math.nan, math.nan, math.nan, 0)
    drawn_from = [np.array(places, dtype=np.int64) for places in members.values()]
    numbers = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        drawn = numbers.integers(0, len(drawn_from), len(drawn_from))
        draws.append(statistic(np.concatenate([drawn_from[number] for number in drawn])))
    known = [value for value in draws if not math.isnan(value)]
    whole = statistic(np.arange(len(groups), dtype=np.int64))
    return Estimate(whole, percentile(known, 0.025), percentile(known, 0.975), len(groups))


def refusal_border(scores: Sequence[float], share: float) -> float:
    """Return the border below which at most this share of the scores lies."""
    ranked = sorted(scores)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0.0


def ratio(above: float, below: float) -> float:
    """Divide, with no number for nothing."""
    return above / below if below else math.nan


def middle(values: Sequence[float]) -> float:
    """Return the median, or no number of nothing."""
    return statistics.median(values) if values else math.nan
