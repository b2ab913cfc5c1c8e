"""How an answer is read: first what can be nothing else, later what can be anything, such as a name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import regex

from actions.filing.asking import SKIP, ask
from actions.filing.draft import ENOUGH_WORDS, MAX_NAME, MAX_STORY, Draft, Question
from actions.filing.words import Heard, Say, say
from actions.parsing import amounts, dates, places
from actions.parsing.corrections import behind_negation, without_negated
from actions.parsing.identifiers import Trouble as NumberTrouble
from actions.parsing.identifiers import find_udyam, has_figures
from actions.parsing.text import has_words, kept, listed, plain, words
from actions.parsing.topics import guess_against, guess_category, says_unknown
from grievances.categories import all_categories
from grievances.schemas import Against
from handoff.control_rooms import service as control_rooms

_PATIENCE = 2
"""So often a place is asked for before it is taken as it was written."""
_LEAST_WORDS = 4
_UNSORTED = "other"
_OWN_WINS = frozenset({"delayed_payment", "credit", "udyam"})
"""Categories that say themselves whom a complaint is against."""
_LEAD = regex.compile(
    r"^(?:(?:mer[aie]|hamar[aie]|my|our|the|मेर[ाीे]|हमार[ाीे])\s+)?(?:(?:enterprise|firm|business|company|unit|udyam|dukan|shop|"
    r"buyer|bank|party|फर्म|दुकान|कंपनी|उद्यम)\s+)?(?:ka\s+|का\s+|'s\s+)?(?:naam|nam|name|नाम)\s*(?:is|hai|h|है)?\s*[:=\-]?\s+",
    regex.IGNORECASE,
)
_COPULA = regex.compile(r"^(?:is|are|hai|h|है)\s+", regex.IGNORECASE)
_TAIL = regex.compile(
    r"(?:\s+(?:hai|h|है|he|ke (?:paas|pas)|ke khilaf|ki taraf se|ne|के पास|के खिलाफ|के ख़िलाफ़|ने)\s*[.।]?)+$",
    regex.IGNORECASE,
)
_AROUND_FIGURES = listed(
    "since from se ka ki ke hai h hain about around lagbhag kareeb से का की है लगभग करीब rs rupaye and aur और"
)
_EDGES = " \t\n,.;:-–—/()[]{}।"


class Effect(StrEnum):
    """What has to be done beside keeping the draft."""

    GIVE_CONSENT = "give_consent"
    DECLINE_CONSENT = "decline_consent"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer.

    Attributes:
        draft: The complaint afterwards; None when it is dropped.
        says: What is said about it.
        done: Whether the question is answered, so that the next one follows.
        effect: What has to be done.
    """

    draft: Draft | None
    says: tuple[Say, ...] = ()
    done: bool = True
    effect: Effect | None = None


def refuse(draft: Draft, key: str, *offers: dict[str, str]) -> Taken:
    """The answer cannot be used: say what is expected."""
    return Taken(draft.put_right(failures=draft.failures + 1), (say(key, *offers),), done=False)


def precise(draft: Draft, heard: Heard) -> Taken | None:
    """Read an answer that can be nothing else; None when this is none."""
    reader = _PRECISE.get(draft.asked or Question.CHECK)
    return reader(draft, heard) if reader else None


def free(draft: Draft, heard: Heard) -> Taken | None:
    """Read an answer in free words; None where none is expected."""
    reader = _FREE.get(draft.asked or Question.CHECK)
    return reader(draft, heard) if reader and has_words(heard.text) else None


def _chosen(draft: Draft, heard: Heard) -> str | None:
    """The button of the question that stands."""
    choice = heard.choice
    return choice.choice if choice is not None and choice.question == draft.asked else None


# --- category ---------------------------------------------------------------------------------------------


def with_category(draft: Draft, category: str, text: str = "") -> Draft:
    """The complaint with its category, and whom it is therefore against."""
    draft = draft.put_right(category=category, guess=None, listing=False)
    usual = draft.kind.against if draft.kind else None
    named = guess_against(text or draft.what)
    against = Against(named) if named and (category not in _OWN_WINS or usual is None) else usual
    if against is None or (draft.against is not None and Question.AGAINST in draft.settled):
        return draft
    return draft.put_right(against=against)


