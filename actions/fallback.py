"""What happens when a message was not understood: two more tries, then an officer."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.handoff import Events, OfficerDesk, hand_over
from actions.knowledge import Answers, aspect_in_question, is_follow_up, scheme_in_question
from actions.others import Others

# Intents that make sense as "did you mean": one word about each is in the catalogue.
OFFERED = {
    "ask_scheme", "ask_eligibility", "delayed_payment", "loan_problem", "registration_problem", "file_grievance",
    "grievance_status", "reopen_or_appeal", "change_language", "help", "repeat",
}  # fmt: skip
_PLAUSIBLE = 0.08
# Questions that a bare "yes" answers, and the intent whose action carries it out.
OFFERS = {
    "utter_form_resume": "file_grievance",
    "utter_form_nothing_open": "file_grievance",
    "utter_erase_ask": "erase_data",
}
_OFFICER = {"title": "button.officer", "payload": "/talk_to_officer"}


def suggestions(message: dict[str, Any]) -> list[dict[str, str]]:
    """Buttons for the two likeliest intents, and an officer."""
    ranking = message.get("intent_ranking") or []
    likely = [
        entry["name"]
        for entry in ranking
        if entry.get("name") in OFFERED and float(entry.get("confidence") or 0.0) >= _PLAUSIBLE
    ]
    return [{"title": f"button.intent_{name}", "payload": f"/{name}"} for name in likely[:2]]


class Fallback(Action):  # type: ignore[misc]
    """First ask what was meant, then ask for other words, then hand over.

    One action that counts from the tracker instead of Rasa's two-stage loop: the loop ends in
    `action_default_fallback`, which cannot hand over without tripping Rasa's circuit breaker.
    """

    def __init__(self, desk: OfficerDesk, answers: Answers, others: Others) -> None:
        self._desk, self._answers, self._others = desk, answers, others

    def name(self) -> str:
        """Name in the domain."""
        return "action_fallback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Do the step that is due."""
        turn = conversation.read(tracker)
        slot = tracker.get_slot("scheme")
        if turn.entity("scheme") or is_follow_up(turn, slot):
            # A named scheme, or a section after an answer, is a question about it, however it is put.
            scheme, aspect = scheme_in_question(turn, slot), aspect_in_question(turn)
            return await self._answers.answer(dispatcher, turn, scheme=scheme, aspect=aspect)
        if turn.entity("grievance_reference"):  # whatever stands around it, it is about that complaint
            return await self._others.answer("grievance_status", dispatcher, tracker, domain)
        times = conversation.fallbacks_in_a_row(tracker)
        offers = suggestions(tracker.latest_message)
        if times >= 3:
            await hand_over(self._desk, dispatcher, tracker, "not_understood", first="utter_not_understood_officer")
        elif times == 1 and offers:
            dispatcher.utter_message(response="utter_did_you_mean", offers=[*offers, _OFFICER])
        else:
            dispatcher.utter_message(response="utter_rephrase")
        return []


class Affirm(Action):  # type: ignore[misc]
    """A bare "yes": an answer to what the assistant asked last."""

    # Sentences that offer an officer as a yes-or-no question.
    QUESTIONS = frozenset({"utter_no_answer", "utter_feedback_bad", "utter_aspect_missing", "utter_technical_problem"})

    def __init__(self, desk: OfficerDesk, others: Others) -> None:
        self._desk, self._others = desk, others

    def name(self) -> str:
        """Name in the domain."""
        return "action_affirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Do what was offered, else ask what is wanted."""
        asked = conversation.last_key(tracker)
        if asked in OFFERS:
            return await self._others.answer(OFFERS[asked], dispatcher, tracker, domain)
        if asked in self.QUESTIONS:
            await hand_over(self._desk, dispatcher, tracker, "asked")
        else:
            dispatcher.utter_message(response="utter_affirm")
        return []


class Deny(Action):  # type: ignore[misc]
    """A bare "no"."""

    def __init__(self, others: Others) -> None:
        self._others = others

    def name(self) -> str:
        """Name in the domain."""
        return "action_deny"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """After "did you mean" ask for other words, else for another wish."""
        asked = conversation.last_key(tracker)
        if asked == "utter_form_resume":
            return await self._others.answer(OFFERS[asked], dispatcher, tracker, domain)
        if asked == "utter_erase_ask":
            dispatcher.utter_message(response="utter_erase_kept")
            return []
        guessed = asked == "utter_did_you_mean"
        dispatcher.utter_message(response="utter_rephrase" if guessed else "utter_deny")
        return []
