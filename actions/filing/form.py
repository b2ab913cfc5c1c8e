"""The steps of the complaint form: begin, answer, resume; pure."""

from dataclasses import dataclass, replace

from actions.filing import correcting, interrupting
from actions.filing.asking import ask, category_title, resume
from actions.filing.draft import (
    MAX_WAITING,
    Draft,
    Question,
    Waiting,
    waiting_of,
)
from actions.filing.interrupting import Aside
from actions.filing.taking import Effect, Taken, add_to_story, free, precise, with_category
from actions.filing.telling import STORY_WORDS, harvest, placed, prefill, with_name
from actions.filing.words import Heard, Say, say
from actions.parsing.identifiers import find_udyam
from actions.parsing.phrases import phrases
from actions.parsing.topics import complaints, scores, wishes_to_file
from core.ids import new_id

_REQUIRED = frozenset({Question.CONSENT, Question.CATEGORY, Question.WHAT})


@dataclass(frozen=True, slots=True)
class Step:
    """What a message led to.

    Attributes:
        draft: The complaint afterwards; None when none is open any more.
        says: What is said, in order, behind what the aside says.
        aside: Something else that the contact wants first.
        effect: What has to be done beside keeping the draft.
    """

    draft: Draft | None
    says: tuple[Say, ...]
    aside: Aside | None = None
    effect: Effect | None = None


# --- the beginning ----------------------------------------------------------------------------------------


def begin(heard: Heard, *, told_before: str = "", intent_before: str = "", language: str | None = None) -> Step:
    """A new complaint.

    Args:
        heard: The message that begins it.
        told_before: The problem that the contact told before, where this message only says that it is to be filed.
        intent_before: What was understood then.
        language: In which it is led; that of the message, where nothing else is known.
    """
    story = told_before or heard.text
    found = complaints(story, intent_before if told_before else heard.intent) if story else []
    draft = Draft(id=new_id(), language=language or heard.language, started=heard.today)
    draft = draft.put_right(waiting=waiting_of(found)[:MAX_WAITING])
    if found:
        text = found[0].text if len(found) > 1 else story
        draft = prefill(draft.put_right(guess=found[0].category), text, heard)
    if heard.category:
        draft = with_name(with_category(draft, heard.category, draft.what), draft.what)
    return _go_on(draft, heard)


def offer_to_resume(draft: Draft, heard: Heard) -> Step:
    """An older complaint is open: go on with it, or drop it; the new message is kept until that is settled."""
    if draft.asked is not Question.RESUME:
        draft = draft.put_right(paused=draft.asked, asked=Question.RESUME)
    if heard.text and (heard.length >= STORY_WORDS or scores(heard.text)):
        draft = draft.put_right(fresh=heard.text)
    return Step(draft, (resume(draft, draft.started),))


# --- a message in the middle ------------------------------------------------------------------------------


def answer(draft: Draft, heard: Heard) -> Step:
    """A message while the form is open."""
    if heard.language_choice:
        draft = draft.put_right(language=heard.language_choice)
    if heard.files:
        return _with_files(draft, heard)
    if heard.text and phrases("cancel_erasure").within(heard.text):  # it is not the complaint that is cancelled
        return _aside(draft, Aside("erase_data"))
    if draft.asked in (Question.RESUME, Question.NEXT):
        special = _resumed(draft, heard) if draft.asked is Question.RESUME else _next(draft, heard)
        return special or _aside_or_again(draft, heard)
    if heard.choice is not None and heard.choice.question != draft.asked:
        return _old_button(draft, heard)
    if draft.asked in (Question.CHECK, Question.CORRECT):
        return _checked(draft, heard)
    out_of_turn = _out_of_turn(draft, heard)
    if out_of_turn is not None:
        return out_of_turn
    ordered = _command(draft, heard) if _is_order(draft, heard) else None
    if ordered is not None:
        return ordered
    taken = precise(draft, heard)
    if taken is not None:
        return _settle(draft, taken, heard)
    return _command(draft, heard) or _free(draft, heard)


