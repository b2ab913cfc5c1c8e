"""Second component: in which of our ways of writing is this message (en, hi, hi-Latn)?"""

import logging
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from bot.components.sources import EXAMPLES, LEXICON, digest, modules
from bot.components.text import DEVANAGARI, LATIN, LETTER, fold, has_letters, is_payload, normalise, words
from bot.components.transliteration import to_devanagari

logger = logging.getLogger(__name__)

LANGUAGE = "language"
LANGUAGE_CONFIDENCE = "language_confidence"
DEVANAGARI_VIEW = "devanagari_view"
"""Romanised Hindi also in Devanagari, for the featurizers; not part of the answer."""
ENGLISH, HINDI, ROMANISED = "en", "hi", "hi-Latn"
VIEW_CHARACTERS = 600
_HASHES = 2**15


def script_language(text: str, devanagari_share: float = 0.3) -> Optional[str]:
    """The language where the script alone decides: `hi`, `latin` (to be decided), or None for other scripts.

    A Hindi sentence often carries Latin names and acronyms, so a third of Devanagari letters is enough.
    """
    letters = len(LETTER.findall(text))
    if not letters:
        return None
    if len(DEVANAGARI.findall(text)) >= devanagari_share * letters:
        return HINDI
    return "latin" if len(LATIN.findall(text)) * 2 > letters else None


def examples_of(folder: Path) -> List[str]:
    """All example sentences of one language folder of the training data."""
    found: List[str] = []
    for path in sorted(folder.glob("*.yml")):
        for block in (read_yaml_file(path) or {}).get("nlu", []):
            lines = (block.get("examples") or "").splitlines()
            found.extend(line.lstrip("- ").strip() for line in lines if line.strip().startswith("-"))
    return [normalise(line) for line in found if line]


class RomanisedModel:
    """Logistic regression on hashed character n-grams: the probability that Latin text is romanised Hindi."""

    def __init__(self, weights: np.ndarray, bias: float) -> None:
        self.weights = weights
        self.bias = bias
        self._hasher = self._new_hasher()

    @staticmethod
    def _new_hasher() -> HashingVectorizer:
        return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 5), n_features=_HASHES, lowercase=False)

    @classmethod
    def fit(cls, english: Iterable[str], romanised: Iterable[str]) -> "RomanisedModel":
        """Train on example sentences and on their single words (short messages are common)."""
        rows: List[str] = []
        labels: List[int] = []
        for label, sentences in ((0, list(english)), (1, list(romanised))):
            vocabulary = sorted({word for line in sentences for word in words(line) if word.isalpha()})
            rows.extend(fold(line) for line in sentences)
            rows.extend(vocabulary)
            labels.extend([label] * (len(sentences) + len(vocabulary)))
        if len(set(labels)) < 2:
            return cls(np.zeros(_HASHES, dtype=np.float32), 0.0)
        model = LogisticRegression(C=30.0, class_weight="balanced", max_iter=300)
        model.fit(cls._new_hasher().transform(rows), labels)
        return cls(model.coef_[0].astype(np.float32), float(model.intercept_[0]))

    def probability(self, text: str) -> float:
        """How likely it is that the text is romanised Hindi rather than English."""
        features = self._hasher.transform([fold(text)])
        score = float(np.asarray(features @ self.weights)[0]) + self.bias
        return float(1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0))))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class LanguageDetector(GraphComponent):
    """Sets `language` (None when unsure) and `language_confidence` on every message.

    The script decides first; for Latin letters a small character model, trained on our own English and
    romanised examples, decides. A message that is too short to be sure keeps `language` None, so that
    "ok" or "PMEGP" never changes the language of a conversation.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Confidence needed to name a language, and to leave the one spoken so far."""
        return {"sure": 0.75, "switch": 0.88, "devanagari_share": 0.3}

    @staticmethod
    def required_packages() -> List[str]:
        """Packages that must be installed."""
        return ["sklearn", "regex"]

    def __init__(
        self,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[RomanisedModel] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LanguageDetector":
        """Create an untrained detector."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "LanguageDetector":
        """Load the trained weights."""
        with model_storage.read_from(resource) as folder:
            stored = np.load(folder / "romanised.npz", allow_pickle=False)
            model = RomanisedModel(stored["weights"], float(stored["bias"]))
        return cls(config, model_storage, resource, model)

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Retrain when the examples, the lexicon or its modules change."""
        return digest([*modules("language", "transliteration", "text"), LEXICON, *EXAMPLES.glob("*/*.yml")])

    def train(self, training_data: TrainingData) -> Resource:
        """Train on the folders: Rasa merges the files, so the language is read from where they lie."""
        self._model = RomanisedModel.fit(examples_of(EXAMPLES / ENGLISH), examples_of(EXAMPLES / ROMANISED))
        with self._model_storage.write_to(self._resource) as folder:
            np.savez_compressed(folder / "romanised.npz", weights=self._model.weights, bias=self._model.bias)
        return self._resource

    def detect(self, text: str, known: Optional[str] = None) -> Tuple[Optional[str], float]:
        """The language and how sure we are; the language is None when we are not sure enough."""
        return self._judge(text, known)[:2]

    def _judge(self, text: str, known: Optional[str]) -> Tuple[Optional[str], float, bool]:
        """The language, how sure we are, and whether Latin text is likelier Hindi than English, however short."""
        script = script_language(text, self._config["devanagari_share"])
        if script == HINDI:
            return HINDI, 1.0, False
        if script is None or self._model is None:
            return None, 0.0, False
        romanised = self._model.probability(text)
        language, confidence = (ROMANISED, romanised) if romanised >= 0.5 else (ENGLISH, 1.0 - romanised)
        few = len(words(text)) < 2
        needed = self._config["switch"] if few or (known and known != language) else self._config["sure"]
        return (language if confidence >= needed else None), confidence, romanised > 0.5

    def process(self, messages: List[Message]) -> List[Message]:
        """Set the language on messages."""
        for message in messages:
            text = message.get(TEXT) or ""
            if is_payload(text) or not has_letters(text):
                continue
            known = (message.get("metadata") or {}).get("language")
            language, confidence, reads_as_hindi = self._judge(text, known)
            message.set(LANGUAGE, language, add_to_output=True)
            message.set(LANGUAGE_CONFIDENCE, round(confidence, 3), add_to_output=True)
            if reads_as_hindi:
                message.set(DEVANAGARI_VIEW, to_devanagari(text[:VIEW_CHARACTERS]))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Set the language on the training examples (the embedding has a view of its own for romanised text)."""
        self.process(training_data.training_examples)
        return training_data
