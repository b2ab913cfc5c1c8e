"""The featurizers and the classifier, trained on a handful of examples."""

from collections import OrderedDict

import numpy as np
import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components import sentence_embedding
from bot.components.character_ngrams import CharacterNgramFeaturizer
from bot.components.linear_classifier import LinearIntentClassifier, fit_temperature, softmax
from bot.components.quick_intent import QuickIntentClassifier
from bot.components.sentence_embedding import Embedder, RememberingEmbedder, SentenceEmbeddingFeaturizer
from bot.components.text import SETTLED

EXAMPLES = {
    "greet": ["hello there", "good morning", "नमस्ते जी", "namaste ji", "hi sahayak", "hello ji", "नमस्कार", "hey"],
    "loan": ["bank refused my loan", "बैंक ने लोन नहीं दिया", "bank ne loan nahi diya", "loan application rejected",
             "loan is stuck at the bank", "लोन अटका है", "loan pass nahi ho raha", "bank wants collateral"],
    "thanks": ["thank you so much", "धन्यवाद", "shukriya ji", "thanks a lot", "बहुत धन्यवाद", "many thanks", "thx",
               "dhanyavaad"],
}  # fmt: skip


def data() -> TrainingData:
    return TrainingData([Message({"text": t, "intent": i}) for i, texts in EXAMPLES.items() for t in texts])


@pytest.fixture
def trained(storage, context, tmp_path, monkeypatch):
    monkeypatch.setattr(sentence_embedding, "VECTORS", tmp_path / "vectors.npz")
    embedding = SentenceEmbeddingFeaturizer(SentenceEmbeddingFeaturizer.get_default_config())
    ngrams = CharacterNgramFeaturizer.create(
        {**CharacterNgramFeaturizer.get_default_config(), "min_df": 1}, storage, Resource("ngrams"), context
    )
    classifier = LinearIntentClassifier.create(
        LinearIntentClassifier.get_default_config(), storage, Resource("intent"), context
    )
    training = embedding.process_training_data(data())
    ngrams.train(training)
    ngrams.process_training_data(training)
    classifier.train(training)

    def parse(text: str, *parts) -> Message:
        message = Message({"text": text})
        for part in parts or (embedding, ngrams, classifier):
            part.process([message])
        return message

    return embedding, ngrams, classifier, parse


def test_new_sentences_are_understood(trained) -> None:
    parse = trained[3]
    assert parse("the bank said no to my loan").get("intent")["name"] == "loan"
    assert parse("नमस्ते भाई").get("intent")["name"] == "greet"
    assert parse("thank u").get("intent")["name"] == "thanks"


@pytest.mark.parametrize("text", ["", "😀😀", "!!!"])
def test_nothing_to_read_has_no_intent(trained, text: str) -> None:
    message = trained[3](text)
    assert message.get("intent") == {"name": None, "confidence": 0.0}
    assert message.get("intent_ranking") == []


def test_payload_is_not_embedded(trained) -> None:
    embedding = trained[0]
    message = Message({"text": "/greet"})
    embedding.process([message])
    assert message.features == []


def test_ranking_is_a_probability(trained) -> None:
    ranking = trained[3]("hello").get("intent_ranking")
    assert ranking == sorted(ranking, key=lambda entry: -entry["confidence"])
    assert sum(entry["confidence"] for entry in ranking) == pytest.approx(1.0, abs=1e-5)


def test_stored_model_gives_the_same_answers(trained, storage, context) -> None:
    embedding, _, _, parse = trained
    config = {**CharacterNgramFeaturizer.get_default_config(), "min_df": 1}
    ngrams = CharacterNgramFeaturizer.load(config, storage, Resource("ngrams"), context)
    classifier = LinearIntentClassifier.load(
        LinearIntentClassifier.get_default_config(), storage, Resource("intent"), context
    )
    for text in ("loan please", "धन्यवाद भाई", "hi"):
        before = parse(text).get("intent")
        after = parse(text, embedding, ngrams, classifier).get("intent")
        assert before["name"] == after["name"]
        assert before["confidence"] == pytest.approx(after["confidence"], abs=1e-5)


@pytest.mark.parametrize("text", ["xkcd qwfp zxcv", "வணக்கம் நண்பரே", "வணக்கம்"])
def test_babble_and_foreign_scripts_are_doubted(trained, text: str) -> None:
    assert trained[3](text).get("intent")["confidence"] < 0.45


