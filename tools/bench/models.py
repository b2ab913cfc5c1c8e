"""The two assistants: the same data and rules, ours and Rasa's stock pipeline, trained once per content."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from tools.bench import machine
from tools.bench.tables import progress
from tools.fingerprint import fingerprint
from tools.installation import PREFIXES, QUIET
from tools.prepare import model_digest
from tools.steps import ROOT, run_logged

OURS, STOCK = "ours", "stock"
PIPELINES = (OURS, STOCK)
FOLDER = ROOT / "var" / "bench"
STOCK_CONFIG = Path(__file__).with_name("stock.yml")
STOCK_INPUTS = ("domain.yml", "data/**/*.yml", "bot/requirements.lock")
LEARNING = ("DIETClassifier", "TEDPolicy")
BOT_PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"


@dataclass(frozen=True)
class Trained:
    """A model and what its training took."""

    pipeline: str
    path: str
    seconds: float
    megabytes: float
    load_before: float
    when: str


def bot_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of every training of Rasa here: the same for both pipelines."""
    machines = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    return {**machines, **QUIET, **(extra or {})}


def stock_config(epochs: int) -> str:
    """Return the stock configuration with a number of epochs."""
    config = yaml.safe_load(STOCK_CONFIG.read_text("utf-8"))
    for component in [*config["pipeline"], *config["policies"]]:
        if component["name"] in LEARNING:
            component["epochs"] = epochs
    return str(yaml.safe_dump(config, sort_keys=False))


def write_config(pipeline: str, epochs: int) -> Path:
    """Write the configuration of a pipeline; return its path."""
    if pipeline == OURS:
        return ROOT / "config.yml"
    path = FOLDER / f"stock-{epochs}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stock_config(epochs), "utf-8")
    return path


def digest(pipeline: str, epochs: int) -> str:
    """Hash everything that the model of a pipeline is made from."""
    if pipeline == OURS:
        return model_digest()[:20]
    return fingerprint(ROOT, STOCK_INPUTS, stock_config(epochs))[:20]


def trained(pipeline: str, epochs: int, *, again: bool = False) -> Trained:
    """Return the trained model of a pipeline, training it when there is none of this content."""
    folder = FOLDER / "models" / f"{pipeline}-{digest(pipeline, epochs)}"
    known = folder / "trained.json"
    if known.exists() and not again:
        progress(f"{pipeline}: model of this content is there")
        return Trained(**json.loads(known.read_text("utf-8")))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    what = f", {epochs} epochs: some minutes" if pipeline == STOCK else ""
    progress(f"{pipeline}: training{what} (log: var/bench/log/train-{pipeline}.log)")
    one = _train(pipeline, epochs, folder)
    known.write_text(json.dumps(asdict(one), indent=1), "utf-8")
    return one


def _train(pipeline: str, epochs: int, folder: Path) -> Trained:
    """Train by Rasa's command line, as a person would."""
    cache = folder / "rasa-cache"
    load_before = machine.load()
    began = time.monotonic()
    run_logged(
        [
            *(str(BOT_PYTHON.with_name("rasa")), "train", "--force", "--fixed-model-name", "model"),
            *("--config", str(write_config(pipeline, epochs)), "--out", str(folder)),
        ],
        FOLDER / "log" / f"train-{pipeline}.log",
        "The model could not be trained: the log says why.",
        bot_environment({"RASA_CACHE_DIRECTORY": str(cache)}),
    )
    seconds = time.monotonic() - began
    shutil.rmtree(cache, ignore_errors=True)
    model = folder / "model.tar.gz"
    when = time.strftime("%Y-%m-%d %H:%M")
    return Trained(pipeline, str(model), seconds, model.stat().st_size / 1e6, load_before, when)
