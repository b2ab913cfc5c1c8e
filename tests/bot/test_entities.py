"""Entities by rule and gazetteer, in three ways of writing."""

from typing import Any

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from bot.components.entities import GazetteerEntityExtractor, Gazetteers, collect
from bot.components.patterns import with_names
from bot.components.sources import GAZETTEERS
from bot.components.text import normalise


@pytest.fixture(scope="module")
def extractor() -> GazetteerEntityExtractor:
    config = GazetteerEntityExtractor.get_default_config()
    return GazetteerEntityExtractor(config, None, None, Gazetteers(collect()))


def found(extractor: GazetteerEntityExtractor, text: str) -> set[tuple[str, Any]]:
    return {(entity["entity"], entity["value"]) for entity in extractor.extract(normalise(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what documents for PMEGP?", {("scheme", "pmegp"), ("aspect", "documents")}),
        ("पीएमईजीपी के लिए कौन से कागज़ात चाहिए", {("scheme", "pmegp"), ("aspect", "documents")}),
        ("vishvakarma yojana me kaun apply kar sakta hai", {("scheme", "pm_vishwakarma"), ("aspect", "who")}),
        ("मुद्रा लोन में ब्याज कितना है", {("scheme", "mudra"), ("aspect", "benefits")}),
        ("udyam registration ki fees kitni hai", {("scheme", "udyam"), ("aspect", "fees")}),
        ("stand-up india loan", {("scheme", "stand_up_india")}),
        ("TEAM scheme kya hai", {("scheme", "team"), ("aspect", "what")}),
        ("how do i get the ZED certificate", {("scheme", "zed"), ("aspect", "how")}),
        ("मेरा नंबर UDYAM-UP-00-1234567 है", {("udyam_number", "UDYAM-UP-00-1234567")}),
        ("udyam up 00 1234567", {("udyam_number", "UDYAM-UP-00-1234567")}),
        ("मुझे पाँच लाख का लोन चाहिए", {("amount", 500_000)}),
        ("Rs 2,50,000 pending", {("amount", 250_000)}),
        ("२.५ करोड़ का कारोबार", {("amount", 25_000_000)}),
        ("bakaya 40 hazar", {("amount", 40_000)}),
        ("₹1,00,000 due", {("amount", 100_000)}),
        ("+91 00000 00123", {("mobile_number", "+910000000123")}),
        ("pin 110001", {("pincode", "110001")}),
        ("kanpur uttar pradesh", {("district", "Kanpur Nagar"), ("state", "Uttar Pradesh")}),
        ("मैं राजस्थान से हूँ", {("state", "Rajasthan")}),
        ("हिंदी में लिखो", {("language_name", "hi")}),
        ("please reply in english", {("language_name", "en")}),
        ("hinglish me likho", {("language_name", "hi-Latn")}),
        ("status of GOVUP/E/2023/0031647", {("grievance_reference", "GOVUP/E/2023/0031647")}),
    ],
)
def test_found(extractor: GazetteerEntityExtractor, text: str, expected: set[tuple[str, Any]]) -> None:
    assert found(extractor, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "my team is lean and we aspire to grow",
        "this is a gem of an idea",
        "do din se",
        "3 mahine se",
        "hello",
        "😀",
        "",
    ],
)
def test_everyday_words_are_no_entities(extractor: GazetteerEntityExtractor, text: str) -> None:
    assert found(extractor, text) == set()


def test_digits_of_a_long_number_are_not_a_pin_code(extractor: GazetteerEntityExtractor) -> None:
    assert ("pincode", "987654") not in found(extractor, "9876543210")
    assert not any(entity == "pincode" for entity, _ in found(extractor, "rs 500000 baki hai"))


def test_places_point_into_the_text(extractor: GazetteerEntityExtractor) -> None:
    text = normalise("Need PMEGP documents for 10 lakh, PIN 110001, Delhi")
    entities: list[dict[str, Any]] = extractor.extract(text)
    assert all(0 <= e["start"] < e["end"] <= len(text) for e in entities)
    assert {text[e["start"] : e["end"]] for e in entities} >= {"PMEGP", "documents", "10 lakh", "110001", "Delhi"}


def test_every_spelling_of_the_gazetteer_is_found_as_its_scheme(extractor: GazetteerEntityExtractor) -> None:
    table = read_yaml_file(GAZETTEERS / "schemes.yml")
    assert len(table) == 42
    wrong = [
        (scheme, spelling)
        for scheme, entry in table.items()
        for spelling in entry["plain"]
        if ("scheme", scheme) not in found(extractor, f"{spelling} ?")
    ]
    assert wrong == []


def test_thirty_six_states_and_union_territories() -> None:
    assert len(read_yaml_file(GAZETTEERS / "states.yml")) == 36


def test_frozen_into_the_model(storage, context) -> None:
    config = GazetteerEntityExtractor.get_default_config()
    GazetteerEntityExtractor.create(config, storage, Resource("entities"), context).train(TrainingData())
    loaded = GazetteerEntityExtractor.load(config, storage, Resource("entities"), context)
    message = Message({"text": "pmegp documents"})
    payload = Message({"text": '/ask_scheme{"scheme":"pmegp"}'})
    loaded.process([message, payload])
    assert [entity["value"] for entity in message.get("entities")] == ["pmegp", "documents"]
    assert payload.get("entities") is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("26-4815-16232 ka status", "complaint number ka status"),
        ("२६ नहीं, 26-4815-16232 का क्या हुआ", "२६ नहीं, शिकायत नंबर का क्या हुआ"),
        ("what became of 26 4815 16232?", "what became of complaint number?"),
        ("GOVUP/E/2023/0031647 kahan tak pahunchi", "complaint number kahan tak pahunchi"),
        ("call me on 9876543210", "call me on 9876543210"),
    ],
)
def test_a_reference_is_read_by_its_name(text: str, read: str) -> None:
    assert with_names(text) == read
