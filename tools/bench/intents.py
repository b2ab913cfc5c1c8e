"""Intent accuracy and out-of-scope recall: by cross-validation over groups, and on sets of another author."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.bench.figures import Estimate
from tools.bench.models import FOLDER, OURS, PIPELINES, STOCK, digest, trained, write_config
from tools.bench.plans import WAYS, Example, evaluation_examples, nlu_yaml, off_topic_examples, training_examples
from tools.bench.readings import Reading, ask, difference, reading, scores
from tools.bench.tables import progress, show, table
from tools.bench.templates import folds as folds_of
from tools.bench.templates import grouped

Readings = dict[str, list[Reading]]


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _embeddings(pipeline: str) -> str | None:
    """Where the vectors of every text are remembered over the folds; the stock pipeline needs none."""
    return str(FOLDER / "embeddings.npz") if pipeline == OURS else None


# --- cross-validation -----------------------------------------------------------------------------------------


def cross_validated(pipelines: Sequence[str], count: int, epochs: int) -> tuple[Readings, list[int]]:
    """Read every training example with models that saw none of its group."""
    examples = training_examples()
    groups = grouped(examples)
    folds = folds_of(examples, groups, count)
    sizes = Counter(groups)
    progress(f"{len(examples)} examples in {len(sizes)} groups, the largest of {max(sizes.values())}")
    found: Readings = {pipeline: [] for pipeline in pipelines}
    for fold in range(count):
        inside = [example for example, own in zip(examples, folds, strict=True) if own != fold]
        outside = [(e, g) for e, g, own in zip(examples, groups, folds, strict=True) if own == fold]
        for pipeline in pipelines:
            slow = f" ({epochs} epochs: some minutes)" if pipeline == STOCK else ""
            progress(f"{pipeline}: fold {fold + 1} of {count}, {len(inside)} to learn, {len(outside)} to read{slow}")
            told = _fold(pipeline, epochs, inside, [example for example, _ in outside])
            found[pipeline] += [reading(e, g, one) for (e, g), one in zip(outside, told, strict=True)]
    return found, groups


def _fold(pipeline: str, epochs: int, inside: Sequence[Example], outside: Sequence[Example]) -> list[dict[str, Any]]:
    texts = [example.text for example in outside]
    name = _key(digest(pipeline, epochs), *(f"{e.way} {e.intent} {e.text}" for e in inside), "|", *texts)
    with tempfile.TemporaryDirectory(prefix="sahayak-fold-") as folder:
        for way in WAYS:
            path = Path(folder) / way / "examples.yml"
            path.parent.mkdir()
            path.write_text(nlu_yaml([example for example in inside if example.way == way]), "utf-8")
        job = {
            "config": str(write_config(pipeline, epochs)),
            "nlu": folder,
            "examples": folder,
            "embeddings": _embeddings(pipeline),
            "texts": texts,
        }
        return ask(job, FOLDER / "folds" / f"{pipeline}-{name}.json")


# --- sets of another author -----------------------------------------------------------------------------------


def evaluated(pipelines: Sequence[str], epochs: int, examples: Sequence[Example]) -> Readings:
    """Read a set with the models that a conversation would use."""
    found: Readings = {}
    texts = [example.text for example in examples]
    for pipeline in pipelines:
        model = trained(pipeline, epochs)
        progress(f"{pipeline}: reading {len(texts)} texts")
        job = {"model": model.path, "embeddings": _embeddings(pipeline), "texts": texts}
        kept = FOLDER / "folds" / f"{pipeline}-{_key(digest(pipeline, epochs), model.when, *texts)}.json"
        found[pipeline] = [
            reading(e, place, one) for place, (e, one) in enumerate(zip(examples, ask(job, kept), strict=True))
        ]
    return found


# --- report ---------------------------------------------------------------------------------------------------


def run(*, epochs: int, folds: int, skip_diet: bool) -> dict[str, Any]:
    """Measure, print, return the figures."""
    figures: dict[str, Any] = {"epochs": epochs, "folds": folds}
    evaluation = evaluation_examples()
    sets = {
        "another author's utterances": evaluated(PIPELINES, epochs, evaluation),
        "another author's off-topic questions": evaluated(PIPELINES, epochs, off_topic_examples()),
    }
    validated, groups = cross_validated([OURS] if skip_diet else PIPELINES, folds, epochs)
    sets[f"cross-validation, {folds} folds over {len(set(groups))} groups"] = validated
    for title, readings in sets.items():
        figures[title] = judged(readings)
        show(*tables(title, figures[title]))
    return figures


def judged(readings: Readings) -> dict[str, Any]:
    """Score the readings of each pipeline in every way of writing, and their difference."""
    figures: dict[str, Any] = {"ways": {}}
    for way in (*WAYS, "all"):
        chosen = {name: [one for one in listed if way in (one.way, "all")] for name, listed in readings.items()}
        figures["ways"][way] = {
            name: {k: asdict(v) for k, v in scores(listed).items()} for name, listed in chosen.items()
        }
    if STOCK in readings:
        figures["ours minus stock"] = {
            "accuracy": asdict(difference(readings[OURS], readings[STOCK], out_of_scope=False)),
            "out-of-scope recall": asdict(difference(readings[OURS], readings[STOCK], out_of_scope=True)),
        }
    return figures


def tables(title: str, figures: dict[str, Any]) -> list[str]:
    """Lay the figures of one set out."""
    rows = []
    for figure in figures["ways"]["all"][OURS]:
        for pipeline in figures["ways"]["all"]:
            values = [Estimate(**figures["ways"][way][pipeline][figure]) for way in figures["ways"]]
            if any(value.count for value in values):
                rows.append([f"{figure}, {pipeline}", *values])
    counts = {way: figures["ways"][way][OURS]["accuracy"]["count"] for way in figures["ways"]}
    head = ["", *(f"{way} (n {count})" for way, count in counts.items())]
    notes = [
        f"{name}: ours minus stock {Estimate(**value)}"
        for name, value in figures.get("ours minus stock", {}).items()
        if value["count"]
    ]
    return [table(f"Intents: {title}", head, rows, "; ".join(notes))]
