"""The story of one grievance: which messages come in which order, and that each is in the contact's language."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

from core.clock import INDIA
from core.i18n import LANGUAGES
from tools.story import __main__ as story
from tools.story.tale import FILED_ON, Line

EVENTS = [
    "filed", "reminded", "breached", "reminded", "escalated", "interim", "closed", "feedback_asked", "feedback",
    "appealed", "reminded", "attended", "noted", "reminded", "closed", "feedback_asked",
]  # fmt: skip
KEYS = [
    "grievances.acknowledged_with_code",
    "grievances.escalated_late",
    "grievances.interim",
    "grievances.closed_may_appeal",
    "grievances.feedback_ask",
    "grievances.appealed_poor",
    "utter_feedback_noted",
    "grievances.attended_appellate",
    "grievances.closed",
    "grievances.feedback_ask",
]
DAYS = [0, 9, 13, 17, 18, 19, 19, 21, 29, 30]
HINDI = re.compile(r"[\u0900-\u097f]")
LATIN = re.compile(r"[A-Za-z]")
WORDS = {
    "hi-Latn": re.compile(r"\b(hai|hain|hui|ho gaya|aapne|tha|thi)\b", re.IGNORECASE),
    "en": re.compile(r"\b(the|your|you|was)\b", re.IGNORECASE),
}
OTHERS = {"hi-Latn": WORDS["en"], "en": WORDS["hi-Latn"]}


@pytest.fixture(scope="module", params=LANGUAGES)
def told(request: pytest.FixtureRequest) -> tuple[str, list[Line]]:
    return request.param, asyncio.run(story.told(request.param))


def gets(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.content is not None]


def test_every_event_happens_and_every_message_comes_in_its_order_on_its_day(
    told: tuple[str, list[Line]],
) -> None:
    language, lines = told
    assert [line.event.kind.value for line in lines if line.event is not None] == EVENTS
    assert [line.content.key for line in gets(lines) if line.content] == KEYS
    assert [(line.at.astimezone(INDIA).date() - FILED_ON).days for line in gets(lines)] == DAYS
    assert {line.content.language for line in gets(lines) if line.content} == {language}


def test_every_message_is_in_the_language_of_the_contact(told: tuple[str, list[Line]]) -> None:
    language, lines = told
    for line in gets(lines):
        assert line.content is not None
        whole = " ".join([line.content.text, *(button.title for button in line.content.buttons)])
        if language == "hi":
            assert HINDI.search(whole)
            assert not LATIN.search(whole), whole
        else:
            assert not HINDI.search(whole), whole
            assert WORDS[language].search(whole), whole
            assert not OTHERS[language].search(whole), whole
        assert "{" not in whole


def test_what_was_promised_is_what_the_clocks_keep(told: tuple[str, list[Line]]) -> None:
    """Filed on a Tuesday: three working days are Friday, seven the Thursday after, and twenty-one days a Tuesday."""
    _language, lines = told
    first = gets(lines)[0].text
    for day in ("4 ", "10 ", "22 "):
        assert day in first
    by_kind = {line.event.kind.value: line.at for line in reversed(lines) if line.event is not None}
    assert by_kind["breached"].astimezone(INDIA).date() == FILED_ON + timedelta(days=3)
    assert by_kind["escalated"].astimezone(INDIA).date() == FILED_ON + timedelta(days=9)
    assert by_kind["escalated"].astimezone(INDIA).hour == 18


def test_what_is_printed_has_every_message_whole(told: tuple[str, list[Line]]) -> None:
    _language, lines = told
    printed = "\n".join(story.printed(lines))
    for line in gets(lines):
        for row in line.text.split("\n"):
            assert row in printed
    assert printed.count("contact gets:") == len(KEYS)
    assert printed.count("contact writes:") == 2
