"""Putting answers right that were given before, and files that come at any time."""

from collections.abc import Iterable

from actions.filing.draft import MAX_NAME, Draft, Question
from actions.filing.taking import Taken, amount_in, name_in, with_category, with_place
from actions.filing.words import File, Heard, Say, say
from actions.parsing import dates
from actions.parsing.corrections import find_correction, without_negated
from actions.parsing.identifiers import find_udyam
from actions.parsing.places import find_place
from actions.parsing.text import has_words, plain
from actions.parsing.topics import guess_category
from grievances.attachments import MAX_FILES, TYPES
from handoff.control_rooms import service as control_rooms

_QUESTION_OF = {
    "amount": Question.MONEY,
    "since": Question.MONEY,
    "against": Question.AGAINST,
    "enterprise": Question.WHO,
    "udyam": Question.WHO,
    "place": Question.PLACE,
    "category": Question.CATEGORY,
    "what": Question.WHAT,
    "files": Question.FILES,
}


_UNMISTAKABLE = frozenset({"amount", "since", "udyam"})
"""With its name and a value, such an answer is no name or place, whether it was given before or not."""


_A_BARE_NAME = 3
"""Not more words than "firm ka naam", without the name itself."""


def named(heard: Heard) -> Question | None:
    """The question whose answer a short message names without giving another one."""
    found = find_correction(heard.text) if heard.text and heard.length <= 8 else None
    return _QUESTION_OF[found.field] if found else None


def other_answer(draft: Draft, heard: Heard) -> Taken | None:
    """A correction of another answer than the one that is asked, with the field named in it."""
    found = find_correction(heard.text) if heard.text else None
    if found is None or heard.length > 14 or _QUESTION_OF[found.field] is draft.asked:
        return None
    certain = found.field in _UNMISTAKABLE or (found.by_name and heard.length > _A_BARE_NAME)
    if not certain and heard.intent != "correct_previous" and _has_no_answer_yet(draft, found.field):
        return None
    taken = _with(draft, found.field, found.rest, heard)
    return taken if taken is not None and taken.done else None


def any_answer(draft: Draft, heard: Heard) -> Taken | None:
    """A correction at the summary: by the field's name, or by a value that can be nothing else."""
    if not heard.text:
        return None
    found = find_correction(heard.text)
    if found is not None:
        taken = _with(draft, found.field, found.rest, heard)
        if taken is not None:
            return taken
    if heard.length > 12:
        return None
    for field in ("udyam", "since", "amount", "place"):
        taken = _with(draft, field, heard.text, heard, exact=True)
        if taken is not None:
            return taken
    return None


def _has_no_answer_yet(draft: Draft, field: str) -> bool:
    values = {
        "amount": draft.amount,
        "since": draft.since,
        "against": draft.against_name,
        "enterprise": draft.enterprise,
        "udyam": draft.udyam,
        "place": draft.has_place,
        "category": draft.category,
    }
    return not values.get(field)


def _with(draft: Draft, field: str, rest: str, heard: Heard, *, exact: bool = False) -> Taken | None:
    """The complaint with another value of a field; None when there is none in the message."""
    if field == "amount":
        return _amount(draft, heard)
    if field == "since":
        return _day(draft, heard, exact=exact)
    if field == "udyam":
        return _udyam(draft, heard)
    if field == "place":
        return _place(draft, rest, heard, exact=exact)
    if field == "category":
        guess = guess_category(rest)
        return Taken(with_category(draft, guess), (_noted("category"),)) if guess else None
    if field in ("against", "enterprise") and has_words(rest) and not rest.casefold().strip().startswith("galat"):
        name = name_in(rest, correcting=True)[:MAX_NAME]
        changes: dict[str, object] = {"against_name" if field == "against" else "enterprise": name}
        return Taken(draft.put_right(**changes), (_noted(field),))
    return None


def _noted(field: str) -> Say:
    return say("utter_form_put_right", named={"field": f"field.{field}"})


def _amount(draft: Draft, heard: Heard) -> Taken | None:
    text = plain(heard.text)
    found = dates.find_dates(text, heard.today)
    amount = amount_in("".join(_outside(text, found)))
    return Taken(draft.put_right(amount=amount), (_noted("amount"),)) if amount else None


def _outside(text: str, found: list[dates.Found]) -> Iterable[str]:
    at = 0
    for one in found:
        yield text[at : one.start] + " "
        at = one.end
    yield text[at:]


def _day(draft: Draft, heard: Heard, *, exact: bool) -> Taken | None:
    text = plain(heard.text)
    found = dates.find_dates(text, heard.today, asked=not exact)
    left = without_negated(text, [(one.start, one.end, one) for one in found])
    if not left:
        return None
    if left[-1].day is None:
        trouble = left[-1].trouble or dates.Trouble.IMPOSSIBLE
        return Taken(draft, (say(f"utter_form_day_{trouble.value}"),), done=False)
    return Taken(draft.put_right(since=left[-1].day), (_noted("since"),))


def _udyam(draft: Draft, heard: Heard) -> Taken | None:
    found = find_udyam(heard.text)
    if found is None:
        return None
    if found.value is None:
        return Taken(draft, (say("utter_form_udyam_wrong"),), done=False)
    return Taken(draft.put_right(udyam=found.value), (_noted("udyam"),))


def _place(draft: Draft, rest: str, heard: Heard, *, exact: bool) -> Taken | None:
    text = rest if has_words(rest) else heard.text
    found = find_place(text, control_rooms, district=heard.district, state=heard.state, asked=not exact)
    if found.trouble is not None:
        return None
    if not (found.pincode or found.district or found.state):
        return None
    return Taken(with_place(draft, found).settle(Question.PLACE), (_noted("place"),))


def attach(draft: Draft, files: Iterable[File]) -> tuple[Draft, tuple[Say, ...]]:
    """Add files to the complaint, and say why one is not taken; the question about files says itself how many are."""
    taken = list(draft.files)
    says: list[Say] = []
    for file in files:
        trouble = _trouble(file, len(taken))
        if trouble is None:
            taken += [file.id] if file.id not in taken else []
        elif not any(one["response"] == trouble for one in says):
            says.append(say(trouble, most=MAX_FILES))
    if len(taken) > len(draft.files) and draft.asked is not Question.FILES:
        says.insert(0, say("utter_form_file_added", count=len(taken)))
    return draft.put_right(files=tuple(taken)), tuple(says)


def _trouble(file: File, have: int) -> str | None:
    if file.state == "too_large":
        return "utter_form_file_too_large"
    if file.state == "unreachable":
        return "utter_form_file_unreachable"
    if file.state != "kept" or file.content_type not in TYPES:
        return "utter_form_file_type"
    return "utter_form_file_too_many" if have >= MAX_FILES else None
