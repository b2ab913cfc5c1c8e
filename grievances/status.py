"""Which moves a grievance may make, and who may make them."""

from enum import StrEnum

from core.errors import Conflict, NotPermitted
from grievances.schemas import ActorKind, Kind, Level, Status


class Move(StrEnum):
    """What can be done with a grievance."""

    ATTEND = "attend"
    NOTE = "note"
    REPLY = "reply"
    INTERIM = "interim"
    TRANSFER = "transfer"
    ESCALATE = "escalate"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    APPEAL = "appeal"
    ASK_FEEDBACK = "ask_feedback"
    FEEDBACK = "feedback"
    MERGE = "merge"
    ABSORB = "absorb"
    LINK = "link"
    ATTACH = "attach"
    REGISTER = "register"
    REMIND = "remind"
    BREACH = "breach"
    ERASE = "erase"


OPEN = frozenset({Status.FILED, Status.ATTENDED, Status.REOPENED, Status.APPEALED})
"""Somebody still owes an answer."""

KIND_OF = {
    Move.ATTEND: Kind.ATTENDED,
    Move.NOTE: Kind.NOTED,
    Move.REPLY: Kind.REPLIED,
    Move.INTERIM: Kind.INTERIM,
    Move.TRANSFER: Kind.TRANSFERRED,
    Move.ESCALATE: Kind.ESCALATED,
    Move.CLOSE: Kind.CLOSED,
    Move.WITHDRAW: Kind.WITHDRAWN,
    Move.REOPEN: Kind.REOPENED,
    Move.APPEAL: Kind.APPEALED,
    Move.ASK_FEEDBACK: Kind.FEEDBACK_ASKED,
    Move.FEEDBACK: Kind.FEEDBACK,
    Move.MERGE: Kind.MERGED,
    Move.ABSORB: Kind.ABSORBED,
    Move.LINK: Kind.LINKED,
    Move.ATTACH: Kind.ATTACHED,
    Move.REGISTER: Kind.REGISTERED,
    Move.REMIND: Kind.REMINDED,
    Move.BREACH: Kind.BREACHED,
    Move.ERASE: Kind.ERASED,
}
"""The event that a move writes."""

_STAY_WHILE_OPEN = (
    Move.NOTE, Move.TRANSFER, Move.ESCALATE, Move.LINK, Move.ATTACH, Move.REMIND, Move.BREACH, Move.ABSORB,
)  # fmt: skip
_STAY_WHEN_CLOSED = (Move.NOTE, Move.LINK, Move.ABSORB, Move.ASK_FEEDBACK, Move.FEEDBACK)
_STAY_ALWAYS = (Move.REGISTER, Move.ERASE)
_MOVES: dict[tuple[Status, Move], Status] = {
    **{(status, move): status for status in OPEN for move in _STAY_WHILE_OPEN},
    **{(Status.CLOSED, move): Status.CLOSED for move in _STAY_WHEN_CLOSED},
    **{(status, move): status for status in Status for move in _STAY_ALWAYS},
    **{(status, Move.ATTEND): Status.ATTENDED for status in OPEN - {Status.ATTENDED}},
    # Whoever answers has attended.
    **{(status, move): Status.ATTENDED for status in OPEN for move in (Move.REPLY, Move.INTERIM)},
    **{(status, move): Status.CLOSED for status in OPEN for move in (Move.CLOSE, Move.WITHDRAW)},
    **{(status, Move.MERGE): Status.MERGED for status in OPEN},
    (Status.CLOSED, Move.REOPEN): Status.REOPENED,
    (Status.CLOSED, Move.APPEAL): Status.APPEALED,
    (Status.MERGED, Move.NOTE): Status.MERGED,
}

_OFFICER = frozenset({ActorKind.OFFICER})
_CONTACT = frozenset({ActorKind.CONTACT})
_SYSTEM = frozenset({ActorKind.SYSTEM})
_MAKERS: dict[Move, frozenset[ActorKind]] = {
    Move.ATTEND: _OFFICER,
    Move.NOTE: _OFFICER,
    Move.REPLY: _OFFICER,
    Move.INTERIM: _OFFICER,
    Move.TRANSFER: _OFFICER,
    Move.ESCALATE: _OFFICER | _SYSTEM,
    Move.CLOSE: _OFFICER,
    # Nobody withdraws for the contact, so that no officer can rid himself of a grievance in that way.
    Move.WITHDRAW: _CONTACT,
    Move.REOPEN: _CONTACT | _OFFICER,
    Move.APPEAL: _CONTACT | _OFFICER | _SYSTEM,
    Move.ASK_FEEDBACK: _SYSTEM,
    Move.FEEDBACK: _CONTACT,
    Move.MERGE: _OFFICER,
    Move.ABSORB: _OFFICER,
    Move.LINK: _OFFICER,
    Move.ATTACH: _CONTACT | _OFFICER,
    Move.REGISTER: _OFFICER | _SYSTEM,
    Move.REMIND: _SYSTEM,
    Move.BREACH: _SYSTEM,
    Move.ERASE: _CONTACT | _SYSTEM,
}

_LEVELS = tuple(Level)


def after(status: Status, move: Move) -> Status:
    """The status that the move leads to.

    Raises:
        Conflict: The move is not legal in this status.
    """
    try:
        return _MOVES[(status, move)]
    except KeyError:
        raise Conflict(f"a grievance that is {status} cannot {move}") from None


def legal(status: Status) -> frozenset[Move]:
    """The moves that are legal in this status."""
    return frozenset(move for at, move in _MOVES if at is status)


def check_maker(move: Move, kind: ActorKind) -> None:
    """Check who makes the move.

    Raises:
        NotPermitted: It is not theirs to make.
    """
    if kind not in _MAKERS[move]:
        raise NotPermitted(f"{kind} may not {move}")


def level_above(level: Level) -> Level:
    """The next level up.

    Raises:
        Conflict: There is none.
    """
    place = _LEVELS.index(level) + 1
    if place == len(_LEVELS):
        raise Conflict(f"there is no level above {level}")
    return _LEVELS[place]
