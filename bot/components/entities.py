"""Entity extractor by rule and gazetteer: schemes, sections, places, languages, numbers."""

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import regex
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml, read_yaml_file

from bot.components.patterns import Found, find_patterns
from bot.components.phrases import PhraseTable
from bot.components.sources import CORPUS, GAZETTEERS, digest, modules
from bot.components.text import is_payload, normalise

_TABLES = ("schemes", "aspects", "languages", "states", "districts")
_PARENTHESES = regex.compile(r"^(.*?)\s*\(([^)]*)\)\s*(.*)$")
_SHORT = 4  # a single word this short means something else too often


def _inside(item: Found, others: List[Found]) -> bool:
    return any(other.start <= item.start and item.end <= other.end for other in others)


def corpus_paths() -> List[Path]:
    """The pages of the corpus, when it is there."""
    return sorted(CORPUS.glob("*/*.md"))


def corpus_spellings(path: Path) -> Tuple[str, List[str]]:
    """The scheme of one corpus page and how its front matter names it."""
    _, front, _ = path.read_text(encoding="utf-8").split("---", 2)
    matter = read_yaml(front)
    name = str(matter["name"])
    parts = _PARENTHESES.match(name)
    names = [name] + ([parts.group(1), parts.group(2)] if parts else [])
    return str(matter["scheme"]), [normalise(str(item)) for item in [*names, *(matter.get("aliases") or [])]]


def collect() -> Dict[str, Any]:
    """All gazetteers as plain data, corpus names included, as they are stored with the model."""
    tables: Dict[str, Any] = {name: read_yaml_file(GAZETTEERS / f"{name}.yml") for name in _TABLES}
    tables["corpus"] = [list(corpus_spellings(path)) for path in corpus_paths()]
    return json.loads(json.dumps(tables, ensure_ascii=False))


class Gazetteers:
    """Phrase tables built from the collected data."""

    def __init__(self, tables: Dict[str, Any]) -> None:
        self.schemes = self._schemes(tables)
        self.aspects = PhraseTable()
        self._aspect_order = list(tables["aspects"])
        for aspect, phrases in tables["aspects"].items():
            self.aspects.add(aspect, phrases, replace=False)
        self.languages = self._plain(tables["languages"])
        self.states = self._plain(tables["states"])
        self.districts = self._plain({name: entry["names"] for name, entry in tables["districts"].items()})

    @staticmethod
    def _plain(table: Dict[str, List[str]]) -> PhraseTable:
        phrases = PhraseTable()
        for value, spellings in table.items():
            phrases.add(value, spellings)
        return phrases

    @staticmethod
    def _schemes(tables: Dict[str, Any]) -> PhraseTable:
        phrases = PhraseTable()
        for scheme, entry in tables["schemes"].items():
            phrases.add(scheme, entry.get("guarded", []), guarded=True)
            phrases.add(scheme, entry["plain"])
        for scheme, names in tables["corpus"]:
            short = [name for name in names if " " not in name and len(name) <= _SHORT]
            phrases.add(scheme, short, guarded=True, replace=False)
            phrases.add(scheme, [name for name in names if name not in short], replace=False)
        return phrases

    def find(self, text: str) -> Iterator[Found]:
        """All listed entities of a text."""
        for entity, table in (("scheme", self.schemes), ("language_name", self.languages)):
            for match in table.find(text):
                yield Found(entity, match.value, match.start, match.end)
        yield from self._aspect(text)
        for entity, table in (("district", self.districts), ("state", self.states)):
            for match in table.find(text):
                yield Found(entity, match.value, match.start, match.end)

    def _aspect(self, text: str) -> Iterator[Found]:
        """The one section a question asks for: "what" only when nothing more exact is asked."""
        matches = self.aspects.find(text)
        if matches:
            best = min(matches, key=lambda match: self._aspect_order.index(match.value))
            yield Found("aspect", best.value, best.start, best.end)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class GazetteerEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Finds our entities without any learning; the gazetteers are frozen into the model when it is trained."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Longest text that is searched."""
        return {"max_characters": 2000}

    @staticmethod
    def required_packages() -> List[str]:
        """Packages that must be installed."""
        return ["regex"]

    def __init__(
        self,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        gazetteers: Optional[Gazetteers] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._gazetteers = gazetteers

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "GazetteerEntityExtractor":
        """Create the component without its tables."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "GazetteerEntityExtractor":
        """Load the tables that were frozen into the model."""
        with model_storage.read_from(resource) as folder:
            tables = json.loads((folder / "gazetteers.json").read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, Gazetteers(tables))

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Freeze again when a gazetteer, the corpus or its modules change."""
        return digest([*modules("entities", "patterns", "phrases", "text"), *GAZETTEERS.glob("*.yml"), *corpus_paths()])

    def train(self, training_data: TrainingData) -> Resource:
        """Freeze the gazetteers and the names of the corpus into the model."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "gazetteers.json").write_text(json.dumps(collect(), ensure_ascii=False), encoding="utf-8")
        return self._resource

    def extract(self, text: str) -> List[Dict[str, Any]]:
        """The entities of one text."""
        if self._gazetteers is None:
            return []
        text = text[: self._config["max_characters"]]
        shaped = find_patterns(text)
        listed = [item for item in self._gazetteers.find(text) if not _inside(item, shaped)]
        return [
            {"entity": item.entity, "value": item.value, "start": item.start, "end": item.end}
            for item in sorted([*listed, *shaped], key=lambda item: item.start)
        ]

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the entities to messages."""
        for message in messages:
            text = message.get(TEXT) or ""
            if is_payload(text):
                continue
            entities = self.add_extractor_name(self.extract(text))
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages
