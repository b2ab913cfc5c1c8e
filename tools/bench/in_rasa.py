"""Runs under the assistant's own Python: trains understanding on a fold, or loads a model, and reads texts with it.

Started as a script with the path of a job: {"config", "nlu", "model", "examples", "embeddings", "texts", "out"}.
"""

import asyncio
import contextlib
import importlib
import json
import logging
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRESS_EVERY = 500


class Remembered:
    """The embedding with a memory on disk, because every fold needs the same vectors again."""

    def __init__(self, embedder: Any, kept: Path) -> None:
        numpy = importlib.import_module("numpy")
        self._embedder = embedder
        self._kept = kept
        self._numpy = numpy
        self._known: dict[str, Any] = {}
        if kept.exists():
            stored = numpy.load(kept, allow_pickle=False)
            texts = json.loads(kept.with_suffix(".json").read_text("utf-8"))
            self._known = dict(zip(texts, stored["vectors"], strict=True))
        self._before = len(self._known)

    def embed(self, text: str) -> Any:
        """Give the vector of a text."""
        if text not in self._known:
            self._known[text] = self._embedder.embed(text)
        return self._known[text]

    def keep(self) -> None:
        """Write what was learnt."""
        if len(self._known) > self._before:
            self._numpy.savez(self._kept, vectors=self._numpy.vstack(list(self._known.values())))
            self._kept.with_suffix(".json").write_text(json.dumps(list(self._known)), "utf-8")


def prepare(job: dict[str, Any]) -> Remembered | None:
    """Point our components at the fold: only its examples may teach the language detector."""
    if not job.get("embeddings"):
        return None
    if job.get("examples"):
        language: Any = importlib.import_module("bot.components.language")
        language.EXAMPLES = Path(job["examples"])
    embedding: Any = importlib.import_module("bot.components.sentence_embedding")
    remembered = Remembered(embedding.Embedder.shared(), Path(job["embeddings"]))
    embedding.Embedder._shared = remembered  # noqa: SLF001 - the one place from which the component takes it
    return remembered


def train(job: dict[str, Any], folder: str) -> str:
    """Train understanding alone on the examples of the job; return the model's path."""
    training: Any = importlib.import_module("rasa.model_training")
    return str(training.train_nlu(job["config"], job["nlu"], folder, fixed_model_name="fold"))


async def read(agent: Any, texts: list[str]) -> list[dict[str, Any]]:
    """Read every text; return intent, confidence and ranking, as the channel would get them."""
    found = []
    for place, text in enumerate(texts, 1):
        parsed = await agent.parse_message(text.lstrip("/ "))
        intent = parsed.get("intent") or {}
        ranking = [[item["name"], float(item["confidence"])] for item in parsed.get("intent_ranking") or []][:5]
        found.append({"intent": intent.get("name"), "confidence": float(intent.get("confidence") or 0), "top": ranking})
        if place % PROGRESS_EVERY == 0:
            print(f"read {place} of {len(texts)}", flush=True)
    return found


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do the job."""
    remembered = prepare(job)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        model = job.get("model") or train(job, folder)
        trained = time.monotonic() - began
        core: Any = importlib.import_module("rasa.core.agent")
        found = asyncio.run(read(core.Agent.load(model), job["texts"]))
    if remembered is not None:
        remembered.keep()
    return {"train_seconds": trained, "predictions": found}


def quiet() -> None:
    """Leave only errors in the log: Rasa would write every text into it."""
    structlog: Any = importlib.import_module("structlog")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.basicConfig(level=logging.ERROR)


def main() -> None:
    """Read the job, do it, write the outcome by a rename."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    out = Path(job["out"])
    half = out.with_suffix(".half")
    half.write_text(json.dumps(run(job)), "utf-8")
    half.replace(out)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # not this folder: its names are not for Rasa's libraries
    os.chdir(ROOT)
    warnings.simplefilter("ignore")
    quiet()
    with contextlib.suppress(BrokenPipeError):
        main()
