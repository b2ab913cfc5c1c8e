"""Repeating, cancelling, language and feedback."""

import pytest
import structlog

from actions.conversation import language_of
from tests.actions.conftest import bot, keys, user


async def test_repeat_says_every_message_of_the_last_turn(run) -> None:
    events = [
        user("hello", "greet"),
        bot("utter_greet"),
        user("buyer does not pay", "delayed_payment"),
        bot("utter_delayed_payment"),
        bot("utter_answer", params={"passage": "45 days", "source": "Act"}, offers=[{"title": "x", "payload": "/x"}]),
        user("again", "repeat"),
    ]
    said, _ = await run("action_repeat", *events)
    assert keys(said) == ["utter_delayed_payment", "utter_answer"]
    assert said[1]["passage"] == "45 days"
    assert said[1]["offers"] == [{"title": "x", "payload": "/x"}]


async def test_section_after_an_answer_is_no_repetition(run, knowledge) -> None:
    events = [user("pmegp", "ask_scheme"), bot("utter_answer"), user("and the fees?", "repeat", {"aspect": "fees"})]
    said, _ = await run("action_repeat", *events, slots={"scheme": "pmegp"})
    assert keys(said) == ["utter_answer"]
    assert (knowledge.asked[0]["scheme"], knowledge.asked[0]["aspect"]) == ("pmegp", "fees")


async def test_nothing_to_repeat(run) -> None:
    said, _ = await run("action_repeat", user("again", "repeat"))
    assert keys(said) == ["utter_nothing_to_repeat"]


async def test_cancel_forgets_the_scheme(run) -> None:
    said, events = await run("action_cancel", user("cancel", "cancel"), slots={"scheme": "pmegp"})
    assert keys(said) == ["utter_cancel"]
    assert events[0]["name"] == "scheme"
    assert events[0]["value"] is None


async def test_language_is_fixed_by_its_name(run) -> None:
    said, _ = await run("action_change_language", user("hindi me likho", "change_language", {"language_name": "hi"}))
    assert said[0]["response"] == "utter_language_changed"
    assert (said[0]["language"], said[0]["language_fixed"]) == ("hi", True)


@pytest.mark.parametrize("entities", [{}, {"language_name": "ta"}])
async def test_unknown_language_is_asked_for(run, entities) -> None:
    said, _ = await run("action_change_language", user("change language", "change_language", entities))
    assert keys(said) == ["utter_choose_language"]


@pytest.mark.parametrize("verdict", ["good", "bad"])
async def test_feedback_is_logged_without_words(run, verdict) -> None:
    with structlog.testing.capture_logs() as lines:
        said, _ = await run(
            f"action_feedback_{verdict}", bot("utter_answer"), user("secret words", f"feedback_{verdict}")
        )
    assert keys(said) == [f"utter_feedback_{verdict}"]
    assert lines[0]["verdict"] == verdict
    assert lines[0]["turn_id"] == "turn-1"
    assert "secret words" not in str(lines)


def test_choice_of_language_is_the_assistants() -> None:
    assert language_of({"language": "hi", "language_fixed": True}, "en") == "hi"
    assert language_of({"language": "hi"}, "en") == "en"
    assert language_of({"language": "hi"}, None) == "hi"
    assert language_of({}, None) == "en"
    assert language_of({"language": "ta"}, None) == "en"
