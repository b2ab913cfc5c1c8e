"""What leads to an officer, and what is said when that fails."""

from typing import Any

import pytest

from actions.handoff import QueueDesk
from core.clock import SystemClock
from handoff.queue.service import SaidPlace
from tests.actions.conftest import bot, keys, user


@pytest.mark.parametrize(
    ("action", "reason", "first"),
    [
        ("action_hand_over", "asked", None),
    ],
)
async def test_hand_over(run, desk, action, reason, first) -> None:
    said, _ = await run(action, user("x", "talk_to_officer"))
    assert keys(said) == [key for key in (first, "utter_handover_waiting") if key]
    assert desk.requests == [{"conversation_id": "conversation-1", "turn_id": "turn-1", "reason": reason}]


async def test_nothing_is_promised_when_the_queue_is_away(run, desk) -> None:
    desk.down = True
    said, _ = await run("action_hand_over", user("x", "talk_to_officer"))
    assert keys(said) == ["utter_handover_failed"]


def _not_understood(count: int) -> list[dict[str, Any]]:
    ranking = [{"name": "nlu_fallback", "confidence": 0.4}, {"name": "loan_problem", "confidence": 0.3},
               {"name": "abuse", "confidence": 0.2}, {"name": "repeat", "confidence": 0.1}]  # fmt: skip
    return [user("???", "nlu_fallback", intent_ranking=ranking) for _ in range(count)]


async def test_two_tries_then_an_officer(run, desk) -> None:
    said, _ = await run("action_fallback", *_not_understood(1))
    assert keys(said) == ["utter_did_you_mean"]
    assert [offer["payload"] for offer in said[0]["offers"]] == ["/loan_problem", "/repeat", "/talk_to_officer"]
    said, _ = await run("action_fallback", *_not_understood(2))
    assert keys(said) == ["utter_rephrase"]
    said, _ = await run("action_fallback", *_not_understood(3))
    assert keys(said) == ["utter_not_understood_officer", "utter_handover_waiting"]
    assert desk.requests[0]["reason"] == "not_understood"


async def test_understanding_in_between_starts_over(run) -> None:
    said, _ = await run("action_fallback", *_not_understood(2), user("hello", "greet"), *_not_understood(1))
    assert keys(said) == ["utter_did_you_mean"]


async def test_answered_follow_up_is_no_failure(run) -> None:
    said, _ = await run("action_fallback", *_not_understood(1), bot("utter_answer"), *_not_understood(1))
    assert keys(said) == ["utter_did_you_mean"]


async def test_no_after_did_you_mean_counts_on(run) -> None:
    events = [*_not_understood(1), bot("utter_did_you_mean"), user("no", "deny")]
    said, _ = await run("action_deny", *events)
    assert keys(said) == ["utter_rephrase"]
    said, _ = await run("action_fallback", *events, *_not_understood(1))
    assert keys(said) == ["utter_rephrase"]


async def test_named_scheme_is_a_question_about_it(run, knowledge) -> None:
    said, _ = await run("action_fallback", user("pmegp ??", "nlu_fallback", {"scheme": "pmegp"}))
    assert keys(said) == ["utter_answer"]


async def test_section_after_an_answer_is_a_question(run, knowledge) -> None:
    said, _ = await run("action_fallback", user("fees", "nlu_fallback", {"aspect": "fees"}), slots={"scheme": "pmegp"})
    assert keys(said) == ["utter_answer"]
    assert knowledge.asked[0]["scheme"] == "pmegp"


async def test_no_words_at_all(run) -> None:
    said, _ = await run("action_fallback", user("😀", "nlu_fallback", intent_ranking=[]))
    assert keys(said) == ["utter_rephrase"]


async def test_yes_to_the_offer_of_an_officer(run, desk) -> None:
    said, _ = await run("action_affirm", bot("utter_no_answer"), user("haan", "affirm"))
    assert keys(said) == ["utter_handover_waiting"]
    said, _ = await run("action_affirm", bot("utter_greet"), user("haan", "affirm"))
    assert keys(said) == ["utter_affirm"]
    assert len(desk.requests) == 1


async def test_queue_desk_asks_the_service_in_one_transaction(monkeypatch) -> None:
    calls: list[object] = []

    class FakeDatabase:
        def transaction(self):
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def opened():
                yield "session"
                calls.append("committed")

            return opened()

    async def request_handover(session, **given):
        calls.append((session, given["conversation_id"], given["turn_id"], given["reason"]))

    monkeypatch.setattr("actions.handoff.queue.request_handover", request_handover)
    desk = QueueDesk(FakeDatabase(), SystemClock())  # type: ignore[arg-type]
    await desk.request(conversation_id="c", turn_id="t", reason="asked")
    assert calls == [("session", "c", "t", "asked"), "committed"]


async def test_the_place_that_was_said_goes_along(run, desk) -> None:
    await run("action_hand_over", user("officer in Patna", "talk_to_officer", {"district": "Patna", "state": "BR"}))
    assert desk.said == SaidPlace(district="Patna", state="BR")
    told = user("buyer in Pune does not pay", "delayed_payment", {"district": "Pune"})
    await run("action_hand_over", told, user("officer", "talk_to_officer"))
    assert desk.said == SaidPlace(district="Pune")


async def test_the_place_of_a_scheme_is_not_the_contacts(run, desk) -> None:
    scheme = user("drone subsidy in Goa", "ask_scheme", {"state": "GA"})
    await run("action_hand_over", scheme, bot("utter_no_answer"), user("officer", "talk_to_officer"))
    assert desk.said is None
