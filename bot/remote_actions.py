"""Two repairs of how Rasa calls the action server, made once when our input channel is loaded."""

import functools
import logging
from typing import Any, Dict

from jsonschema import Draft7Validator
from rasa.core.actions.action import RemoteAction

from bot.turn import current_turn

logger = logging.getLogger(__name__)


def install() -> None:
    """Check answers with one prepared validator, and remember failed actions in the turn.

    Rasa builds and re-checks its own schema on every call (about 20 ms), and it swallows the exception of an action
    that could not be run, which would look like silence on purpose.
    """
    if getattr(RemoteAction, "_repaired_by_sahayak", False):
        return
    validator = Draft7Validator(RemoteAction.action_response_format_spec())
    run = RemoteAction.run

    def validate(self: RemoteAction, result: Dict[str, Any]) -> bool:
        validator.validate(result)
        return True

    @functools.wraps(run)
    async def run_and_remember(self: RemoteAction, *args: Any, **kwargs: Any) -> Any:
        try:
            return await run(self, *args, **kwargs)
        except Exception:
            turn = current_turn.get()
            if turn is not None:
                turn.failures.append(self.name())
            raise

    RemoteAction._validate_action_result = validate  # noqa: SLF001 - Rasa offers no other door
    RemoteAction.run = run_and_remember
    RemoteAction._repaired_by_sahayak = True  # noqa: SLF001
