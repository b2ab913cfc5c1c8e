"""The committed figures, and what counts as worse than they are."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.bench.figures import Estimate
from tools.evaluate.retrieval import SETS, Table

BASELINE = SETS / "baseline.json"
HIGHER = frozenset(
    {"recall@1 scheme", "recall@5 scheme", "MRR scheme", "intent accuracy", "intent macro-F1", "out-of-scope recall"}
)
LOWER = frozenset({"refused answerable", "false answers", "calibration error", "intent changed by a misspelling"})
"""Headlines, by which way is better; every other figure is only shown."""


def load(path: Path = BASELINE) -> Table:
    """Return the committed figures; nothing where there are none."""
    if not path.exists():
        return {}
    kept: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))["figures"]
    return {way: {name: Estimate(**value) for name, value in row.items()} for way, row in kept.items()}


def write(table: Table, thresholds: dict[str, float], path: Path = BASELINE) -> None:
    """Commit to figures."""
    figures = {
        way: {name: {k: round(v, 4) for k, v in asdict(value).items()} for name, value in row.items()}
        for way, row in table.items()
    }
    path.write_text(json.dumps({"thresholds": thresholds, "figures": figures}, indent=1) + "\n", "utf-8")


def worse(table: Table, before: Table) -> list[str]:
    """Return a line for each headline whose whole interval is worse than the committed figure."""
    lines = []
    for way, row in table.items():
        for name, value in row.items():
            known = before.get(way, {}).get(name)
            if known is None or not value.count:
                continue
            if (name in HIGHER and value.high < known.value) or (name in LOWER and value.low > known.value):
                lines.append(f"{name}, {way}: {value} where {known.value:.3f} was committed to")
    return lines


def lacking(table: Table, before: Table) -> list[str]:
    """Return the headlines that were committed to and are not measured any more."""
    return [
        f"{name}, {way}"
        for way, row in before.items()
        for name in row
        if name in HIGHER | LOWER and name not in table.get(way, {})
    ]


def moved(value: Estimate, before: Estimate | None) -> str:
    """Write the difference from the committed figure, in points of a hundred."""
    return "" if before is None or not value.count else f" {100 * (value.value - before.value):+.1f}"
