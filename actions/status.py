"""The state of a grievance: until the ledger exists, an officer looks it up."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import Events, OfficerDesk, hand_over


class GrievanceStatus(Action):  # type: ignore[misc]
    """The contact asks what became of a grievance."""

    def __init__(self, desk: OfficerDesk) -> None:
        self._desk = desk

    def name(self) -> str:
        """Name in the domain."""
        return "action_grievance_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Explain and hand over."""
        await hand_over(self._desk, dispatcher, tracker, "status", first="utter_status_by_officer")
        return []
