"""Actions that put the conversation into the officers' queue."""

from typing import Any, Protocol

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from core.clock import Clock
from core.db import Database
from core.errors import NotPermitted
from handoff.queue import service as queue
from handoff.queue.service import SaidPlace

log = structlog.get_logger(__name__)

Events = list[dict[str, Any]]


class OfficerDesk(Protocol):
    """The officers' queue, as far as an action knows it."""

    async def request(self, *, conversation_id: str, turn_id: str, reason: str, said: SaidPlace | None = None) -> None:
        """Ask for an officer near the place that was said; asking again changes nothing."""


class QueueDesk:
    """The real queue, in one transaction per request."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def request(self, *, conversation_id: str, turn_id: str, reason: str, said: SaidPlace | None = None) -> None:
        """Ask for an officer near the place that was said; asking again changes nothing."""
        async with self._database.transaction() as session:
            await queue.request_handover(
                session,
                conversation_id=conversation_id,
                turn_id=turn_id,
                reason=reason,
                now=self._clock.now(),
                said=said,
            )


def said_place(tracker: Tracker) -> SaidPlace | None:
    """The place that the contact named with this wish, or with the problem before it; None when there was none.

    A place in a question about schemes says where the scheme is, not where the contact is.
    """
    turn = conversation.read(tracker)
    named = {name: turn.entity(name) for name in ("pincode", "district", "state")}
    before = conversation.problem_before(tracker)
    if not any(named.values()) and before is not None:
        named = {"district": before.district, "state": before.state}
    place = SaidPlace(**{name: str(value) for name, value in named.items() if value})
    return place if place.is_known else None


async def hand_over(
    desk: OfficerDesk, dispatcher: CollectingDispatcher, tracker: Tracker, reason: str, *, first: str | None = None
) -> None:
    """Ask for an officer, then say so; when that fails, say that instead.

    Args:
        desk: The officers' queue.
        dispatcher: Takes the messages.
        tracker: The conversation.
        reason: Why, for the officers.
        first: Key of a sentence that is said before, when the request succeeded.
    """
    turn = conversation.read(tracker)
    try:
        await desk.request(
            conversation_id=turn.conversation_id, turn_id=turn.turn_id, reason=reason, said=said_place(tracker)
        )
    except NotPermitted:
        dispatcher.utter_message(response="utter_handover_consent")
        return
    except Exception as error:  # whatever went wrong, the contact must hear the truth
        log.error("handover_failed", turn_id=turn.turn_id, reason=reason, error=type(error).__name__)  # noqa: TRY400 - a trace may hold what a contact wrote
        dispatcher.utter_message(response="utter_handover_failed")
        return
    log.info("handover_requested", turn_id=turn.turn_id, reason=reason)
    if first:
        dispatcher.utter_message(response=first)
    dispatcher.utter_message(response="utter_handover_waiting")


class HandOver(Action):  # type: ignore[misc]
    """The contact asks for a person."""

    def __init__(self, desk: OfficerDesk) -> None:
        self._desk = desk

    def name(self) -> str:
        """Name in the domain."""
        return "action_hand_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Hand over."""
        await hand_over(self._desk, dispatcher, tracker, "asked")
        return []
