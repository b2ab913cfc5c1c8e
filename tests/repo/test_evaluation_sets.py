"""The evaluation sets are complete, well formed, unique and written in the script they claim."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest


def words(text: str) -> list[str]:
    return text.split()


FOLDER = Path(__file__).resolve().parents[2] / "knowledge" / "evaluation"
LANGUAGES = ("en", "hi", "hi-Latn")
ASPECTS = frozenset(words("what who benefits how documents fees time helpline status"))
KINDS = ("near_miss", "other_ministry", "off_topic")
SCHEMES = frozenset(
    words("""
    udyam udyam_assist samadhaan odr pmegp pmegp2 cgtmse mudra pm_vishwakarma pm_svanidhi stand_up_india eclgs clcss
    sfurti aspire mse_cdp zed lean msme_innovative digital_msme pms ic nsic_sprs ppp sambandh gem treds nssh ramp team
    sri tool_rooms esdp ati coir kgvy ner cgssd mcgs_msme gst champions cpgrams
    """)
)
ASKED_MORE = words("udyam samadhaan odr pmegp cgtmse mudra pm_vishwakarma pm_svanidhi zed treds ppp gem gst champions")
INTENTS = frozenset(
    words("""
    greet goodbye thanks affirm deny help ask_scheme ask_eligibility delayed_payment loan_problem registration_problem
    file_grievance grievance_status reopen_or_appeal talk_to_officer change_language repeat cancel go_back
    correct_previous feedback_good feedback_bad stop_messages who_are_you chitchat_out_of_scope abuse
    my_data export_data erase_data
    """)
)
DEVANAGARI = re.compile(r"[\u0900-\u097f]")
LATIN = re.compile(r"[A-Za-z]")

Row = dict[str, Any]


def read(name: str) -> list[Row]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def answerable(language: str) -> list[Row]:
    return read(f"answerable.{language}.jsonl")


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def plain(text: str) -> str:
    """Case, spacing and punctuation do not make two utterances different."""
    return " ".join(re.sub(r"[^\w\u0900-\u097f]+", " ", text.casefold()).split())


def repeated(texts: list[str]) -> list[str]:
    return [text for text, count in Counter(map(plain, texts)).items() if count > 1]


def wrong_script(text: str, language: str) -> bool:
    devanagari, latin = len(DEVANAGARI.findall(text)), len(LATIN.findall(text))
    if language == "hi":
        return devanagari <= latin
    return devanagari > 0 or latin == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_answerable_rows_have_the_agreed_fields(language: str) -> None:
    for row in answerable(language):
        assert set(row) == {"id", "question", "scheme", "aspect", "situation"}, row
        assert row["question"].strip() == row["question"] != "", row
        assert row["situation"].strip(), row
        for field, legal in (("scheme", SCHEMES), ("aspect", ASPECTS)):
            values = listed(row[field])
            assert values, row
            assert len(values) == len(set(values)), row
            assert set(values) <= legal, row


@pytest.mark.parametrize("language", LANGUAGES)
def test_answerable_covers_every_scheme_and_both_manners_of_asking(language: str) -> None:
    rows = answerable(language)
    assert len(rows) >= 210
    asked = Counter(scheme for row in rows for scheme in listed(row["scheme"]))
    assert {scheme for scheme in SCHEMES if asked[scheme] < 3} == set()
    assert {scheme for scheme in ASKED_MORE if asked[scheme] < 7} == set()
    assert {aspect for row in rows for aspect in listed(row["aspect"])} == ASPECTS
    named = sum(row["id"].startswith(f"{language}-named-") for row in rows)
    told = sum(row["id"].startswith(f"{language}-told-") for row in rows)
    assert named + told == len(rows)
    assert 0.4 <= named / len(rows) <= 0.6


@pytest.mark.parametrize("language", LANGUAGES)
def test_situations_belong_to_invented_people_of_the_language(language: str) -> None:
    people = {row["id"]: row for row in read("people.jsonl")}
    assert len(people) >= 60
    for row in answerable(language):
        person = people[row["situation"].split(":")[0]]
        assert person["language"] == language, row


def test_unanswerable_rows_are_well_formed_and_balanced() -> None:
    rows = read("unanswerable.jsonl")
    assert len(rows) >= 240
    for row in rows:
        assert set(row) == {"id", "question", "language", "kind"}, row
    cells = Counter((row["language"], row["kind"]) for row in rows)
    assert set(cells) == {(language, kind) for language in LANGUAGES for kind in KINDS}
    assert min(cells.values()) >= 26


def test_every_intent_has_twelve_utterances_in_each_way_of_writing() -> None:
    rows = read("intents.jsonl")
    assert len(rows) >= 900
    for row in rows:
        assert set(row) == {"text", "language", "intent"}, row
    cells = Counter((row["language"], row["intent"]) for row in rows)
    assert set(cells) == {(language, intent) for language in LANGUAGES for intent in INTENTS}
    assert {cell: count for cell, count in cells.items() if count < 12} == {}


def test_identifiers_and_questions_are_unique() -> None:
    rows = [row for language in LANGUAGES for row in answerable(language)] + read("unanswerable.jsonl")
    assert len({row["id"] for row in rows}) == len(rows)
    assert repeated([row["question"] for row in rows]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_utterances_are_unique_within_a_way_of_writing(language: str) -> None:
    assert repeated([row["text"] for row in read("intents.jsonl") if row["language"] == language]) == []


def test_texts_are_written_in_the_script_of_their_language() -> None:
    texts = [(row["question"], language) for language in LANGUAGES for row in answerable(language)]
    texts += [(row["question"], row["language"]) for row in read("unanswerable.jsonl")]
    texts += [(row["text"], row["language"]) for row in read("intents.jsonl")]
    assert [text for text, language in texts if wrong_script(text, language)] == []


def test_no_text_looks_like_a_telephone_identity_or_account_number() -> None:
    for path in sorted(FOLDER.glob("*.jsonl")):
        assert re.findall(r"(?<!\d)\d(?:[ -]?\d){8,}(?!\d)", path.read_text(encoding="utf-8")) == [], path.name
