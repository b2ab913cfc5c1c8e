"""The legal moves of an outbound message: forward only."""

from core.events import DeliveryState as S

_FORWARD: dict[S, frozenset[S]] = {
    S.QUEUED: frozenset({S.SENDING, S.SENT, S.DELIVERED, S.READ, S.FAILED}),
    S.SENDING: frozenset({S.QUEUED, S.SENT, S.DELIVERED, S.READ, S.FAILED, S.UNCERTAIN}),
    S.UNCERTAIN: frozenset({S.SENT, S.DELIVERED, S.READ, S.FAILED}),
    S.SENT: frozenset({S.DELIVERED, S.READ, S.FAILED}),
    S.DELIVERED: frozenset({S.READ}),
    S.READ: frozenset(),
    S.FAILED: frozenset(),
}
"""``sending`` back to ``queued`` is the one step back: the provider certainly did not accept the message. Should a
receipt come for it all the same, it proves the contrary, and the row must not be sent again."""


def may_move(current: S, target: S) -> bool:
    """Whether a row may go from one state to the other."""
    return target in _FORWARD[current]


def sources(target: S) -> list[S]:
    """The states from which a row may reach the target."""
    return [state for state, targets in _FORWARD.items() if target in targets]
