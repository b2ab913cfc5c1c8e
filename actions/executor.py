"""Runs actions so that nothing a contact wrote can leak through an error, and an error is said politely."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection, ActionMissingDomainException

log = structlog.get_logger(__name__)


After = Callable[[dict[str, Any], ActionExecutorRunResult], Awaitable[None]]
"""Adds to what an action answers: takes Rasa's call and the result."""


class CarefulExecutor(ActionExecutor):  # type: ignore[misc]
    """Answers `utter_technical_problem` where an action raises.

    The SDK's own answer to an exception carries the whole tracker, and Rasa logs it.

    Args:
        after: Adds to what actions answer.
    """

    def __init__(self, after: After | None = None) -> None:
        super().__init__()
        self._after = after

    async def run(
        self,
        action_call: dict[str, Any],
        sink: "asyncio.Queue[Any] | None" = None,
        dispatcher: CollectingDispatcher | None = None,
    ) -> ActionExecutorRunResult | None:
        """Run an action; rejections pass, everything else becomes a sentence."""
        try:
            result = await super().run(action_call, sink, dispatcher)
            if result is not None and self._after is not None:
                await self._after(action_call, result)
            return result
        except (ActionExecutionRejection, ActionMissingDomainException):
            raise
        except Exception as error:  # the contact must get an answer whatever happened
            message = (action_call.get("tracker") or {}).get("latest_message") or {}
            log.error(  # noqa: TRY400 - a trace may hold what a contact wrote
                "action_failed",
                action=action_call.get("next_action"),
                turn_id=(message.get("metadata") or {}).get("turn_id"),
                error=type(error).__name__,
                place=_place(error),
            )
            problem = CollectingDispatcher()
            problem.utter_message(response="utter_technical_problem")
            return ActionExecutorRunResult(events=[], responses=problem.messages)


def _place(error: BaseException) -> str:
    """File and line of an error; its message may hold what a contact wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
