"""Words of distress in three ways of writing, what only sounds like it, and rules on grievances."""

import tomllib
from pathlib import Path

import pytest

from handoff.queue import rules
from handoff.queue.settings import QueueSettings
from tools.steps import ROOT

LISTED = tomllib.loads(Path(ROOT / "locale" / "distress.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I will kill myself if the bank takes my shop", "en"),
        ("There is NO reason to live...", "en"),
        ("i can’t live anymore", "en"),
        ("I don't want to live", "en"),
        ("मैं आत्महत्या कर लूँगा", "hi"),
        ("अब तो फाँसी लगा लूंगा साहब", "hi"),
        ("अब तो फांसी लगा लूँगा", "hi"),
        ("मैं मर जाऊंगा", "hi"),
        ("मैं मर जाऊँगी!", "hi"),
        ("ज़हर खा लूँगी", "hi"),
        ("जहर खा लूंगा", "hi"),
        ("mai aatmahatya kar lunga", "hi-Latn"),
        ("Ab khudkushi ke alawa rasta nahi", "hi-Latn"),
        ("mai to mar jaunga bhai", "hi-Latn"),
        ("woh jaan se maarne ki dhamki de rahe hain", "hi-Latn"),
    ],
)
def test_distress_is_heard(text: str, language: str) -> None:
    assert rules.distress(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the deadline is killing my margin",
        "dead stock of 200 handles",
        "is there a scheme for suicide prevention centres",
        "my father died, how do I change the Udyam name",
        "I live in Agra and want to dye cloth",
        "मेरे पिताजी की मृत्यु हो गई, उद्यम में नाम कैसे बदलें",
        "मरम्मत का बिल नहीं मिला",
        "मारुति को माल भेजा था",
        "march ka payment nahi mila",
        "marketing ke liye scheme batao",
        "mere pitaji mar gaye, udyam kaise badlu",
        "jaan pehchaan wale ne paise nahi diye",
    ],
)
def test_what_only_sounds_like_it(text: str) -> None:
    assert rules.distress(text) is None


@pytest.mark.parametrize("language", ["en", "hi", "hi-Latn"])
def test_every_phrase_of_the_list_is_heard_inside_a_sentence(language: str) -> None:
    assert len(LISTED["distress"][language]) >= 20
    for phrase in LISTED["distress"][language]:
        assert rules.distress(f"Sahab, {phrase.upper()}. OK?") == language, phrase


def test_every_language_has_its_list() -> None:
    assert set(LISTED["distress"]) == set(LISTED["harmless"]) == {"en", "hi", "hi-Latn"}


@pytest.mark.parametrize(
    ("category", "amount", "reason"),
    [("credit", 9_999_999, None), ("credit", 10_000_000, "amount"), ("credit", None, None), ("bribe", 5, "category")],
)
def test_grievances_that_go_to_an_officer_too(category: str, amount: int | None, reason: str | None) -> None:
    assert rules.for_grievance(category, amount, QueueSettings(categories="bribe labour")) == reason


def test_an_amount_of_zero_is_never() -> None:
    assert rules.for_grievance("credit", 10**12, QueueSettings(amount_rupees=0)) is None
