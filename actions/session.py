"""Repeating, cancelling, and what the contact thinks of an answer."""

from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.handoff import Events
from actions.knowledge import Answers, aspect_in_question, is_follow_up, scheme_in_question
from actions.others import Others
from actions.privacy import takes_erasure_back

log = structlog.get_logger(__name__)


class Repeat(Action):  # type: ignore[misc]
    """Says the last answer again, in the language spoken now."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def name(self) -> str:
        """Name in the domain."""
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Repeat every message of the last turn that said something."""
        turn = conversation.read(tracker)
        scheme = tracker.get_slot("scheme")
        if is_follow_up(turn, scheme):
            return await self._answers.answer(
                dispatcher, turn, scheme=scheme_in_question(turn, scheme), aspect=aspect_in_question(turn)
            )
        # What was said about a grievance or about personal data is not in the tracker, so it cannot be repeated.
        messages = [
            message
            for message in conversation.last_messages(tracker)
            if message.get("key") and not message.get("private")
        ]
        for message in messages:
            params = {name: value for name, value in (message.get("params") or {}).items() if value is not None}
            dispatcher.utter_message(
                response=message["key"],
                offers=message.get("offers") or [],
                named=message.get("named") or {},
                **params,
            )
        if not messages:
            dispatcher.utter_message(response="utter_nothing_to_repeat")
        return []


class Cancel(Action):  # type: ignore[misc]
    """Drops what the conversation was about, or takes a request to erase everything back."""

    def __init__(self, others: Others) -> None:
        self._others = others

    def name(self) -> str:
        """Name in the domain."""
        return "action_cancel"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Forget the scheme and say so."""
        if takes_erasure_back(conversation.read(tracker).text):
            return await self._others.answer("erase_data", dispatcher, tracker, domain)
        dispatcher.utter_message(response="utter_cancel")
        return [SlotSet("scheme", None)]


class Greet(Action):  # type: ignore[misc]
    """A greeting: an action of its own, so that an unfinished complaint can be offered behind it."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_greet"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Greet."""
        dispatcher.utter_message(response="utter_greet")
        return []


class ReceivedMedia(Action):  # type: ignore[misc]
    """A file outside of a complaint: it is kept for the officers, or it is not."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_received_media"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say which."""
        files = conversation.read(tracker).files
        refused = any(file.get("state") != "kept" for file in files)
        dispatcher.utter_message(response="utter_media_refused" if refused else "utter_received_media")
        return []


class Feedback(Action):  # type: ignore[misc]
    """Notes whether the last answer helped; the words stay in the transcript."""

    def __init__(self, verdict: str) -> None:
        self._verdict = verdict

    def name(self) -> str:
        """Name in the domain."""
        return f"action_feedback_{self._verdict}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Log the verdict without any text, then thank or offer an officer."""
        turn = conversation.read(tracker)
        log.info(
            "feedback",
            verdict=self._verdict,
            turn_id=turn.turn_id,
            about=conversation.last_key(tracker),
            scheme=tracker.get_slot("scheme"),
        )
        dispatcher.utter_message(response=f"utter_feedback_{self._verdict}")
        return []
