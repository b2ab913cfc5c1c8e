"""Sentences: right language, right key, nothing interpreted twice."""

from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain

from bot.catalogue import BUTTON_TITLE_LIMIT, LANGUAGES, Catalogue, fill
from bot.nlg import CatalogueNlg, choose_language
from bot.turn import Turn, current_turn

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def nlg() -> CatalogueNlg:
    return CatalogueNlg(domain=Domain.load(str(ROOT / "domain.yml")))


@pytest.mark.parametrize(
    ("metadata", "detected", "language"),
    [
        ({"language": "hi", "language_fixed": True}, "en", "hi"),
        ({"language": "hi", "language_fixed": False}, "en", "en"),
        ({"language": "hi"}, None, "hi"),
        ({}, "hi-Latn", "hi-Latn"),
        ({}, None, "en"),
        ({"language": "ta"}, None, "en"),
        ({"language": None, "language_fixed": True}, "hi", "hi"),
    ],
)
def test_choice_of_language(metadata, detected, language) -> None:
    assert choose_language(metadata, detected) == language


async def test_greeting_in_each_language(nlg, tracker_of) -> None:
    texts = {}
    for language in LANGUAGES:
        message = await nlg.generate("utter_greet", tracker_of(detected=language), "whatsapp")
        assert message["key"] == "utter_greet"
        assert message["language"] == language
        assert [button["payload"] for button in message["buttons"]] == [
            "/ask_scheme",
            "/delayed_payment",
            "/talk_to_officer",
        ]
        texts[language] = message["text"]
    assert len(set(texts.values())) == 3


async def test_parameters_are_filled_once(nlg, tracker_of) -> None:
    message = await nlg.generate(
        "utter_answer",
        tracker_of(detected="en"),
        "whatsapp",
        scheme_name="{passage}",
        passage="<b>*{source}*</b> {0}",
        source="Guidelines",
        as_of="2022-05-13",
        offers=[
            {"title": "button.officer", "payload": "/talk_to_officer"},
            {"label": "A name that is far too long", "payload": "/x"},
        ],
        buttons=[],
        text=None,
    )
    assert message["text"].startswith("*{passage}*\n<b>*{source}*</b> {0}\n\nSource: Guidelines (as of 2022-05-13)")
    assert message["params"] == {
        "scheme_name": "{passage}",
        "passage": "<b>*{source}*</b> {0}",
        "source": "Guidelines",
        "as_of": "2022-05-13",
    }
    assert [len(button["title"]) <= BUTTON_TITLE_LIMIT for button in message["buttons"]] == [True, True]


async def test_named_parameters_come_from_the_catalogue(nlg, tracker_of) -> None:
    message = await nlg.generate(
        "utter_aspect_missing", tracker_of(detected="hi"), "whatsapp",
        named={"aspect": "aspect.documents"}, scheme_name="x", source="y", as_of="z",
    )  # fmt: skip
    assert "दस्तावेज़" in message["text"]


async def test_override_and_note_in_the_turn(nlg, tracker_of) -> None:
    turn = Turn("t1")
    mark = current_turn.set(turn)
    try:
        message = await nlg.generate(
            "utter_language_changed", tracker_of(detected="en"), "whatsapp", language="hi", language_fixed=True
        )
    finally:
        current_turn.reset(mark)
    assert message["language"] == "hi"
    assert (turn.language, turn.language_fixed) == ("hi", True)


async def test_unknown_key_says_nothing(nlg, tracker_of) -> None:
    assert await nlg.generate("utter_nobody_wrote_this", tracker_of(), "whatsapp") is None


def test_missing_translation_falls_back_to_english(tmp_path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "bot.po").write_text('msgid "utter_a"\nmsgstr "A"\n', encoding="utf-8")
    catalogue = Catalogue(tmp_path)
    assert catalogue.template("utter_a", "hi") == "A"
    assert catalogue.template("utter_b", "hi") is None
    assert fill("{a} {b}", {"a": 1}) == "1 "
