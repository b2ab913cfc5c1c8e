"""`python -m tools.bench`: ours and the alternative measured in one run, as tables with ratios and as JSON."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy reads it

import argparse
import json
import math
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.bench import grievances, intents, machine, rasa_speed, reach, webhook, whole_turn
from tools.bench.models import FOLDER
from tools.bench.tables import show

PARTS = ("rasa", "intents", "turn", "webhook", "grievances")
FULL: dict[str, Any] = {
    "epochs": 100, "folds": 3, "rounds": 2, "messages": 90, "counts": {1.0: 150, 2.0: 240, 5.0: 450}, "seconds": 30.0,
    "ledger": 100_000, "filings": 300,
}  # fmt: skip
QUICK: dict[str, Any] = {
    "epochs": 2, "folds": 2, "rounds": 1, "messages": 30, "counts": {2.0: 20, 5.0: 30}, "seconds": 4.0,
    "ledger": 1_000, "filings": 20,
}  # fmt: skip


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part (may be given again)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works; not for reporting")
    parser.add_argument("--skip-diet", action="store_true", help="cross-validate our pipeline alone")
    parser.add_argument("--retrain", action="store_true", help="train both models again, to time it")
    parser.add_argument("--epochs", type=int, help="epochs of the stock pipeline's DIET and TED (100)")
    parser.add_argument("--folds", type=int, help="folds of the cross-validation (3)")
    parser.add_argument("--rounds", type=int, help="rounds of both servers, order swapped each time (2)")
    parser.add_argument("--messages", type=int, help="messages at each number at once (90)")
    parser.add_argument("--ledger", type=int, help="grievances in the ledger (100,000)")
    parser.add_argument("--seconds", type=float, help="how long webhooks are posted (30)")
    return parser.parse_args()


def sizes_of(given: argparse.Namespace) -> dict[str, Any]:
    """Choose the sizes: full or quick, and what was said by name."""
    chosen = dict(QUICK if given.quick else FULL)
    for name in chosen:
        if getattr(given, name, None) is not None:
            chosen[name] = getattr(given, name)
    return chosen


def parts(given: argparse.Namespace, sizes: dict[str, Any]) -> dict[str, Callable[[], dict[str, Any]]]:
    """List the parts with their sizes."""
    epochs = sizes["epochs"]
    listed: dict[str, Callable[[], dict[str, Any]]] = {
        "rasa": lambda: rasa_speed.run(
            epochs=epochs, rounds=sizes["rounds"], messages=sizes["messages"], again=given.retrain
        ),
        "intents": lambda: intents.run(epochs=epochs, folds=sizes["folds"], skip_diet=given.skip_diet or given.quick),
        "turn": lambda: whole_turn.run(counts=sizes["counts"]),
        "webhook": lambda: webhook.run(seconds=sizes["seconds"]),
        "grievances": lambda: grievances.run(
            count=sizes["ledger"], rounds=3 * sizes["rounds"], filings=sizes["filings"]
        ),
    }
    return {name: part for name, part in listed.items() if name in (given.only or PARTS)}


def main() -> int:
    """Measure part by part; one that fails does not stop the others, and makes the exit status 1."""
    given = arguments()
    sizes = sizes_of(given)
    FOLDER.mkdir(parents=True, exist_ok=True)
    out = FOLDER / ("quick.json" if given.quick else "latest.json")
    facts = machine.facts()
    show(*facts.lines())
    if given.quick:
        show("QUICK: tiny sizes, to see that it works; report none of these figures")
    figures: dict[str, Any] = {
        "machine": asdict(facts),
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "quick": given.quick,
        "sizes": {**sizes, "counts": {f"{rate:g}": count for rate, count in sizes["counts"].items()}},
    }
    for name, part in parts(given, sizes).items():
        show(f"\n## {name} (load {machine.load():.2f})")
        figures[name] = attempt(part)
        write(out, figures)
    judged = reach.lines(figures)
    figures["reach"] = [asdict(line) for line in judged]
    write(out, figures)
    show(
        "\n## bounds agreed beforehand",
        "",
        *(str(line) for line in judged),
        f"\nAs JSON: {out.relative_to(FOLDER.parents[1])}",
    )
    return int(any("failed" in figures[name] for name in PARTS if name in figures))


def write(out: Path, figures: dict[str, Any]) -> None:
    """Keep the figures; what is no number is null, as JSON wants it."""
    out.write_text(json.dumps(_plain(figures), indent=1, ensure_ascii=False) + "\n", "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def attempt(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Measure a part; a failure is shown and noted."""
    began = time.monotonic()
    try:
        figures = part()
    except Exception as error:
        traceback.print_exc()
        show(f"this part FAILED: {error}")
        return {"failed": f"{type(error).__name__}: {error}"}
    took = time.monotonic() - began
    show(f"\n(this part took {took / 60:.1f} minutes)")
    return {**figures, "took_seconds": took}


if __name__ == "__main__":
    sys.exit(main())