def test_untrained_classifier_is_silent(storage, context) -> None:
    config = LinearIntentClassifier.get_default_config()
    classifier = LinearIntentClassifier.load(config, storage, Resource("absent"), context)
    message = Message({"text": "hello"})
    classifier.process([message])
    assert message.get("intent")["name"] is None


def test_temperature_softens_overconfident_scores() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 600)
    scores = rng.normal(size=(600, 3)) * 8
    scores[np.arange(600), labels] += 6
    temperature = fit_temperature(scores, labels)
    assert temperature > 1.5

    def error(divisor: float) -> float:
        sure = softmax(scores / divisor)
        return abs(float(sure.max(axis=1).mean()) - float((sure.argmax(axis=1) == labels).mean()))

    assert error(temperature) < error(1.0)


def test_what_is_plain_from_its_letters_is_settled_without_an_embedding(trained, storage, context) -> None:
    _, ngrams, classifier, _ = trained
    config = {**QuickIntentClassifier.get_default_config(), "sure": 0.6}
    quick = QuickIntentClassifier.create(config, storage, Resource("quick"), context)
    training = data()
    ngrams.process_training_data(training)
    quick.train(training)
    again = QuickIntentClassifier.load(config, storage, Resource("quick"), context)
    plain, unlike = Message({"text": "thank you so much"}), Message({"text": "where does the sun set in winter"})
    for message in (plain, unlike):
        ngrams.process([message])
        again.process([message])
    assert plain.get("intent")["name"] == "thanks"
    assert plain.get(SETTLED)
    assert unlike.get("intent") is None
    assert not unlike.get(SETTLED)

    class Forbidden:
        def embed(self, text: str) -> np.ndarray:
            raise AssertionError("a settled message was embedded")

    before = plain.get("intent_ranking")
    SentenceEmbeddingFeaturizer(SentenceEmbeddingFeaturizer.get_default_config(), Forbidden()).process([plain])
    classifier.process([plain])
    assert plain.get("intent_ranking") == before


def test_equal_vectors_from_several_threads(monkeypatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    texts = [f"question number {n} about loans" for n in range(12)]
    alone = [Embedder.shared().embed(text) for text in texts]
    monkeypatch.setattr(Embedder.shared(), "_latest", OrderedDict())
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(Embedder.shared().embed, texts))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_a_short_text_is_embedded_once_and_a_long_one_is_not_remembered(monkeypatch) -> None:
    embedder = Embedder.shared()
    monkeypatch.setattr(embedder, "_latest", OrderedDict())
    monkeypatch.setattr(sentence_embedding, "REMEMBERED", 2)
    first = embedder.embed("good evening to you")
    assert embedder.embed("good evening to you") is first
    embedder.embed("x" * 61)
    assert len(embedder._latest) == 1
    embedder.embed("a")
    embedder.embed("b")
    assert embedder.embed("good evening to you") is not first


def test_vectors_of_an_earlier_training_are_used(tmp_path) -> None:
    class Counting:
        calls = 0

        def embed(self, text: str) -> np.ndarray:
            self.calls += 1
            return np.full(4, len(text), dtype=np.float32)

    embedder, path = Counting(), tmp_path / "sub" / "vectors.npz"
    for texts, calls in ((["a", "bb"], 2), (["a", "bb"], 2), (["a", "ccc"], 3)):
        remembering = RememberingEmbedder(embedder, path)
        assert [remembering.embed(text)[0] for text in texts] == [len(text) for text in texts]
        remembering.save()
        assert embedder.calls == calls
    path.write_bytes(b"broken")
    assert RememberingEmbedder(embedder, path).embed("a")[0] == 1


def test_very_long_text(trained) -> None:
    assert trained[3]("loan " * 1000).get("intent")["name"] == "loan"


@pytest.mark.parametrize(
    "text",
    ["the bank said no to my loan", "नमस्ते नमस्ते भाई", "loan loan loan loan", "zzzz qqqq", "bank ne loan nahi diya"],
)
def test_ngrams_weigh_as_the_vectoriser_does(trained, text: str) -> None:
    ngrams = trained[1]
    message = Message({"text": text})
    expected = ngrams._vectoriser.transform([ngrams._readable(message)]).toarray()
    assert np.allclose(ngrams.vector(message).toarray(), expected, atol=1e-6)
