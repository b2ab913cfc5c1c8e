"""Named points at which a test may kill the process, as a power cut would."""

import os
import signal

POINTS = ("after_accept", "after_bot", "before_send", "after_send", "before_receipt")
_armed: dict[str, int] = {}


def arm(spec: str) -> None:
    """Arm a point: ``after_send`` or ``after_send:3`` (at the third passing); an empty text arms nothing.

    Raises:
        ValueError: There is no such point.
    """
    if not spec:
        return
    name, _, count = spec.partition(":")
    if name not in POINTS:
        raise ValueError(f"crash point: expected one of {', '.join(POINTS)}")
    _armed[name] = int(count or 1)


def point(name: str) -> None:
    """Die here if the point is armed and this is the passing it was armed for."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
