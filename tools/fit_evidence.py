"""Fits the model that turns evidence into a probability; never sees the evaluation sets.

`python -m tools.fit_evidence` learns from
- the development questions (tests/knowledge/development), alone and as asked in a conversation about a scheme;
- the situations and foreign questions of the lexicon, each put to an index that was built without it and the
  others in its place in their lists (five folds), so that it is not found by itself.
Afterwards the thresholds must be calibrated again: `python -m tools.evaluate --calibrate`.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, faiss, torch and the engine read it

import dataclasses
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.evidence import MODEL, Evidence
from knowledge.index import Index
from knowledge.library import Library
from knowledge.retriever import Retriever
from knowledge.settings import KnowledgeSettings
from tools.evaluate.retrieval import DEVELOPMENT, Outcome, ask, ask_all, listed, read

FOLDS = 5
KNOTS = 4
RIDGE = 20.0

Numbers = NDArray[np.float64]


def folded_questions(index: Index) -> list[list[dict[str, Any]]]:
    """Return the lexicon's questions by fold; one fold holds the same places of all lists."""
    folds: list[list[dict[str, Any]]] = [[] for _ in range(FOLDS)]
    places: dict[tuple[str, str, str], int] = defaultdict(int)
    for row, entry in enumerate(index.catalogue.entries):
        if entry.kind not in ("situation", "background"):
            continue
        place = places[entry.kind, entry.about, entry.language]
        places[entry.kind, entry.about, entry.language] += 1
        scheme = entry.about if entry.kind == "situation" else None
        question = {"id": f"{row}", "question": entry.text, "language": entry.language, "scheme": scheme, "row": row}
        folds[place % FOLDS].append(question)
    return folds


def without(index: Index, rows: set[int]) -> Index:
    """Return the index without some entries."""
    kept = [row for row in range(len(index.catalogue.entries)) if row not in rows]
    vectors = faiss.IndexFlatIP(index.vectors.d)
    vectors.add(index.rows()[kept])
    entries = tuple(index.catalogue.entries[row] for row in kept)
    return Index(index.digest, dataclasses.replace(index.catalogue, entries=entries), vectors)


def outcomes(library: Library) -> list[Outcome]:
    """Put every question that may be learnt from."""
    service = library.service
    if service is None:
        raise SystemExit("no index")
    learnt = ask_all(service.retriever, development(service.retriever.schemes))
    for fold, questions in enumerate(folded_questions(service.index)):
        print(f"fold {fold + 1} of {FOLDS}: {len(questions)} questions", flush=True)
        held_out = without(service.index, {question["row"] for question in questions})
        retriever = Retriever(held_out, service.retriever.embedder)
        learnt += [ask(retriever, question) for question in questions]
    return learnt


def development(schemes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the development questions, each also as asked in a conversation about some scheme."""
    positive = read(DEVELOPMENT / "answerable.jsonl")
    negative = read(DEVELOPMENT / "unanswerable.jsonl")
    about_it = [row | {"about": listed(row["scheme"])[0]} for row in positive if "about" not in row]
    about_another = [row | {"about": schemes[place * 7 % len(schemes)]} for place, row in enumerate(negative)]
    return positive + about_it + negative + about_another


def fit(learnt: Sequence[Outcome], path: Path = MODEL) -> None:
    """Fit the additive model, both classes and all languages alike in weight, and write it."""
    names = [field.name for field in fields(Evidence)]
    usable = [o for o in learnt if not o.question.get("scheme") or o.scheme_rank == 1]
    rows = np.array([outcome.evidence.values() for outcome in usable])
    truth = np.array([float(bool(outcome.question.get("scheme"))) for outcome in usable])
    groups = [(outcome.language, bool(outcome.question.get("scheme"))) for outcome in usable]
    weight = np.array([len(groups) / len(set(groups)) / groups.count(group) for group in groups])
    knots = [np.linspace(column.min(), max(column.max(), column.min() + 1e-3), KNOTS) for column in rows.T]
    hats = np.hstack([_hats(column, places) for column, places in zip(rows.T, knots, strict=True)])
    factors, offset = _logistic(hats, truth, weight)
    points = factors.reshape(len(names), KNOTS)
    offset += float(points.mean(axis=1).sum())  # a kind's points sum to zero, so that they can be compared
    points -= points.mean(axis=1, keepdims=True)
    positives = int(truth.sum())
    content = {
        "how": f"python -m tools.fit_evidence: {positives} answerable and {len(truth) - positives} unanswerable "
        f"questions that are not in the evaluation sets, {KNOTS} knots, ridge {RIDGE}",
        "offset": round(offset, 4),
        "evidence": {
            name: {"knots": [round(float(n), 4) for n in places], "points": [round(float(n), 3) for n in given]}
            for name, places, given in zip(names, knots, points, strict=True)
        },
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _hats(column: Numbers, knots: Numbers) -> Numbers:
    """Return each value as shares of its two neighbouring knots."""
    return np.stack([np.interp(column, knots, unit) for unit in np.eye(len(knots))], axis=1)


def _logistic(inputs: Numbers, truth: Numbers, weight: Numbers) -> tuple[Numbers, float]:
    """Fit a logistic regression with a ridge on standardised inputs by Newton's method."""
    means, scales = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-6)
    design = np.hstack([(inputs - means) / scales, np.ones((len(inputs), 1))])
    penalty = RIDGE * np.diag([1.0] * inputs.shape[1] + [0.0])
    factors = np.zeros(design.shape[1])
    for _ in range(40):
        guess = 1 / (1 + np.exp(-np.clip(design @ factors, -30, 30)))
        slope = design.T @ (weight * (truth - guess)) - penalty @ factors
        bend = (design * (weight * guess * (1 - guess))[:, None]).T @ design + penalty + 1e-9 * np.eye(len(factors))
        factors += np.linalg.solve(bend, slope)
    scaled = factors[:-1] / scales
    return scaled, float(factors[-1] - means @ scaled)


def main() -> int:
    """Fit and write knowledge/evidence.json."""
    library = Library(KnowledgeSettings())
    library.open()
    learnt = outcomes(library)
    fit(learnt)
    print(f"fitted on {len(learnt)} questions; now: python -m tools.evaluate --calibrate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
