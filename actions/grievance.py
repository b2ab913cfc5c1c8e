"""Filing and reopening a grievance: until the ledger exists, an officer does it."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import Events, OfficerDesk, hand_over


class FileGrievance(Action):  # type: ignore[misc]
    """The contact wants to complain."""

    def __init__(self, desk: OfficerDesk) -> None:
        self._desk = desk

    def name(self) -> str:
        """Name in the domain."""
        return "action_file_grievance"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Explain and hand over."""
        await hand_over(self._desk, dispatcher, tracker, "grievance", first="utter_grievance_by_officer")
        return []


class ReopenOrAppeal(Action):  # type: ignore[misc]
    """The contact is not satisfied with how a grievance ended."""

    def __init__(self, desk: OfficerDesk) -> None:
        self._desk = desk

    def name(self) -> str:
        """Name in the domain."""
        return "action_reopen_or_appeal"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Explain and hand over."""
        await hand_over(self._desk, dispatcher, tracker, "reopen", first="utter_reopen_by_officer")
        return []
