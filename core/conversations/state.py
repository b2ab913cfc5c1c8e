"""Whose turn it is in a conversation, and which moves are legal."""

from enum import StrEnum

from core.errors import Conflict


class State(StrEnum):
    """Who has the conversation."""

    BOT = "bot"
    WAITING = "waiting"
    OFFICER = "officer"
    CLOSED = "closed"


class Move(StrEnum):
    """What can happen to a conversation."""

    REQUEST_OFFICER = "request_officer"
    CLAIM = "claim"
    REQUEUE = "requeue"
    RETURN_TO_BOT = "return_to_bot"
    CLOSE = "close"


_MOVES: dict[tuple[State, Move], State] = {
    (State.BOT, Move.REQUEST_OFFICER): State.WAITING,
    (State.WAITING, Move.CLAIM): State.OFFICER,
    (State.OFFICER, Move.REQUEUE): State.WAITING,
    (State.WAITING, Move.RETURN_TO_BOT): State.BOT,
    (State.OFFICER, Move.RETURN_TO_BOT): State.BOT,
    (State.BOT, Move.CLOSE): State.CLOSED,
    (State.WAITING, Move.CLOSE): State.CLOSED,
    (State.OFFICER, Move.CLOSE): State.CLOSED,
}


def after(state: State, move: Move) -> State:
    """The state that the move leads to.

    Raises:
        Conflict: The move is not legal in this state.
    """
    try:
        return _MOVES[(state, move)]
    except KeyError:
        raise Conflict(f"a conversation in state {state} cannot {move}") from None
