"""A problem told with the words "file a complaint": it is taken down, not answered from the corpus."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.handoff import Events
from actions.others import Others
from actions.parsing.topics import wishes_to_file


class OrComplaint(Action):  # type: ignore[misc]
    """An action about a problem, unless the contact says in the same message that it is to be filed.

    A story of twenty words outweighs the three that say what is wanted, so the intent alone does not tell.

    Args:
        action: Answers otherwise.
        others: The complaint form among them.
    """

    def __init__(self, action: Action, others: Others) -> None:
        self._action, self._others = action, others

    def name(self) -> str:
        """Name in the domain: that of the action."""
        return str(self._action.name())

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Take the complaint down where that is asked for and no form is open, else answer."""
        open_form = (tracker.active_loop or {}).get("name")
        if not open_form and wishes_to_file(conversation.read(tracker).text):
            return await self._others.answer("file_grievance", dispatcher, tracker, domain)
        return list(await self._action.run(dispatcher, tracker, domain) or [])