def _take_category(draft: Draft, heard: Heard) -> Taken | None:
    chosen = _chosen(draft, heard)
    confirming = draft.guess is not None and not draft.listing
    if chosen in all_categories():
        return Taken(with_category(draft, chosen or ""))
    if confirming and heard.means("affirm"):
        return Taken(with_category(draft, draft.guess or ""))
    if chosen == "list" or (confirming and heard.means("deny", at_most=3)):
        draft = draft.put_right(listing=True)
        return Taken(draft, (ask(draft),), done=False)
    return None


def _free_category(draft: Draft, heard: Heard) -> Taken | None:
    guess = guess_category(heard.text, heard.intent)
    if guess is None and draft.failures >= _PATIENCE:  # better the wrong shelf than no complaint: an officer moves it
        return Taken(with_category(draft, _UNSORTED), (say("utter_form_left_open"),))
    if guess is None:
        draft = draft.put_right(listing=True, failures=draft.failures + 1)
        return Taken(draft, (say("utter_form_not_understood"), ask(draft)), done=False)
    if heard.length >= _LEAST_WORDS:
        draft = add_to_story(draft, heard.text)[0]
        draft = draft.put_right(told=draft.told or heard.length >= ENOUGH_WORDS)
    return Taken(with_category(draft, guess, heard.text))


# --- what happened ----------------------------------------------------------------------------------------


def add_to_story(draft: Draft, text: str) -> tuple[Draft, bool]:
    """Add words to what happened; says also whether some of them had to be left out."""
    story, cut = kept(f"{draft.what}\n{text}", MAX_STORY)
    return draft.put_right(what=story), cut


def _take_what(draft: Draft, heard: Heard) -> Taken | None:
    """A bare "yes" or "nothing more" behind a story that was begun: it was the whole story."""
    over = heard.means("affirm", "deny", at_most=3) or heard.command in ("done", "submit")
    return Taken(draft.put_right(told=True)) if over and draft.what else None


def _free_what(draft: Draft, heard: Heard) -> Taken | None:
    draft, cut = add_to_story(draft, heard.text)
    if len(plain(draft.what).split()) < _LEAST_WORDS and not draft.failures:
        return refuse(draft, "utter_form_what_more")
    says = (say("utter_form_shortened"),) if cut else ()
    return Taken(draft.put_right(told=True), says)


# --- against whom -----------------------------------------------------------------------------------------


def _take_against(draft: Draft, heard: Heard) -> Taken | None:
    chosen = _chosen(draft, heard)
    if chosen in set(Against):
        return Taken(draft.put_right(against=Against(chosen or "other")).settle(Question.AGAINST))
    if heard.text and says_unknown(heard.text):
        return Taken(draft.settle(Question.AGAINST))
    return None


def _only_figures(draft: Draft, heard: Heard) -> Taken | None:
    """An amount or a day where a name was asked for: it is kept, and the name asked again."""
    text = plain(heard.text)
    days = dates.find_dates(text, heard.today)
    sums = amounts.find_amounts(_without(text, days))
    rest = words(_without(_without(text, days), sums))
    if not (days or sums) or set(rest) - _AROUND_FIGURES:
        return None
    trouble = next((one.trouble for one in days if one.trouble), None)
    if trouble is not None:
        return refuse(draft, f"utter_form_day_{trouble.value}", SKIP)
    moment = next((one.day for one in days if one.day), None)
    amount = sums[0].rupees if sums else None
    draft = draft.put_right(amount=amount or draft.amount, since=moment or draft.since)
    return Taken(draft, (_kept_aside(amount=amount is not None), ask(draft)), done=False)


def _kept_aside(*, amount: bool) -> Say:
    return say("utter_form_put_right", named={"field": "field.amount" if amount else "field.since"})


