"""What is known about the turn in progress: carried beside Rasa's own objects, for the channel and the logs."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import List, Optional


@dataclass
class Turn:
    """One request of the gateway while it is being answered."""

    turn_id: str
    failures: List[str] = field(default_factory=list)
    """Names of actions that could not be run: Rasa itself only logs them and goes on."""
    language: Optional[str] = None
    """The language in which this turn was answered."""
    language_fixed: Optional[bool] = None
    """Set when this turn fixed the language."""
    events: int = 0
    """How long the tracker had grown when the last sentence was made."""
    form_open: bool = False
    """Whether the last sentence leaves a form open, so that the session must go on."""


current_turn: ContextVar[Optional[Turn]] = ContextVar("current_turn", default=None)
