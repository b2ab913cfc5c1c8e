"""Offers to go on with an unfinished complaint, behind the first answer of a new session."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutorRunResult, CollectingDispatcher

from actions import conversation
from actions.dialogue import utter
from actions.filing.asking import resume
from actions.filing.draft import Draft
from actions.ledger import GrievanceDesk

_FORMS = frozenset({"grievance_form", "status_form", "reopen_form"})
_NOT_BEHIND = frozenset({"utter_handover_waiting", "utter_handover_consent", "utter_form_resume"})


class Reminder:
    """Says what is open when the contact comes back, whatever the first message was about.

    Args:
        desk: The ledger.
    """

    def __init__(self, desk: GrievanceDesk) -> None:
        self._desk = desk

    async def __call__(self, action_call: dict[str, Any], result: ActionExecutorRunResult) -> None:
        """Add the offer to the answer of an action."""
        tracker = Tracker.from_dict(action_call["tracker"])
        keys = {message.get("response") for message in result.responses}
        if action_call.get("next_action") in _FORMS or not keys or keys & _NOT_BEHIND:
            return
        if conversation.messages_in_session(tracker) != 1 or (tracker.active_loop or {}).get("name"):
            return
        turn = conversation.read(tracker)
        found = await self._desk.unfinished(turn.conversation_id)
        if found is None or found.last_turn_id == turn.turn_id:  # begun by this very message
            return
        draft = Draft.model_validate(found.content)
        dispatcher = CollectingDispatcher()
        utter(dispatcher, draft.language, resume(draft, draft.started))
        result.responses.extend(dispatcher.messages)