def _free_against(draft: Draft, heard: Heard) -> Taken | None:
    if heard.means("affirm", at_most=3):
        return None
    figures = _only_figures(draft, heard)
    if figures is not None:
        return figures
    name = name_in(heard.text)
    kind = draft.against or Against(guess_against(heard.text) or "other")
    only_kind = draft.against is None and len(name.split()) == 1 and guess_against(name) is not None
    return Taken(draft.put_right(against=kind, against_name=None if only_kind else name).settle(Question.AGAINST))


def name_in(text: str, *, correcting: bool = False) -> str:
    """A name without "my firm's name is" around it; in a correction `A nahi, B` the second."""
    text = behind_negation(text) if correcting else plain(text)
    name = _TAIL.sub("", _COPULA.sub("", _LEAD.sub("", text))).strip(_EDGES)
    return (name or text)[:MAX_NAME].strip()


# --- how much and since when ------------------------------------------------------------------------------


def _take_money(draft: Draft, heard: Heard) -> Taken | None:
    if not heard.text:
        return None
    text = plain(heard.text)
    found = dates.find_dates(text, heard.today, asked=draft.asks("happened_on"))
    amount = amount_in(_without(text, found), bare=draft.lacks_amount) if draft.asks("amount_rupees") else None
    usable = without_negated(text, [(one.start, one.end, one) for one in found])
    trouble = next((one.trouble for one in usable if one.trouble), None)
    moment = next((one.day for one in usable if one.day), None)
    if amount is not None:
        draft = draft.put_right(amount=amount)
    if trouble is not None:
        return refuse(draft, f"utter_form_day_{trouble.value}", SKIP)
    if moment is not None:
        draft = draft.put_right(since=moment)
    if amount is None and moment is None:
        return _no_money(draft, heard)
    if (draft.lacks_amount or draft.lacks_day) and not draft.half and draft.may_ask_again:
        draft = draft.put_right(half=True, failures=0, put=draft.put + 1)
        return Taken(draft, (ask(draft),), done=False)
    return Taken(draft.settle(Question.MONEY))


def _no_money(draft: Draft, heard: Heard) -> Taken | None:
    if says_unknown(heard.text):
        return Taken(draft.settle(Question.MONEY))
    return refuse(draft, "utter_form_amount_unclear", SKIP) if has_figures(heard.text) and draft.lacks_amount else None


def _free_money(draft: Draft, heard: Heard) -> Taken | None:
    """Words without a number or a day, such as "since last Diwali"."""
    if draft.failures >= _PATIENCE:
        return Taken(draft.settle(Question.MONEY), (say("utter_form_left_open"),))
    if draft.lacks_day and draft.lacks_amount:
        return refuse(draft, "utter_form_amount_and_day_unclear", SKIP)
    return refuse(draft, "utter_form_day_unclear" if draft.lacks_day else "utter_form_amount_unclear", SKIP)


def _without(text: str, found: Sequence[dates.Found | amounts.Amount]) -> str:
    for one in reversed(found):
        text = f"{text[: one.start]} {text[one.end :]}"
    return text


def amount_in(text: str, *, bare: bool = True) -> int | None:
    """The amount of an answer; of `2 lakh nahi, 3 lakh` the second; a bare figure only where one is awaited."""
    found = amounts.find_amounts(text)
    left = without_negated(plain(text), [(one.start, one.end, one) for one in found])
    if left:
        return left[0].rupees
    return amounts.bare_amount(text) if bare else None


# --- enterprise and Udyam number --------------------------------------------------------------------------


def _take_who(draft: Draft, heard: Heard) -> Taken | None:
    if not heard.text:
        return None
    text = plain(heard.text)
    found = find_udyam(text)
    if found is None:
        unknown = says_unknown(text) or heard.means("deny", at_most=3)
        return Taken(draft.settle(Question.WHO)) if unknown else None
    rest = f"{text[: found.start]} {text[found.end :]}"
    name = name_in(regex.sub(r"(?i)\budyam\s*(?:number|no\.?|nambar)?\b", " ", rest)) if has_words(rest) else ""
    if name and draft.enterprise is None:
        draft = draft.put_right(enterprise=name)
    if found.trouble is NumberTrouble.STATE:
        return refuse(draft, "utter_form_udyam_state", SKIP)
    if found.trouble is not None:
        return refuse(draft, "utter_form_udyam_wrong", SKIP)
    return Taken(draft.put_right(udyam=found.value).settle(Question.WHO))


