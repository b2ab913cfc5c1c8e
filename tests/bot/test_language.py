"""Language detection on messages that are not in the training examples."""

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.language import (
    DEVANAGARI_VIEW,
    LANGUAGE,
    LanguageDetector,
    RomanisedModel,
    examples_of,
    script_language,
)
from bot.components.sources import EXAMPLES
from bot.components.transliteration import to_devanagari


@pytest.fixture(scope="module")
def model() -> RomanisedModel:
    return RomanisedModel.fit(examples_of(EXAMPLES / "en"), examples_of(EXAMPLES / "hi-Latn"))


@pytest.fixture
def detector(model: RomanisedModel) -> LanguageDetector:
    return LanguageDetector(LanguageDetector.get_default_config(), None, None, model)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("मेरा खरीदार पैसे नहीं दे रहा", "hi"),
        ("PMEGP योजना क्या है", "hi"),
        ("my customer in Pune owes me money since last Diwali", "en"),
        ("could you please explain the subsidy for women entrepreneurs", "en"),
        ("bhai mera paisa fasa hua hai party de nahi rahi", "hi-Latn"),
        ("kal bank gaya tha manager ne mana kar diya", "hi-Latn"),
        ("ami taka paini, আমার টাকা পাইনি এখনো পর্যন্ত", None),
        ("PMEGP", None),
        ("12345", None),
    ],
)
def test_detect(detector: LanguageDetector, text: str, language: str) -> None:
    assert detector.detect(text)[0] == language


def test_short_or_doubtful_messages_do_not_leave_the_language_spoken_so_far(detector: LanguageDetector) -> None:
    assert detector.detect("ok", "hi-Latn")[0] in (None, "hi-Latn")
    assert detector.detect("udyam certificate", "hi-Latn")[0] in (None, "hi-Latn")


def test_script_language() -> None:
    assert script_language("...") is None
    assert script_language("বাংলা") is None
    assert script_language("hello") == "latin"


def test_message_carries_language_and_view(detector: LanguageDetector) -> None:
    message = Message({"text": "mera paisa kab milega yojana se", "metadata": {}})
    payload = Message({"text": '/ask_scheme{"scheme":"pmegp"}'})
    detector.process([message, payload])
    assert message.get(LANGUAGE) == "hi-Latn"
    assert "मेरा पैसा" in message.get(DEVANAGARI_VIEW)
    assert LANGUAGE in message.output_properties
    assert DEVANAGARI_VIEW not in message.output_properties
    assert payload.get(LANGUAGE) is None


def test_trained_detector_survives_storage(storage, context) -> None:
    config = LanguageDetector.get_default_config()
    trained = LanguageDetector.create(config, storage, Resource("language"), context)
    trained.train(TrainingData())
    loaded = LanguageDetector.load(config, storage, Resource("language"), context)
    text = "loan nahi mil raha bank se"
    assert loaded.detect(text) == trained.detect(text)
    assert loaded.detect(text)[0] == "hi-Latn"


def test_transliteration_uses_the_lexicon_then_the_rules() -> None:
    assert to_devanagari("mera loan") == "मेरा लोन"
    assert to_devanagari("PMEGP 25 लाख").endswith("25 लाख")
    assert to_devanagari("kisan") == "किसान"
