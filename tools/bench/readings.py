"""Readings of texts by a pipeline: asked for in the assistant's own Python, kept by content, and scored."""

import json
import math
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.figures import Estimate, Indices, macro_f1, refusal_border, resampled, wilson
from tools.bench.models import BOT_PYTHON, FOLDER, bot_environment
from tools.bench.plans import FALLBACK, OUT_OF_SCOPE, Example
from tools.installation import leash
from tools.steps import ROOT

SCRIPT = Path(__file__).with_name("in_rasa.py")
REFUSED_IN_SCOPE = 0.05


@dataclass(frozen=True)
class Reading:
    """What a pipeline made of an example.

    Attributes:
        deployed: The intent after the fallback threshold, as a conversation would get it.
        best: The most likely intent, whatever its confidence.
        confidence: How sure of it the pipeline is.
    """

    meant: str
    way: str
    group: int
    deployed: str
    best: str
    confidence: float

    @property
    def in_scope(self) -> bool:
        """Whether it should be answered."""
        return self.meant != OUT_OF_SCOPE

    @property
    def refused(self) -> bool:
        """Whether a conversation would not answer it as something in scope."""
        return self.deployed in (OUT_OF_SCOPE, FALLBACK)

    @property
    def score(self) -> float:
        """How much it looks in scope: below every confidence when out of scope is the best guess."""
        return -1.0 if self.best in (OUT_OF_SCOPE, "") else self.confidence


def reading(example: Example, group: int, found: dict[str, Any]) -> Reading:
    """Understand what the script reports; the fallback stands first in the ranking when it was chosen."""
    ranking = [(name, confidence) for name, confidence in found["top"] if name != FALLBACK]
    best, confidence = ranking[0] if ranking else ("", 0.0)
    return Reading(example.intent, example.way, group, found["intent"] or FALLBACK, best or "", confidence)


def ask(job: dict[str, Any], kept: Path) -> list[dict[str, Any]]:
    """Run a job of `in_rasa.py` unless its outcome is kept; return the predictions."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sahayak-bench-") as folder:
            path = Path(folder) / "job.json"
            path.write_text(json.dumps({**job, "out": str(kept)}), "utf-8")
            _run(path, Path(folder))
    predictions: list[dict[str, Any]] = json.loads(kept.read_text("utf-8"))["predictions"]
    return predictions


def _run(job: Path, folder: Path) -> None:
    log = FOLDER / "log" / "in_rasa.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = bot_environment({"RASA_CACHE_DIRECTORY": str(folder / "cache")})
    with log.open("wb") as sink:
        command = [*leash(), str(BOT_PYTHON), str(SCRIPT), str(job)]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink, check=False)
    if done.returncode != 0:
        raise RuntimeError("reading with Rasa failed: see var/bench/log/in_rasa.log")


# --- scores ---------------------------------------------------------------------------------------------------


def scores(readings: Sequence[Reading]) -> dict[str, Estimate]:
    """Score readings: every figure with its 95 % interval."""
    meant, best, kinds = coded(readings)
    groups = [one.group for one in readings]
    inside = [one for one in readings if one.in_scope]
    outside = [one for one in readings if not one.in_scope]
    right = meant == best
    return {
        "accuracy": resampled(groups, lambda at: float(right[at].mean())),
        "macro-F1": resampled(groups, lambda at: macro_f1(meant[at], best[at], kinds)),
        "in scope, answered rightly": _share([one.deployed == one.meant for one in inside], inside),
        "in scope, refused": _share([one.refused for one in inside], inside),
        "out of scope, refused (recall)": _share([one.refused for one in outside], outside),
        f"recall where {REFUSED_IN_SCOPE:.0%} in scope are refused": recall_at_equal_refusal(readings),
    }


def _share(hits: Sequence[bool], of: Sequence[Reading]) -> Estimate:
    """Estimate a share; by groups where there are any larger than one, else by Wilson."""
    groups = [one.group for one in of]
    if len(set(groups)) == len(groups):
        return wilson(sum(hits), len(hits))
    counted = np.array(hits, dtype=float)
    return resampled(groups, lambda at: float(counted[at].mean()))


def coded(readings: Sequence[Reading]) -> tuple[Indices, Indices, int]:
    """Number the intents: meant, best guess, and how many were meant at all."""
    names = sorted({one.meant for one in readings})
    codes = {name: code for code, name in enumerate(names)}
    meant = np.array([codes[one.meant] for one in readings], dtype=np.int64)
    best = np.array([codes.get(one.best, len(names)) for one in readings], dtype=np.int64)
    return meant, best, len(names)


def recall_at_equal_refusal(readings: Sequence[Reading], share: float = REFUSED_IN_SCOPE) -> Estimate:
    """Estimate out-of-scope recall at a threshold of the pipeline's own that refuses a fixed share in scope.

    Two pipelines with thresholds of their own can trade one figure for the other; this takes the choice away.
    """
    outside = [one for one in readings if not one.in_scope]
    border = refusal_border([one.score for one in readings if one.in_scope], share)
    return _share([one.score < border or one.score < 0 for one in outside], outside)


def difference(ours: Sequence[Reading], stock: Sequence[Reading], *, out_of_scope: bool) -> Estimate:
    """Estimate ours minus stock on the same texts: accuracy, or out-of-scope recall as deployed."""
    pairs = [(one, other) for one, other in zip(ours, stock, strict=True) if not (out_of_scope and one.in_scope)]
    if not pairs:
        return Estimate(math.nan, math.nan, math.nan, 0)
    gains = [
        float(one.refused) - float(other.refused)
        if out_of_scope
        else float(one.best == one.meant) - float(other.best == other.meant)
        for one, other in pairs
    ]
    counted = np.array(gains)
    return resampled([one.group for one, _ in pairs], lambda at: float(counted[at].mean()))