def _out_of_turn(draft: Draft, heard: Heard) -> Step | None:
    """What is worth taking whatever was asked: the story before it was agreed that it is kept, a Udyam number."""
    if draft.asked is Question.CONSENT and heard.length >= STORY_WORDS and scores(heard.text):
        draft = prefill(draft, heard.text, heard)
        draft = draft.put_right(guess=draft.guess or complaints(heard.text, heard.intent)[0].category)
        return _go_on(draft, heard)
    udyam = find_udyam(heard.text)
    if draft.asked not in (Question.WHO, Question.WHAT) and udyam is not None and udyam.value:
        draft = draft.put_right(udyam=udyam.value)
        return Step(draft, (say("utter_form_put_right", named={"field": "field.udyam"}), ask(draft)))
    return None


def _is_order(draft: Draft, heard: Heard) -> bool:
    """Whether the words are an order before they can be an answer: `ho gaya` is not the district of Gaya."""
    if draft.asked in (Question.FILES, Question.WHAT):
        return heard.command in ("cancel", "go_back")
    return heard.command is not None and draft.asked is not Question.CONSENT


def _command(draft: Draft, heard: Heard) -> Step | None:
    """Cancel, back, skip, and corrections of other answers."""
    if _cancels(heard):
        return Step(None, (say("utter_form_dropped"),))
    if heard.command == "go_back" or heard.means("go_back"):
        return _back(draft)
    skips = heard.means("skip") or (heard.means("deny", at_most=3) and draft.asked is not Question.WHAT)
    if heard.command == "skip" or skips:
        return _skip(draft, heard)
    if heard.command in ("submit", "done"):
        return _not_understood(draft)  # neither a name nor a place
    corrected = correcting.other_answer(draft, heard)
    if corrected is not None:
        return Step(corrected.draft, (*corrected.says, _again(corrected.draft or draft)))
    if draft.trail and heard.means("correct_previous", at_most=8, sure=_SURE_OF_CORRECTION):
        draft = draft.put_right(asked=Question.CORRECT)
        return Step(draft, (ask(draft),))
    return None


def _cancels(heard: Heard) -> bool:
    """Whether the complaint is to be dropped: nothing of it is left then, so a mere likeness is not enough."""
    if heard.command is not None:
        return heard.command == "cancel"
    return heard.means("cancel", sure=_SURE_OF_CANCEL)


def _free(draft: Draft, heard: Heard) -> Step:
    aside = interrupting.find(draft, heard)
    if aside is not None:
        return _aside(draft, aside)
    further = _further(draft, heard)
    if further is not None:
        return further
    taken = free(draft, heard)
    if taken is not None:
        return _settle(draft, taken, heard)
    return _not_understood(draft)


def _aside_or_again(draft: Draft, heard: Heard) -> Step:
    if _cancels(heard):
        return Step(None, (say("utter_form_dropped"),))
    aside = interrupting.find(draft, heard)
    return _aside(draft, aside) if aside is not None else _not_understood(draft)


def _aside(draft: Draft, aside: Aside) -> Step:
    return Step(draft, (_again(draft),) if aside.then_ask else aside.last, aside)


def _again(draft: Draft) -> Say:
    return ask(draft)


def _not_understood(draft: Draft) -> Step:
    draft = draft.put_right(failures=draft.failures + 1)
    return Step(draft, (say("utter_form_not_understood"), ask(draft)))


def _settle(before: Draft, taken: Taken, heard: Heard) -> Step:
    """Go on behind an answer, or stay with the question."""
    if taken.draft is None or not taken.done:
        return Step(taken.draft, taken.says, effect=taken.effect)
    draft = taken.draft
    if before.asked in (Question.WHAT, Question.CATEGORY):
        draft = harvest(draft, draft.what, heard)
    if before.asked is Question.WHAT and draft.category is None:
        draft = _sorted(draft, heard)
    if before.asked is not None and before.asked is not Question.CONSENT:
        draft = draft.put_right(trail=(*draft.trail, before.asked))
    step = _go_on(draft, replace(heard, consent=heard.consent or taken.effect is Effect.GIVE_CONSENT))
    return replace(step, says=(*taken.says, *step.says), effect=taken.effect)


def _sorted(draft: Draft, heard: Heard) -> Draft:
    """The complaint with the category and the place that its story speaks for, and what else it complains about."""
    found = complaints(draft.what, heard.intent)
    draft = draft.put_right(guess=found[0].category, waiting=waiting_of(found)[:MAX_WAITING])
    if len(found) > 1:
        draft = draft.put_right(what=found[0].text)
    return placed(draft, draft.what, heard)


