"""What a contact asks about its own data: which answer, which buttons, and that no word of it stays in a tracker."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.actions.conftest import FakePrivacy, bot, keys, user

Run = Callable[..., Any]
YES, NO = {"confirmed": "yes"}, {"confirmed": "no"}


def titles(response: dict[str, Any]) -> list[str]:
    return [one["title"] for one in response.get("offers", [])]


async def test_what_is_held_is_told_with_the_two_things_to_do(run: Run, privacy: FakePrivacy) -> None:
    said, events = await run("action_my_data", user("what do you hold about me", "my_data"))
    assert keys(said) == ["utter_my_data"]
    assert said[0]["told"] == "We keep your number."
    assert titles(said[0]) == ["button.copy", "button.erase"]
    assert events == []
    assert privacy.asked == ["summary"]


async def test_a_link_that_says_it_all_is_not_followed_by_words(run: Run, privacy: FakePrivacy) -> None:
    privacy.link_says = ""
    said, _ = await run("action_export_data", user("copy of my data", "export_data"))
    assert said == []
    privacy.link_says = "Tomorrow again."
    said, _ = await run("action_export_data", user("copy of my data", "export_data"))
    assert [one["told"] for one in said] == ["Tomorrow again."]


async def test_an_erasure_is_asked_about_before_it_is_noted(run: Run, privacy: FakePrivacy) -> None:
    said, _ = await run("action_erase_data", user("delete my data", "erase_data"))
    assert keys(said) == ["utter_erase_ask"]
    assert titles(said[0]) == ["button.erase", "button.no"]
    assert privacy.asked == ["preview"]

    said, _ = await run("action_erase_data", user("", "erase_data", YES))
    assert said[0]["told"] == "Noted."
    assert titles(said[0]) == ["button.keep_data"]
    assert privacy.asked == ["preview", "erase"]


@pytest.mark.parametrize(
    ("text", "intent", "action"), [("yes", "affirm", "action_affirm"), ("no", "deny", "action_deny")]
)
async def test_a_typed_answer_to_the_question_counts(
    run: Run, privacy: FakePrivacy, text: str, intent: str, action: str
) -> None:
    events = [user("delete my data", "erase_data"), bot("utter_erase_ask"), user(text, intent)]
    said, _ = await run(action, *events)
    assert privacy.asked == (["erase"] if text == "yes" else [])
    assert keys(said) == ["utter_privacy_done" if text == "yes" else "utter_erase_kept"]


async def test_a_yes_to_anything_else_erases_nothing(run: Run, privacy: FakePrivacy) -> None:
    for key in ("utter_my_data", "utter_privacy_done", "utter_erase_kept", "utter_form_resume"):
        await run("action_affirm", user("delete my data", "erase_data"), bot(key), user("yes", "affirm"))
    assert "erase" not in privacy.asked


async def test_a_no_says_the_truth_whether_or_not_an_erasure_waits(run: Run, privacy: FakePrivacy) -> None:
    said, _ = await run("action_erase_data", user("", "erase_data", NO))
    assert keys(said) == ["utter_erase_kept"]
    assert privacy.asked == ["preview"]

    privacy.waits = True
    said, _ = await run("action_erase_data", user("", "erase_data", NO))
    assert said[0]["told"] == "Cancelled."
    assert privacy.asked[-1] == "cancel"


async def test_who_asks_again_is_told_that_it_waits_and_can_cancel(run: Run, privacy: FakePrivacy) -> None:
    privacy.waits = True
    said, _ = await run("action_erase_data", user("delete my data", "erase_data"))
    assert keys(said) == ["utter_privacy_done"]
    assert titles(said[0]) == ["button.keep_data"]


@pytest.mark.parametrize(
    ("text", "action", "intent"),
    [
        ("please cancel the erasure, I changed my mind", "action_erase_data", "erase_data"),
        ("डेटा मिटाना रद्द कर दो", "action_erase_data", "erase_data"),
        ("mera data mat mitao", "action_cancel", "cancel"),
    ],
)
async def test_it_is_taken_back_in_other_words_too(
    run: Run, privacy: FakePrivacy, text: str, action: str, intent: str
) -> None:
    said, _ = await run(action, user(text, intent))
    assert privacy.asked == ["cancel"]
    assert said[0]["told"] == "Cancelled."


@pytest.mark.parametrize(
    ("action", "intent", "entities"),
    [
        ("action_my_data", "my_data", {}),
        ("action_export_data", "export_data", {}),
        ("action_erase_data", "erase_data", {}),
        ("action_erase_data", "erase_data", YES),
        ("action_erase_data", "erase_data", NO),
    ],
)
async def test_a_channel_that_proves_nobody_is_told_nothing(
    run: Run, privacy: FakePrivacy, action: str, intent: str, entities: dict[str, str]
) -> None:
    privacy.proves = False
    said, _ = await run(action, user("about my data", intent, entities))
    assert keys(said) == ["utter_privacy_not_here"]
    assert privacy.asked == []


@pytest.mark.parametrize("action", ["action_my_data", "action_export_data", "action_erase_data"])
async def test_no_word_of_it_is_left_to_the_tracker(run: Run, action: str) -> None:
    said, events = await run(action, user("about my data", "my_data"))
    assert [one["private"] for one in said] == [True]
    assert events == []
