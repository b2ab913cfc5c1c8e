"""Which action answers which intent, so that a form can let another one answer in between."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import Events

# The same as data/rules; a test compares the two.
ANSWERS = {
    "greet": "action_greet",
    "goodbye": "utter_goodbye",
    "thanks": "utter_thanks",
    "affirm": "action_affirm",
    "deny": "action_deny",
    "help": "utter_help",
    "go_back": "utter_go_back",
    "correct_previous": "utter_correct_previous",
    "skip": "utter_skip",
    "stop_messages": "utter_stop_messages",
    "who_are_you": "utter_who_are_you",
    "chitchat_out_of_scope": "utter_out_of_scope",
    "abuse": "utter_abuse",
    "cancel": "action_cancel",
    "repeat": "action_repeat",
    "feedback_good": "action_feedback_good",
    "feedback_bad": "action_feedback_bad",
    "change_language": "action_change_language",
    "ask_scheme": "action_ask_scheme",
    "ask_eligibility": "action_ask_eligibility",
    "delayed_payment": "action_delayed_payment",
    "loan_problem": "action_loan_problem",
    "registration_problem": "action_registration_problem",
    "file_grievance": "grievance_form",
    "grievance_answer": "grievance_form",
    "grievance_status": "status_form",
    "reopen_or_appeal": "reopen_form",
    "grievance_feedback": "action_grievance_feedback",
    "my_data": "action_my_data",
    "export_data": "action_export_data",
    "erase_data": "action_erase_data",
    "talk_to_officer": "action_hand_over",
    "received_media": "action_received_media",
    "received_location": "utter_received_location",
    "received_nothing": "utter_received_nothing",
    "nlu_fallback": "action_fallback",
}


class Others:
    """The other actions, by the intent that they answer; they are added when all of them are made."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    def add(self, *actions: Action) -> None:
        """Make actions known."""
        self._actions.update({action.name(): action for action in actions})

    async def answer(
        self, intent: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Let the intent's action answer."""
        name = ANSWERS.get(intent, "action_fallback")
        action = self._actions.get(name)
        if action is None:
            dispatcher.utter_message(response=name)
            return []
        # A form answers a turn that is passed on to it even where it would not answer twice.
        lead = getattr(action, "lead", action.run)
        return list(await lead(dispatcher, tracker, domain) or [])