def _go_on(draft: Draft, heard: Heard) -> Step:
    question = draft.next_question(consent=heard.consent)
    first = question is not Question.CONSENT and not draft.introduced
    put = draft.put + (question is not Question.CONSENT)
    draft = draft.put_right(asked=question, half=False, failures=0, put=put, introduced=draft.introduced or first)
    intro = (say("utter_form_intro"),) if first else ()
    return Step(draft, (*intro, *_two(draft), ask(draft)))


def _two(draft: Draft) -> tuple[Say, ...]:
    """That there is a second complaint, once, when the first one's category is asked about."""
    if draft.asked is not Question.CATEGORY or not draft.waiting or draft.trail[:-1]:
        return ()
    return (say("utter_form_two", category=category_title(draft.waiting[0].category, draft.language)),)


def _skip(draft: Draft, heard: Heard) -> Step:
    """Leave a question out, if that can be."""
    question = draft.asked or Question.CHECK
    required = question in _REQUIRED or (question is Question.PLACE and not draft.half and not draft.failures)
    if required:
        draft = draft.put_right(failures=draft.failures + 1)
        return Step(draft, (say(f"utter_form_needed_{question.value}"), ask(draft)))
    return _settle(draft, Taken(draft.put_right(states=()).settle(question)), heard)


def _back(draft: Draft) -> Step:
    """The question before, again."""
    if not draft.trail:
        return Step(draft, (say("utter_form_no_way_back"), ask(draft)))
    question = draft.trail[-1]
    draft = reopened(draft.put_right(trail=draft.trail[:-1]), question)
    return Step(draft, (ask(draft),))


def reopened(draft: Draft, question: Question) -> Draft:
    """The complaint with a question that is put again, its answers taken out."""
    draft = draft.unsettle(question).put_right(asked=question, half=False, failures=0)
    emptied: dict[Question, dict[str, object]] = {
        Question.CATEGORY: {"listing": True},
        Question.WHAT: {"what": "", "told": False},
        Question.AGAINST: {"against_name": None},
        Question.MONEY: {"amount": None, "since": None},
        Question.WHO: {"enterprise": None, "udyam": None},
        Question.PLACE: {"pincode": None, "district": None, "state": None, "states": ()},
        Question.FILES: {"files": ()},
    }
    return draft.put_right(**emptied.get(question, {}))


# --- files ------------------------------------------------------------------------------------------------


def _with_files(draft: Draft, heard: Heard) -> Step:
    """Attach what came; a caption is an answer too where words are awaited."""
    draft, says = correcting.attach(draft, heard.files)
    if heard.text and draft.asked is Question.WHAT:
        step = answer(draft, replace(heard, files=()))
        return replace(step, says=(*says, *step.says))
    return Step(draft, (*says, ask(draft)))


# --- resuming, the next one, old buttons ------------------------------------------------------------------


def _resumed(draft: Draft, heard: Heard) -> Step | None:
    chosen = heard.choice.choice if heard.choice and heard.choice.question == Question.RESUME else ""
    if chosen == "go_on" or heard.means("affirm"):
        return go_on(draft, heard)
    if chosen == "drop" or heard.means("deny"):
        if draft.fresh:
            return begin(replace(heard, text=draft.fresh, choice=None, intent=""), language=draft.language)
        return Step(None, (say("utter_form_dropped"),))
    if heard.text and heard.means("file_grievance", at_most=40):
        return offer_to_resume(draft, heard)
    return None


def go_on(draft: Draft, heard: Heard) -> Step:
    """Take an open complaint up where it was left."""
    paused = draft.paused if draft.asked is Question.RESUME else draft.asked
    draft = draft.put_right(asked=paused, paused=None, fresh="", failures=0)
    if paused in (None, Question.CONSENT, Question.NEXT):
        return _go_on(draft, heard)
    return Step(draft, (ask(draft),))


def _next(draft: Draft, heard: Heard) -> Step | None:
    """Whether the second complaint of a message is taken down too."""
    chosen = heard.choice.choice if heard.choice and heard.choice.draft == draft.id else ""
    if chosen == "no" or heard.means("deny"):
        return Step(None, (say("utter_form_no_more"),))
    if chosen == "yes" or heard.means("affirm"):
        guess, text = draft.guess, draft.fresh
        draft = prefill(draft.put_right(fresh="", guess=None), text, replace(heard, district=None, state=None))
        draft = draft.put_right(told=bool(draft.what))  # one clause of a longer story is enough
        return _go_on(with_name(with_category(draft, guess, text), text) if guess else draft, heard)
    return None


