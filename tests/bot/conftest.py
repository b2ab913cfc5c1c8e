"""Fixtures of the assistant's tests: storage for components, trackers, examples."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path)


@pytest.fixture
def context() -> ExecutionContext:
    return ExecutionContext(GraphSchema({}))


@pytest.fixture
def tracker_of() -> Callable[..., DialogueStateTracker]:
    def make(text: str = "x", detected: str | None = None, **metadata: Any) -> DialogueStateTracker:
        parse_data: dict[str, Any] = {"intent": {"name": "greet"}, "entities": [], "text": text}
        if detected:
            parse_data["language"] = detected
        event = UserUttered(text, {"name": "greet"}, [], parse_data, metadata=metadata)
        return DialogueStateTracker.from_events("01J0000000000000000000TEST", [event])

    return make
