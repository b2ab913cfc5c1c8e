"""How well utterances are understood: intents, what is out of scope, honest confidence, misspellings."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.figures import Estimate, Indices, macro_f1, resampled
from tools.bench.models import FOLDER
from tools.bench.plans import WAYS, Example, evaluation_examples, off_topic_examples
from tools.bench.readings import Reading, ask, coded, reading
from tools.evaluate.retrieval import Table
from tools.evaluate.spelling import misspelt
from tools.prepare import cached, fill_cache, model_digest
from tools.steps import ROOT

BINS = 10
VARIANTS = 2
"""Misspellings of each utterance."""


def model() -> Path:
    """Return the trained model of the present data, training it when there is none."""
    kept = cached(ROOT / "var" / "cache", "models", model_digest())
    if not kept.is_dir():
        fill_cache()
    return kept / "sahayak.tar.gz"


def read(examples: Sequence[Example]) -> list[Reading]:
    """Have the assistant read texts; what it made of the same texts before is kept by model and text."""
    texts = [example.text for example in examples]
    key = hashlib.sha256("\0".join([model_digest(), *texts]).encode()).hexdigest()[:20]
    job: dict[str, Any] = {"model": str(model()), "texts": texts}
    found = ask(job, FOLDER / "readings" / f"{key}.json")
    return [reading(example, place, one) for place, (example, one) in enumerate(zip(examples, found, strict=True))]


def variants(examples: Sequence[Example]) -> list[tuple[int, Example]]:
    """Return misspelt utterances, each with the place of the utterance that it was made from."""
    made = []
    for place, example in enumerate(examples):
        for number in range(VARIANTS):
            text = misspelt(example.text, example.way, number)
            if text is not None:
                made.append((place, Example(text, example.intent, example.way)))
    return made


def measure() -> tuple[Table, list[Reading]]:
    """Return every figure by way of writing and for all, and the readings of the utterances."""
    utterances, foreign = evaluation_examples(), off_topic_examples()
    misspellings = variants(utterances)
    readings = read([*utterances, *foreign, *(example for _, example in misspellings)])
    plain = readings[: len(utterances)]
    outside = [one for one in readings[: len(utterances) + len(foreign)] if not one.in_scope]
    pairs = [
        (plain[place], varied)
        for (place, _), varied in zip(misspellings, readings[len(utterances) + len(foreign) :], strict=True)
    ]
    table: Table = {}
    for way in (*WAYS, "all"):
        table[way] = figures(
            [one for one in plain if way in (one.way, "all")],
            [one for one in outside if way in (one.way, "all")],
            [(one, varied) for one, varied in pairs if way in (one.way, "all")],
        )
    return table, plain


def figures(
    plain: Sequence[Reading], outside: Sequence[Reading], pairs: Sequence[tuple[Reading, Reading]]
) -> dict[str, Estimate]:
    """Score readings.

    Args:
        plain: Of the utterances.
        outside: Of everything that is out of scope, questions too.
        pairs: Of an utterance and of the same misspelt.
    """
    meant, best, kinds = coded(plain)
    right = (meant == best).astype(float)
    confidence = np.array([one.confidence for one in plain])
    places = range(len(plain))
    inside = np.array([one.refused for one in plain if one.in_scope], dtype=float)
    refused = np.array([one.refused for one in outside], dtype=float)
    moved = np.array([one.deployed != varied.deployed for one, varied in pairs], dtype=float)
    return {
        "intent accuracy": resampled(places, lambda at: float(right[at].mean())),
        "intent macro-F1": resampled(places, lambda at: macro_f1(meant[at], best[at], kinds)),
        "in scope, refused": resampled(range(len(inside)), lambda at: float(inside[at].mean())),
        "out-of-scope recall": resampled(range(len(refused)), lambda at: float(refused[at].mean())),
        "calibration error": resampled(places, lambda at: calibration_error(confidence[at], right[at])),
        "intent changed by a misspelling": resampled(
            [one.group for one, _ in pairs], lambda at: float(moved[at].mean())
        ),
    }


def calibration_error(confidence: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float:
    """Return the expected calibration error over bins of equal width (Guo and others, 2017, equation 3)."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            error += inside.mean() * abs(float(right[inside].mean() - confidence[inside].mean()))
    return float(error)


def reliability(readings: Sequence[Reading]) -> list[tuple[str, int, float, float]]:
    """Return bins of confidence: which, how many, mean confidence, share that was right."""
    meant, best, _ = coded(readings)
    right: Indices = (meant == best).astype(np.int64)
    confidence = np.array([one.confidence for one in readings])
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    rows = []
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            name = f"{number / BINS:.1f} to {(number + 1) / BINS:.1f}"
            rows.append((name, int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())))
    return rows
