"""Changing the language in which the assistant writes."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.handoff import Events


class ChangeLanguage(Action):  # type: ignore[misc]
    """The contact names a language, or is asked which one."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_change_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Fix the language; the gateway keeps the choice, so a new session still knows it."""
        language = conversation.read(tracker).entity("language_name")
        if language in conversation.LANGUAGES:
            dispatcher.utter_message(response="utter_language_changed", language=language, language_fixed=True)
        else:
            dispatcher.utter_message(response="utter_choose_language")
        return []
