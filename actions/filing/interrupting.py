"""What else a contact may want in the middle of the form: it is answered, and then the question is put again."""

from dataclasses import dataclass

from actions.filing.draft import Draft, Question
from actions.filing.words import Heard, Say, say
from actions.parsing.identifiers import find_reference, has_figures
from actions.parsing.phrases import phrases
from actions.parsing.topics import is_question, scores

_NAMES = (Question.AGAINST, Question.WHO)
_CORPUS = ("ask_scheme", "ask_eligibility")
_PROBLEMS = ("delayed_payment", "loan_problem", "registration_problem")
_ACTIONS = ("my_data", "export_data", "erase_data", "grievance_status", "grievance_feedback")


@dataclass(frozen=True, slots=True)
class Aside:
    """Something else, by the intent whose action answers it.

    Attributes:
        intent: Whose action is run; empty when only something is said.
        then_ask: Whether the question that stands is put again.
        last: What is said instead of the question.
    """

    intent: str
    then_ask: bool = True
    last: tuple[Say, ...] = ()


def find(draft: Draft, heard: Heard) -> Aside | None:
    """What else a message wants; None when it is an answer."""
    if 0 < heard.length <= _MOST_LATER and phrases("later").within(heard.text):
        return Aside("", then_ask=False, last=_KEPT)
    if heard.intent == "abuse" and heard.confidence < _SURE_OF_ABUSE and draft.asked in _TELLING:
        return None  # a name that the assistant does not know resembles anything
    if heard.length <= _MOST_LATER and draft.asked not in _FIGURES and find_reference(heard.text)[0] is not None:
        return Aside("grievance_status")
    if heard.means("file_grievance", at_most=_MOST_WISH, sure=_SURE_OF_WISH) and not scores(heard.text):
        return Aside("form_again")  # the contact wants to go on
    for intents, at_most, sure, aside in _SHORT:
        if heard.means(*intents, at_most=at_most, sure=sure):
            return aside
    if heard.means(*_ACTIONS, at_most=14):
        return Aside(heard.intent)
    return _question(draft, heard, pressed=not heard.text)


def _question(draft: Draft, heard: Heard, *, pressed: bool) -> Aside | None:
    """A question of knowledge, or talk about something else."""
    asked_so = is_question(heard.text)
    if heard.intent in _CORPUS and heard.confidence >= 0.5:
        short = bool(heard.scheme) and heard.length <= 6 and draft.asked not in _NAMES and not has_figures(heard.text)
        if pressed or ((asked_so or short) and heard.length <= 18):
            return Aside(heard.intent)
    if heard.intent in _PROBLEMS and (pressed or (asked_so and draft.asked not in (Question.WHAT, Question.CATEGORY))):
        return Aside(heard.intent)
    if heard.means("chitchat_out_of_scope", at_most=12, sure=0.7) and (asked_so or draft.asked not in _TELLING):
        return Aside("chitchat_out_of_scope")
    return None


_KEPT = (say("utter_form_kept"),)
# Intents, most words, least confidence, and what is done.
_SHORT: tuple[tuple[tuple[str, ...], int, float, Aside], ...] = (
    (("talk_to_officer",), 12, 0.6, Aside("talk_to_officer", then_ask=False, last=_KEPT)),
    (("stop_messages",), 6, 0.7, Aside("stop_messages", then_ask=False)),
    (("goodbye",), 5, 0.6, Aside("", then_ask=False, last=_KEPT)),
    (("help",), 8, 0.6, Aside("form_help")),
    (("greet",), 5, 0.6, Aside("form_going_on")),
    (("repeat", "thanks", "received_nothing"), 6, 0.6, Aside("form_again")),
    (("who_are_you",), 8, 0.6, Aside("who_are_you")),
    (("change_language",), 10, 0.6, Aside("change_language")),
    (("abuse",), 8, 0.6, Aside("form_abuse")),
    (("reopen_or_appeal",), 14, 0.6, Aside("form_one_thing")),
    (("received_location",), 0, 0.0, Aside("form_location")),
)
_MOST_LATER = 8
_MOST_WISH = 4
_SURE_OF_WISH = 0.7
_SURE_OF_ABUSE = 0.9
_FIGURES = frozenset({Question.WHAT, Question.MONEY})
_TELLING = frozenset({Question.WHAT, Question.AGAINST, Question.WHO, Question.CATEGORY, Question.PLACE})
