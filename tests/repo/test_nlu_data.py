"""Checks that the example messages cover every intent in every way of writing."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import regex
import yaml

NLU_ROOT = Path(__file__).resolve().parents[2] / "data" / "nlu"
LANGUAGES = ("en", "hi", "hi-Latn")
INTENTS_BY_TOPIC = {
    "conversation": {
        "greet",
        "goodbye",
        "thanks",
        "affirm",
        "deny",
        "help",
        "repeat",
        "cancel",
        "go_back",
        "correct_previous",
        "change_language",
        "who_are_you",
        "stop_messages",
        "feedback_good",
        "feedback_bad",
    },
    "schemes": {"ask_scheme", "ask_eligibility"},
    "problems": {"delayed_payment", "loan_problem", "registration_problem"},
    "grievances": {"file_grievance", "grievance_status", "reopen_or_appeal"},
    "privacy": {"my_data", "export_data", "erase_data"},
    "forms": {"file_grievance", "skip", "cancel", "abuse"},
    "people": {"talk_to_officer", "abuse"},
    "offtopic": {"chitchat_out_of_scope"},
}
INTENTS = set().union(*INTENTS_BY_TOPIC.values())
LEAST_EXAMPLES = 25
LEAST_DEVANAGARI_SHARE = 0.6

DEVANAGARI = regex.compile(r"\p{Script=Devanagari}")
LETTER_OR_MARK = regex.compile(r"[\p{L}\p{M}]")
PUNCTUATION = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
MOBILE_NUMBER = regex.compile(r"(?<!\d)(?:\+?91|0)?[\s-]*[6-9](?:[\s-]?\d){9}(?!\d)")
UDYAM_NUMBER = regex.compile(r"UDYAM-[A-Z]{2}-\d{2}-\d{7}", regex.IGNORECASE)
ANNOTATION = regex.compile(r"\]\s*[({]")
OTHER_IDENTIFIERS = {
    "Aadhaar number": regex.compile(r"(?<!\d)[2-9]\d{3}\s?\d{4}\s?\d{4}(?!\d)"),
    "PAN": regex.compile(r"\b[A-Z]{5}\d{4}[A-Z]\b", regex.IGNORECASE),
    "e-mail address": regex.compile(r"\S+@\S+\.\S+"),
}


class Example(NamedTuple):
    """One example message and where it stands."""

    language: str
    topic: str
    intent: str
    text: str


def examples_in(path: Path) -> Iterator[Example]:
    """Yield the example messages of one file.

    Args:
        path: A Rasa 3.1 YAML file with plain intent examples.

    Yields:
        Each example with its language, topic and intent.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(content) == {"version", "nlu"}, path
    assert content["version"] == "3.1", path
    for block in content["nlu"]:
        assert set(block) == {"intent", "examples"}, path
        for line in block["examples"].splitlines():
            assert line.startswith("- "), f"{path}: {line!r}"
            yield Example(path.parent.name, path.stem, block["intent"], line[2:])


def normalised(text: str) -> str:
    """Return the text lower-cased and without punctuation, or itself where nothing is left."""
    composed = unicodedata.normalize("NFC", text).lower()
    return PUNCTUATION.sub(" ", composed).strip() or composed


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """All example messages of all three ways of writing."""
    return [
        example
        for language in LANGUAGES
        for path in sorted((NLU_ROOT / language).glob("*.yml"))
        for example in examples_in(path)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_topic_files_are_the_same(language: str) -> None:
    found = {path.name for path in (NLU_ROOT / language).iterdir()}
    assert found == {f"{topic}.yml" for topic in INTENTS_BY_TOPIC}


def test_no_other_ways_of_writing() -> None:
    assert {path.name for path in NLU_ROOT.iterdir() if path.is_dir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", sorted(INTENTS_BY_TOPIC))
def test_each_topic_holds_its_intents_once(language: str, topic: str) -> None:
    content = yaml.safe_load((NLU_ROOT / language / f"{topic}.yml").read_text(encoding="utf-8"))
    intents = [block["intent"] for block in content["nlu"]]
    assert sorted(intents) == sorted(INTENTS_BY_TOPIC[topic])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_enough_examples(examples: list[Example], language: str) -> None:
    unique: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        if example.language == language:
            unique[example.intent].add(normalised(example.text))
    assert set(unique) == INTENTS
    few = {intent: len(texts) for intent, texts in unique.items() if len(texts) < LEAST_EXAMPLES}
    assert not few


def test_no_example_is_repeated_in_its_file(examples: list[Example]) -> None:
    seen: set[tuple[str, str, str]] = set()
    repeated = []
    for example in examples:
        key = (example.language, example.intent, normalised(example.text))
        if key in seen:
            repeated.append(example)
        seen.add(key)
    assert not repeated


def test_no_example_stands_under_two_intents(examples: list[Example]) -> None:
    intents: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        intents[normalised(example.text)].add(example.intent)
    assert not {text: found for text, found in intents.items() if len(found) > 1}


def test_hindi_is_mostly_devanagari(examples: list[Example]) -> None:
    letters: dict[str, int] = defaultdict(int)
    devanagari: dict[str, int] = defaultdict(int)
    for example in examples:
        if example.language == "hi":
            assert DEVANAGARI.search(example.text), example
            letters[example.intent] += len(LETTER_OR_MARK.findall(example.text))
            devanagari[example.intent] += len(DEVANAGARI.findall(example.text))
    low = {
        intent: devanagari[intent] / count
        for intent, count in letters.items()
        if devanagari[intent] / count <= LEAST_DEVANAGARI_SHARE
    }
    assert letters
    assert not low


@pytest.mark.parametrize("language", ["en", "hi-Latn"])
def test_latin_files_hold_no_devanagari(examples: list[Example], language: str) -> None:
    found = [e for e in examples if e.language == language and DEVANAGARI.search(e.text)]
    assert not found


def test_text_is_tidy_and_plain(examples: list[Example]) -> None:
    for example in examples:
        assert example.text == " ".join(example.text.split()), example
        assert unicodedata.normalize("NFC", example.text) == example.text, example
        assert not ANNOTATION.search(example.text), example
        assert not example.text.startswith("/"), example


def test_no_mobile_number_looks_real(examples: list[Example]) -> None:
    assert not [example for example in examples if MOBILE_NUMBER.search(example.text)]


def test_no_personal_identifier_looks_real(examples: list[Example]) -> None:
    for example in examples:
        for name, pattern in OTHER_IDENTIFIERS.items():
            assert not pattern.search(example.text), f"{name}: {example}"
        for number in UDYAM_NUMBER.findall(example.text):
            assert number.upper().startswith("UDYAM-XX-00-"), example


@pytest.mark.parametrize(
    "text",
    ["6000000000", "+91 70000 00000", "08000000000", "number 90000-00000 hai"],
)
def test_mobile_number_pattern_finds_real_shapes(text: str) -> None:
    assert MOBILE_NUMBER.search(text)


def test_mobile_number_pattern_lets_unreal_numbers_pass() -> None:
    assert not MOBILE_NUMBER.search("mera number 0000000123 hai")
