"""What officers type into the forms of a grievance, and why a form was refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import regex
from fastapi import Form

from core.errors import InvalidInput
from grievances.schemas import Decision, GrievanceView, Level, MoveDetails, Outcome, Status
from grievances.status import Move, legal

MOVES = (
    Move.ATTEND,
    Move.REPLY,
    Move.INTERIM,
    Move.CLOSE,
    Move.NOTE,
    Move.TRANSFER,
    Move.ESCALATE,
    Move.MERGE,
    Move.LINK,
    Move.REOPEN,
    Move.APPEAL,
)
"""What officers do on a grievance's page, in the order in which it is offered."""
LONGEST_TEXT = 4000
_CONTROL = regex.compile(r"[^\P{C}\n\t\u200c\u200d]")
_KNOWN = frozenset({"text", "until", "outcome", "ground", "to_room", "into", "other", "decision"})


@dataclass(frozen=True)
class Typed:
    """A form as it was sent; it is shown again when it is refused."""

    key: str = ""
    version: int | None = None
    text: str = ""
    until: str = ""
    outcome: str = ""
    ground: str = ""
    to_room: str = ""
    into: str = ""
    other: str = ""
    decision: str = ""


def typed(
    key: Annotated[str, Form(max_length=26)] = "",
    version: Annotated[int | None, Form()] = None,
    text: Annotated[str, Form()] = "",
    until: Annotated[str, Form(max_length=10)] = "",
    outcome: Annotated[str, Form(max_length=40)] = "",
    ground: Annotated[str, Form(max_length=40)] = "",
    to_room: Annotated[str, Form(max_length=64)] = "",
    into: Annotated[str, Form(max_length=26)] = "",
    other: Annotated[str, Form(max_length=40)] = "",
    decision: Annotated[str, Form(max_length=20)] = "",
) -> Typed:
    """The form that was sent."""
    return Typed(key, version, text, until, outcome, ground, to_room, into, other, decision)


@dataclass(frozen=True)
class Refused:
    """A form that was refused: what was typed, and why in words; `changes` say who was faster."""

    move: Move
    typed: Typed
    problem: str
    field: str = ""
    changes: tuple[str, ...] = ()


def clean(text: str) -> str:
    """What was typed, with plain line breaks and without control characters but joiners."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def details(move: Move, form: Typed) -> MoveDetails:
    """What the ledger needs for a move besides its text; the other grievance of a link is for the caller to find.

    Raises:
        InvalidInput: A field cannot be read; names it.
    """
    found = MoveDetails(turn_id=f"o{form.key}")
    if form.version is not None:
        found["version"] = form.version
    read = _READ.get(move)
    if read is not None:
        read(form, found)
    return found


def _interim(form: Typed, found: MoveDetails) -> None:
    try:
        found["until"] = date.fromisoformat(form.until)
    except ValueError:
        raise InvalidInput("until", "a day such as 2026-11-30") from None


def _close(form: Typed, found: MoveDetails) -> None:
    if form.outcome not in set(Outcome):
        raise InvalidInput("outcome", "one of " + ", ".join(Outcome))
    found["outcome"] = Outcome(form.outcome)
    if form.ground:
        found["ground"] = form.ground


def _transfer(form: Typed, found: MoveDetails) -> None:
    found["to_room"] = form.to_room


def _merge(form: Typed, found: MoveDetails) -> None:
    if not form.into:
        raise InvalidInput("into", "another grievance")
    found["into"] = form.into


def _link(form: Typed, found: MoveDetails) -> None:
    if form.decision not in set(Decision):
        raise InvalidInput("decision", "one of " + ", ".join(Decision))
    found["decision"] = Decision(form.decision)


_READ: dict[Move, Callable[[Typed, MoveDetails], None]] = {
    Move.INTERIM: _interim,
    Move.CLOSE: _close,
    Move.TRANSFER: _transfer,
    Move.MERGE: _merge,
    Move.LINK: _link,
}


def problem_of(move: Move, field: str) -> str:
    """The key of the sentence that says what is wrong with a field."""
    if field == "text" and move is Move.CLOSE:
        return "refused_reasons"
    field = "other" if field == "reference" else field
    return f"refused_{field}" if field in _KNOWN else "refused_form"


def offered(view: GrievanceView, now: datetime, *, has_others: bool) -> tuple[Move, ...]:
    """The moves that an officer can make now, in order; the ledger refuses the others all the same.

    Args:
        view: The grievance.
        now: When.
        has_others: Whether the contact has another grievance that this one could be merged into.
    """
    shut = set()
    top = view.level is Level.APPELLATE
    late = view.appeal_until is None or now > view.appeal_until
    if top:
        shut |= {Move.ESCALATE, Move.APPEAL}
    if not has_others:
        shut.add(Move.MERGE)
    if view.status is Status.CLOSED:
        if late:
            shut |= {Move.REOPEN, Move.APPEAL}
        if view.cpgrams_number is not None:
            shut.add(Move.REOPEN)
        if view.outcome is Outcome.WITHDRAWN:
            shut.add(Move.APPEAL)
    possible = legal(view.status) - shut
    return tuple(move for move in MOVES if move in possible)
