"""First component: every message is rewritten in its normal form."""

from typing import Any, Dict, List, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.sources import digest, modules
from bot.components.text import is_payload, normalise


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class TextNormaliser(GraphComponent):
    """Rewrites the text of messages and of training examples with `normalise`."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """No settings."""
        return {}

    @staticmethod
    def required_packages() -> List[str]:
        """Packages that must be installed."""
        return ["regex"]

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TextNormaliser":
        """Create the component."""
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Retrain when its modules change."""
        return digest(modules("normaliser", "text"))

    def process(self, messages: List[Message]) -> List[Message]:
        """Normalise messages in place."""
        for message in messages:
            text = message.get(TEXT)
            if text and not is_payload(text):
                message.set(TEXT, normalise(text), add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Normalise the training examples in place."""
        self.process(training_data.training_examples)
        return training_data