def _old_button(draft: Draft, heard: Heard) -> Step:
    """A button of an earlier question: what it answers is put right, and the question that stands is repeated."""
    choice = heard.choice
    if choice is None or choice.question not in (Question.CATEGORY, Question.AGAINST):
        return Step(draft, (ask(draft),))
    earlier = precise(draft.put_right(asked=Question(choice.question)), heard)
    if earlier is None or earlier.draft is None or not earlier.done:
        return Step(draft, (ask(draft),))
    draft = earlier.draft.put_right(asked=draft.asked)
    return Step(draft, (ask(draft),))


# --- the summary ------------------------------------------------------------------------------------------


def _checked(draft: Draft, heard: Heard) -> Step:
    """Submit, correct or cancel."""
    chosen = heard.choice.choice if heard.choice and heard.choice.draft in ("", draft.id) else ""
    if chosen == "cancel" or _cancels(heard):
        return Step(None, (say("utter_form_dropped"),))
    agreed = chosen == "submit" or heard.command in ("submit", "done") or heard.means("affirm")
    agreed = agreed or (heard.length <= _ADDS and wishes_to_file(heard.text))
    if draft.asked is Question.CHECK and agreed:
        if not heard.consent:
            return _go_on(draft, heard)
        return Step(draft, (), effect=Effect.FILE)
    put_right = None if chosen else _put_right(draft, heard)
    if put_right is not None:
        return put_right
    if chosen == "correct" or (not chosen and heard.means("deny", "correct_previous", at_most=3)):
        draft = draft.put_right(asked=Question.CORRECT)
        return Step(draft, (ask(draft),))
    if draft.asked is Question.CORRECT and chosen in set(Question):
        return _step_into(draft, Question(chosen))
    if heard.command == "go_back" or heard.means("go_back"):
        return _back(draft) if draft.asked is Question.CHECK else _to_check(draft)
    return _corrected(draft, heard)


def _step_into(draft: Draft, question: Question) -> Step:
    draft = reopened(draft, question)
    return Step(draft, (ask(draft),))


def _to_check(draft: Draft, *says: Say) -> Step:
    """The summary, or what is still open where the correction came before it."""
    draft = draft.put_right(asked=draft.next_question(consent=True), failures=0)
    return Step(draft, (*says, ask(draft)))


def _put_right(draft: Draft, heard: Heard) -> Step | None:
    found = correcting.any_answer(draft, heard)
    if found is None or found.draft is None:
        return None
    return _to_check(found.draft, *found.says) if found.done else Step(found.draft, found.says)


def _corrected(draft: Draft, heard: Heard) -> Step:
    named = correcting.named(heard)
    if named is not None:
        return _step_into(draft, named)
    aside = interrupting.find(draft, heard)
    if aside is not None:
        return _aside(draft, aside)
    if heard.length >= _ADDS:
        draft, _ = add_to_story(draft, heard.text)
        return _to_check(draft, say("utter_form_added"))
    return _not_understood(draft)


def _further(draft: Draft, heard: Heard) -> Step | None:
    """Another complaint in the middle of this one: noted for later."""
    if draft.asked in (Question.WHAT, Question.CATEGORY, Question.CONSENT) or heard.intent not in _COMPLAINING:
        return None
    found = complaints(heard.text, heard.intent)[0].category
    if heard.length < STORY_WORDS or heard.confidence < _SURE_OF_ANOTHER or not phrases("trouble").within(heard.text):
        return None
    if found in (None, draft.category) or len(draft.waiting) >= MAX_WAITING:
        draft, _ = add_to_story(draft, heard.text)
        return Step(draft, (say("utter_form_added"), ask(draft)))
    draft = draft.put_right(waiting=(*draft.waiting, Waiting(category=found, text=heard.text)))
    return Step(draft, (say("utter_form_noted_for_later"), ask(draft)))


_COMPLAINING = frozenset({"file_grievance", "delayed_payment", "loan_problem", "registration_problem"})
_SURE_OF_ANOTHER = 0.6
_SURE_OF_CANCEL = 0.8
_SURE_OF_CORRECTION = 0.8
_ADDS = 6
"""So many words at the summary that are no correction add to what happened."""