def _free_who(draft: Draft, heard: Heard) -> Taken | None:
    if heard.means("affirm", at_most=3):
        return None
    if draft.enterprise is not None:
        if draft.failures >= _PATIENCE:
            return Taken(draft.settle(Question.WHO), (say("utter_form_left_open"),))
        return refuse(draft, "utter_form_udyam_wrong", SKIP)
    figures = _only_figures(draft, heard)
    return figures or Taken(draft.put_right(enterprise=name_in(heard.text)).settle(Question.WHO))


# --- place ------------------------------------------------------------------------------------------------


def with_place(draft: Draft, found: places.Found) -> Draft:
    """The complaint with a place."""
    return draft.put_right(pincode=found.pincode, district=found.district, state=found.state, states=found.states)


def _take_place(draft: Draft, heard: Heard) -> Taken | None:
    chosen = _chosen(draft, heard)
    if chosen in draft.states:
        return Taken(draft.put_right(state=chosen, states=()).settle(Question.PLACE))
    if not heard.text:
        return None
    found = places.find_place(
        heard.text, control_rooms, district=heard.district, state=heard.state or draft.state, asked=True
    )
    if found.state and draft.states and found.state in draft.states:
        return Taken(draft.put_right(state=found.state, states=()).settle(Question.PLACE))
    if found.trouble is places.Trouble.WHICH_STATE:
        draft = with_place(draft, found).put_right(put=draft.put + 1)
        return Taken(draft, (ask(draft),), done=False)
    if found.trouble in (places.Trouble.ABROAD, places.Trouble.PIN_SHAPE, places.Trouble.UNKNOWN_PIN):
        return refuse(draft, f"utter_form_place_{found.trouble.value}")
    if found.trouble is not None:
        return None
    if not (found.pincode or found.district) and not draft.half and draft.state is None:
        draft = with_place(draft, found).put_right(half=True, failures=0, put=draft.put + 1)
        return Taken(draft, (ask(draft),), done=False)
    return Taken(with_place(draft, found).settle(Question.PLACE)) if found.pincode or found.district else None


def _free_place(draft: Draft, heard: Heard) -> Taken | None:
    if draft.failures < _PATIENCE - draft.half:
        return refuse(draft, "utter_form_place_unknown")
    # Better a place that an officer reads than no complaint at all; its State, if known, still routes it.
    name = plain(heard.text)[:MAX_NAME]
    return Taken(draft.put_right(district=name, states=()).settle(Question.PLACE))


# --- files, summary, corrections --------------------------------------------------------------------------


def _take_files(draft: Draft, heard: Heard) -> Taken | None:
    done = _chosen(draft, heard) == "done" or heard.means("affirm", "deny", "thanks", at_most=4)
    if done or heard.command in ("done", "submit", "skip") or (heard.text and says_unknown(heard.text)):
        return Taken(draft.settle(Question.FILES))
    return None


def _take_consent(draft: Draft, heard: Heard) -> Taken | None:
    if heard.consent:
        return Taken(draft)
    if _chosen(draft, heard) == "agree" or heard.means("affirm"):
        return Taken(draft, effect=Effect.GIVE_CONSENT)
    if heard.means("deny"):
        return Taken(None, (say("utter_form_needs_consent"),), effect=Effect.DECLINE_CONSENT)
    return None


_Reader = Callable[[Draft, Heard], Taken | None]
_PRECISE: dict[Question, _Reader] = {
    Question.CONSENT: _take_consent,
    Question.CATEGORY: _take_category,
    Question.WHAT: _take_what,
    Question.AGAINST: _take_against,
    Question.MONEY: _take_money,
    Question.WHO: _take_who,
    Question.PLACE: _take_place,
    Question.FILES: _take_files,
}
_FREE: dict[Question, _Reader] = {
    Question.CATEGORY: _free_category,
    Question.WHAT: _free_what,
    Question.AGAINST: _free_against,
    Question.MONEY: _free_money,
    Question.WHO: _free_who,
    Question.PLACE: _free_place,
}
