"""What a contact may ask about its own data: what is held, a copy, its erasure."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.conversation import Turn
from actions.dialogue import utter
from actions.filing.words import offer, say
from actions.handoff import Events
from actions.parsing.phrases import phrases
from core.errors import NotPermitted
from rights.schemas import Preview

log = structlog.get_logger(__name__)

_COPY = offer("button.copy", "/export_data")
_ERASE = offer("button.erase", "/erase_data")
_YES = offer("button.erase", '/erase_data{"confirmed":"yes"}')
_NO = offer("button.no", '/erase_data{"confirmed":"no"}')
_KEEP = offer("button.keep_data", '/erase_data{"confirmed":"no"}')


class PrivacyDesk(Protocol):
    """Contacts' rights over their data; each answer is ready to say.

    Every method raises `NotPermitted` on a channel that does not prove who listens.
    """

    async def summary(self, conversation_id: str, language: str) -> str:
        """What is held."""

    async def export(self, conversation_id: str, turn_id: str, language: str) -> str:
        """Post a link to a copy; what else is to be said, or nothing."""

    async def preview_erasure(self, conversation_id: str, language: str) -> Preview:
        """What an erasure would mean, and the question whether it shall be; or that one waits already."""

    async def erase(self, conversation_id: str, language: str) -> str:
        """Note that everything is to be erased."""

    async def cancel_erasure(self, conversation_id: str, language: str) -> str:
        """Take the request back."""


def takes_erasure_back(text: str) -> bool:
    """Whether a message says that nothing is to be erased after all."""
    return bool(text) and phrases("cancel_erasure").within(text)


class _Privacy(Action):  # type: ignore[misc]
    """Base: says what the desk says, in the contact's language, and never into a tracker."""

    def __init__(self, desk: PrivacyDesk) -> None:
        self._desk = desk

    @staticmethod
    async def tell(
        dispatcher: CollectingDispatcher,
        turn: Turn,
        key: str,
        asked: Callable[[], Awaitable[str]],
        *offers: dict[str, str],
    ) -> Events:
        """Say what the desk answers; on a channel that proves nobody, say that instead."""
        try:
            told = await asked()
        except NotPermitted:
            utter(dispatcher, turn.language, say("utter_privacy_not_here"))
            return []
        if told:
            utter(dispatcher, turn.language, say(key, *offers, told=told))
        return []


class MyData(_Privacy):
    """What is held about the contact."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_my_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Tell it, and offer a copy or the erasure."""
        turn = conversation.read(tracker)
        return await self.tell(
            dispatcher,
            turn,
            "utter_my_data",
            lambda: self._desk.summary(turn.conversation_id, turn.language),
            _COPY,
            _ERASE,
        )


class ExportData(_Privacy):
    """A copy of everything."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_export_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Have the link posted."""
        turn = conversation.read(tracker)
        return await self.tell(
            dispatcher,
            turn,
            "utter_privacy_done",
            lambda: self._desk.export(turn.conversation_id, turn.turn_id, turn.language),
        )


class EraseData(_Privacy):
    """The erasure of everything, after a question."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_erase_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ask first; note it only when the question was answered with yes."""
        turn = conversation.read(tracker)
        confirmed = turn.entity("confirmed")
        if takes_erasure_back(turn.text):
            return await self.cancel(dispatcher, turn)
        if confirmed == "yes" or turn.intent == "affirm":  # a typed "yes" to the question is passed on to here
            return await self.confirmed(dispatcher, turn)
        try:
            preview = await self._desk.preview_erasure(turn.conversation_id, turn.language)
        except NotPermitted:
            utter(dispatcher, turn.language, say("utter_privacy_not_here"))
            return []
        if confirmed == "no":
            return await self.refused(dispatcher, turn, preview)
        if preview.waits:
            utter(dispatcher, turn.language, say("utter_privacy_done", _KEEP, told=preview.told))
        else:
            utter(dispatcher, turn.language, say("utter_erase_ask", _YES, _NO, told=preview.told))
        return []

    async def refused(self, dispatcher: CollectingDispatcher, turn: Turn, preview: Preview) -> Events:
        """Nothing is erased: a "no" that comes after the "yes" takes that back."""
        if preview.waits:
            return await self.cancel(dispatcher, turn)
        utter(dispatcher, turn.language, say("utter_erase_kept"))
        return []

    async def confirmed(self, dispatcher: CollectingDispatcher, turn: Turn) -> Events:
        """Note the erasure."""
        log.info("erasure_asked", turn_id=turn.turn_id)
        return await self.tell(
            dispatcher,
            turn,
            "utter_privacy_done",
            lambda: self._desk.erase(turn.conversation_id, turn.language),
            _KEEP,
        )

    async def cancel(self, dispatcher: CollectingDispatcher, turn: Turn) -> Events:
        """Take the request back."""
        return await self.tell(
            dispatcher,
            turn,
            "utter_privacy_done",
            lambda: self._desk.cancel_erasure(turn.conversation_id, turn.language),
        )
