"""`make evaluate`: every figure by way of writing, its 95 % interval, and the difference from what was committed.

`python -m tools.evaluate`                    measure with the committed thresholds, compare with the baseline
`python -m tools.evaluate --only retrieval`   questions alone; `understanding`: utterances alone
`python -m tools.evaluate --calibrate`        set the retrieval's thresholds anew on the calibration half first
`python -m tools.evaluate --write-baseline`   commit to the measured figures
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, faiss, torch and the engine read it

import argparse
import sys

from knowledge.evidence import load_model
from knowledge.service import load_thresholds
from tools.bench.tables import number, show, table
from tools.evaluate import baseline, retrieval, understanding
from tools.evaluate.retrieval import Outcome, Table

PARTS = ("retrieval", "understanding")


def main(arguments: list[str] | None = None) -> int:
    """Measure; exit status 1 when a headline's whole interval is worse than what was committed."""
    given = _parser().parse_args(arguments)
    parts = [given.only] if given.only else list(PARTS)
    before = {} if given.development else baseline.load()
    found: Table = {}
    if "retrieval" in parts:
        _merge(found, _retrieval(calibrate=given.calibrate, development=given.development, before=before))
    if "understanding" in parts and not given.development:
        _merge(found, _understanding(before))
    if given.write_baseline:
        baseline.write({way: {**before.get(way, {}), **row} for way, row in found.items()}, load_thresholds())
        return 0
    problems = [f"WORSE than the baseline: {line}" for line in baseline.worse(found, before)]
    if not given.only and not given.development:
        problems += [f"NOT MEASURED, though committed to: {line}" for line in baseline.lacking(found, before)]
    show(*problems)
    return int(bool(problems))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.evaluate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--calibrate", action="store_true", help="set the thresholds anew on the calibration half")
    parser.add_argument("--write-baseline", action="store_true", help="commit to what is measured")
    parser.add_argument("--development", action="store_true", help="measure on the development questions instead")
    return parser


def _merge(into: Table, more: Table) -> None:
    for way, row in more.items():
        into.setdefault(way, {}).update(row)


def _retrieval(*, calibrate: bool, development: bool, before: Table) -> Table:
    answerable, unanswerable = retrieval.asked(retrieval.open_retriever(), development=development)
    model = load_model()

    def probability(outcome: Outcome) -> float:
        return round(model.probability(outcome.evidence), 4)

    fresh = retrieval.calibrate(probability, answerable, unanswerable)
    if calibrate:
        retrieval.write_thresholds(fresh)
    thresholds = load_thresholds()
    found = retrieval.measure(probability, answerable, unanswerable, thresholds)
    chosen = ", ".join(f"{way} {value} (calibrated anew: {fresh.get(way)})" for way, value in thresholds.items())
    _show("Questions and their answers", found, before, f"Thresholds: {chosen}.")
    timings = [
        [name, *(number(value) for value in (one.p50, one.p95, one.p99))]
        for name, one in retrieval.milliseconds([*answerable, *unanswerable]).items()
    ]
    show(table("Time a question takes, ms", ["", "p50", "p95", "p99"], timings))
    return found


def _understanding(before: Table) -> Table:
    found, readings = understanding.measure()
    note = f"Each utterance also in {understanding.VARIANTS} misspellings, one word changed in each."
    _show("Utterances of another author", found, before, note)
    rows = [
        [name, count, number(sure, 3), number(right, 3)]
        for name, count, sure, right in understanding.reliability(readings)
    ]
    show(table("How honest the confidence is", ["confidence", "utterances", "mean", "right"], rows))
    return found


def _show(title: str, found: Table, before: Table, note: str) -> None:
    names = list(dict.fromkeys(name for row in found.values() for name in row))
    rows = []
    for name in names:
        cells = [name]
        for way, row in found.items():
            value = row.get(name)
            known = before.get(way, {}).get(name)
            cells.append("-" if value is None or not value.count else f"{value}{baseline.moved(value, known)}")
        rows.append(cells)
    show(table(title, ["", *found], rows, f"Value, 95 % interval, points from the baseline. {note}"))


if __name__ == "__main__":
    sys.exit(main())
