"""Intent classifier: logistic regression over dense and sparse features with a calibrated confidence."""

import json
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit

from bot.components.language import DEVANAGARI_VIEW
from bot.components.sources import digest, modules
from bot.components.text import DEVANAGARI, LATIN, LETTER, SETTLED, words

RANKING = 10
BABBLE_DISCOUNT = 0.4
"""Takes the confidence of a message without one known word below the fallback's threshold."""


def softmax(scores: np.ndarray) -> np.ndarray:
    """Row-wise softmax."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that makes held-out confidences honest (least negative log likelihood)."""

    def loss(log_temperature: float) -> float:
        chosen = softmax(scores / np.exp(log_temperature))[np.arange(len(labels)), labels]
        return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Logistic regression on the centred sentence vector beside the character n-grams.

    The vectors of E5 all point the same way, so they are centred on the training mean and normalised again.
    Confidences are softened by a temperature fitted on held-out examples: raw ones are too sure of themselves.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Strength of regularisation, weight of the sparse features, share held out for the temperature."""
        return {
            "C": 20.0, "sparse_weight": 1.0, "max_iter": 300, "tolerance": 1e-2, "calibrate": True, "held_out": 0.2,
            "random_state": 13,
        }  # fmt: skip

    @staticmethod
    def required_packages() -> List[str]:
        """Packages that must be installed."""
        return ["sklearn"]

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._intents: List[str] = []
        self._mean = np.zeros((1, 0), dtype=np.float32)
        self._dense_weights = np.zeros((0, 0), dtype=np.float32)
        self._sparse_weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)
        self._temperature = 1.0
        self._words: Set[str] = set()

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LinearIntentClassifier":
        """Create an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Retrain when its modules change."""
        return digest(modules("linear_classifier", "text"))

    # -- features

    @staticmethod
    def _features(message: Message) -> Optional[Tuple[np.ndarray, csr_matrix]]:
        _, dense = message.get_dense_features(attribute=TEXT)
        _, sparse = message.get_sparse_features(attribute=TEXT)
        if dense is None or sparse is None:
            return None
        return np.asarray(dense.features, dtype=np.float32).reshape(1, -1), sparse.features

    @staticmethod
    def _centred(dense: np.ndarray, mean: np.ndarray) -> np.ndarray:
        centred = dense - mean
        return centred / np.clip(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9, None)

    def _matrix(self, dense: np.ndarray, sparse: csr_matrix, mean: np.ndarray) -> csr_matrix:
        weighted = sparse * self._config["sparse_weight"]
        return hstack([csr_matrix(self._centred(dense, mean)), weighted]).tocsr()

    # -- training

    def _new_model(self) -> LogisticRegression:
        return LogisticRegression(
            C=self._config["C"],
            class_weight="balanced",
            max_iter=self._config["max_iter"],
            multi_class="multinomial",
            random_state=self._config["random_state"],
            tol=self._config["tolerance"],
        )

    def _held_out_temperature(self, dense: np.ndarray, sparse: csr_matrix, labels: np.ndarray) -> float:
        """Fit on most examples, soften on the rest: one number needs no more folds than that."""
        share = self._config["held_out"]
        if int(np.bincount(labels).min()) < 2 or share * len(labels) < labels.max() + 1:
            return 1.0
        splitter = StratifiedShuffleSplit(1, test_size=share, random_state=self._config["random_state"])
        inside, outside = next(splitter.split(dense, labels))
        mean = dense[inside].mean(axis=0, keepdims=True)
        model = self._new_model().fit(self._matrix(dense[inside], sparse[inside], mean), labels[inside])
        scores = model.decision_function(self._matrix(dense[outside], sparse[outside], mean))
        return fit_temperature(scores, labels[outside])

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the weights, then the temperature on held-out examples, and store both."""
        rows = []
        names = []
        for message in training_data.intent_examples:
            features = self._features(message) if message.get(INTENT) else None
            if features is not None:
                rows.append(features)
                names.append(message.get(INTENT))
                self._words.update(words(f"{message.get(TEXT)} {message.get(DEVANAGARI_VIEW) or ''}"))
        if len(set(names)) < 2:
            return self._resource
        self._fit(np.vstack([row[0] for row in rows]), vstack([row[1] for row in rows]).tocsr(), names)
        self._persist()
        return self._resource

    def _fit(self, dense: np.ndarray, sparse: csr_matrix, names: List[str]) -> None:
        self._intents = sorted(set(names))
        labels = np.array([self._intents.index(name) for name in names])
        self._mean = dense.mean(axis=0, keepdims=True)
        model = self._new_model().fit(self._matrix(dense, sparse, self._mean), labels)
        weights, bias = model.coef_, model.intercept_
        if len(self._intents) == 2:  # scikit-learn keeps one row for two classes
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        width = dense.shape[1]
        self._dense_weights = weights[:, :width].T.astype(np.float32)
        self._sparse_weights = np.ascontiguousarray(weights[:, width:].T, dtype=np.float32)
        self._bias = bias.astype(np.float32)
        if self._config["calibrate"] and len(self._intents) > 2:
            self._temperature = self._held_out_temperature(dense, sparse, labels)

    def _persist(self) -> None:
        with self._model_storage.write_to(self._resource) as folder:
            np.savez_compressed(
                folder / "weights.npz",
                mean=self._mean,
                dense=self._dense_weights,
                sparse=self._sparse_weights,
                bias=self._bias,
            )
            described = {"intents": self._intents, "temperature": self._temperature, "words": sorted(self._words)}
            (folder / "classifier.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "LinearIntentClassifier":
        """Load the trained weights; an assistant without examples gets an untrained classifier."""
        component = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                described = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
                stored = np.load(folder / "weights.npz", allow_pickle=False)
                component._mean, component._bias = stored["mean"], stored["bias"]
                component._dense_weights, component._sparse_weights = stored["dense"], stored["sparse"]
        except ValueError:
            return component
        component._intents = described["intents"]
        component._temperature = described["temperature"]
        component._words = set(described["words"])
        return component

    # -- prediction

    def scores(self, dense: np.ndarray, sparse: csr_matrix) -> np.ndarray:
        """Uncalibrated scores of every intent for one message: rows of one dense and one sparse matrix."""
        from_sparse = (self._config["sparse_weight"] * sparse.data) @ self._sparse_weights[sparse.indices]
        return self._centred(dense, self._mean) @ self._dense_weights + from_sparse + self._bias

    def _is_babble(self, message: Message) -> bool:
        """Whether no word of a message was ever seen: several words, or a script that we do not read."""
        text = message.get(TEXT)
        seen = [word in self._words for word in words(f"{text} {message.get(DEVANAGARI_VIEW) or ''}")]
        alien = LETTER.search(text) and not (LATIN.search(text) or DEVANAGARI.search(text))
        return bool(seen) and not any(seen) and (bool(alien) or len(words(text)) > 1)

    def process(self, messages: List[Message]) -> List[Message]:
        """Set the intent and the ranking; a message without words has no intent, with confidence 0."""
        for message in messages:
            if message.get(SETTLED):
                continue
            ranking = self.ranking(message)
            first = dict(ranking[0]) if ranking else {"name": None, "confidence": 0.0}
            message.set(INTENT, first, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def ranking(self, message: Message) -> List[Dict[str, Any]]:
        """The likeliest intents of a message with their confidences; empty when it has no words."""
        features = self._features(message) if self._intents else None
        if features is None:
            return []
        confidences = softmax(self.scores(*features) / self._temperature)[0]
        if self._is_babble(message):
            confidences = confidences * BABBLE_DISCOUNT
        best = np.argsort(-confidences)[:RANKING]
        return [{"name": self._intents[i], "confidence": float(confidences[i])} for i in best]
