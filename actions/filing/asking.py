"""The questions of the form as messages with their buttons."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from actions.filing.draft import ANSWERS, Draft, Question
from actions.filing.words import Say, offer, press, say
from core.i18n import sentence
from grievances.categories import all_categories
from grievances.schemas import Against
from handoff.control_rooms import service as control_rooms

SKIP = offer("button.skip", "/skip")
_SUMMARY_STORY = 300
_LOCALES = {"en": "en_IN", "hi": "hi", "hi-Latn": "en_IN"}
# Which button of the list of corrections stands for which question.
FIELDS = {question: f"button.field_{question.value}" for question in ANSWERS}


def day(moment: date, language: str) -> str:
    """A day as it is written in a language."""
    return str(format_date(moment, "d MMMM y", locale=_LOCALES.get(language, "en_IN")))


def rupees(amount: int) -> str:
    """An amount with its digits grouped as in India."""
    return str(format_decimal(amount, locale="en_IN"))


def category_title(category: str | None, language: str) -> str:
    """What a category is called."""
    return sentence("ledger", f"category.{category or 'other'}", language)


def _listed(title: str, payload: str) -> dict[str, str]:
    """A choice of a list, by its own words."""
    return {"label": title, "payload": payload}


def state_name(code: str | None, language: str) -> str:
    """What a State is called."""
    state = control_rooms.states().get(code or "")
    if state is None:
        return code or ""
    return state.name_hi if language == "hi" else state.name


def ask(draft: Draft) -> Say:
    """The question that stands."""
    question = draft.asked or Question.CHECK
    return _ASKS[question](draft)


def _consent(_: Draft) -> Say:
    agree = offer("button.agree", press(Question.CONSENT, "agree", consents=True))
    return say("utter_form_consent", agree, offer("button.decline", "gateway:consent_decline"))


def _category(draft: Draft) -> Say:
    if draft.guess and not draft.listing:
        yes = offer("button.yes", press(Question.CATEGORY, draft.guess))
        other = offer("button.something_else", press(Question.CATEGORY, "list"))
        return say("utter_form_category_guess", yes, other, category=category_title(draft.guess, draft.language))
    titles = {one: category_title(one, draft.language) for one in all_categories()}
    return say(
        "utter_form_category_list",
        *(_listed(title, press(Question.CATEGORY, one)) for one, title in titles.items()),
    )


def _what(draft: Draft) -> Say:
    return say("utter_form_what_more" if draft.what else "utter_form_what")


def _against(draft: Draft) -> Say:
    if draft.against is None:
        kinds = [
            _listed(sentence("ledger", f"against.{kind.value}", draft.language), press(Question.AGAINST, kind.value))
            for kind in Against
        ]
        return say("utter_form_against", *kinds)
    return say(f"utter_form_against_{draft.against.value}", SKIP)


def _money(draft: Draft) -> Say:
    if draft.lacks_amount and draft.lacks_day:
        return say("utter_form_amount_and_day", SKIP)
    if draft.lacks_amount or draft.since is not None or not draft.asks("happened_on"):
        return say("utter_form_amount", SKIP)
    return say("utter_form_day", SKIP)


def _who(draft: Draft) -> Say:
    if draft.enterprise is None and draft.udyam is None:
        return say("utter_form_enterprise_and_udyam", SKIP)
    return say("utter_form_udyam" if draft.udyam is None else "utter_form_enterprise", SKIP)


def _place(draft: Draft) -> Say:
    if draft.states:
        states = [_listed(state_name(code, draft.language), press(Question.PLACE, code)) for code in draft.states]
        return say("utter_form_which_state", *states, district=draft.district)
    if draft.half:
        return say("utter_form_district", SKIP, state=state_name(draft.state, draft.language))
    return say("utter_form_place")


def _files(draft: Draft) -> Say:
    done = offer("button.done", press(Question.FILES, "done"))
    if draft.files:
        return say("utter_form_files_more", done, count=len(draft.files))
    return say("utter_form_files", done)


def _check(draft: Draft) -> Say:
    return say(
        "utter_form_check",
        offer("button.submit", press(Question.CHECK, "submit", draft.id)),
        offer("button.correct", press(Question.CHECK, "correct", draft.id)),
        offer("button.cancel", press(Question.CHECK, "cancel", draft.id)),
        summary=summary(draft),
    )


def _correct(_: Draft) -> Say:
    return say(
        "utter_form_correct",
        *(offer(title, press(Question.CORRECT, question.value)) for question, title in FIELDS.items()),
    )


def _next(draft: Draft) -> Say:
    yes = offer("button.yes", press(Question.NEXT, "yes", draft.id))
    no = offer("button.no", press(Question.NEXT, "no", draft.id))
    return say("utter_form_next", yes, no, category=category_title(draft.guess, draft.language))


def resume(draft: Draft, started: date) -> Say:
    """The offer to go on with a complaint that was left."""
    go_on = offer("button.go_on", press(Question.RESUME, "go_on"))
    drop = offer("button.drop", press(Question.RESUME, "drop"))
    about = draft.category or draft.guess or "other"
    return say(
        "utter_form_resume",
        go_on,
        drop,
        started=day(started, draft.language),
        category=category_title(about, draft.language),
    )


def _resume(draft: Draft) -> Say:
    return resume(draft, draft.started)


_ASKS = {
    Question.RESUME: _resume,
    Question.CONSENT: _consent,
    Question.CATEGORY: _category,
    Question.WHAT: _what,
    Question.AGAINST: _against,
    Question.MONEY: _money,
    Question.WHO: _who,
    Question.PLACE: _place,
    Question.FILES: _files,
    Question.CHECK: _check,
    Question.CORRECT: _correct,
    Question.NEXT: _next,
}


def summary(draft: Draft) -> str:
    """Everything that was answered, a line each."""
    story = draft.what if len(draft.what) <= _SUMMARY_STORY else draft.what[: _SUMMARY_STORY - 1].rstrip() + "…"
    place = ", ".join(part for part in (draft.pincode, draft.district, state_name(draft.state, draft.language)) if part)
    lines = {
        "category": category_title(draft.category, draft.language),
        "what": story,
        "against": _against_line(draft),
        "amount": rupees(draft.amount) if draft.amount else "",
        "since": day(draft.since, draft.language) if draft.since else "",
        "enterprise": draft.enterprise or "",
        "udyam": draft.udyam or "",
        "place": place,
        "files": str(len(draft.files)) if draft.files else "",
    }
    return "\n".join(
        sentence("bot", f"summary.{name}", draft.language, value=value) for name, value in lines.items() if value
    )


def _against_line(draft: Draft) -> str:
    kind = sentence("ledger", f"against.{draft.against.value}", draft.language) if draft.against else ""
    return ": ".join(part for part in (kind, draft.against_name) if part)
