"""What the forms share: a dialogue that outlives the tracker, a repeated turn, and messages in one language."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.conversation import Turn
from actions.filing.words import Say, say
from actions.handoff import Events
from actions.ledger import GrievanceDesk, Kept, Situation
from actions.others import Others
from core.errors import Conflict
from grievances.drafts.schemas import Kind

log = structlog.get_logger(__name__)


@dataclass
class Moment:
    """One turn of a dialogue while it is being answered."""

    turn: Turn
    situation: Situation
    dispatcher: CollectingDispatcher
    tracker: Tracker
    domain: dict[str, Any]
    active: bool
    events: Events = field(default_factory=list)

    @property
    def content(self) -> dict[str, Any] | None:
        """What is kept of the dialogue; None when none is open."""
        return self.situation.draft.content if self.situation.draft else None


@dataclass(frozen=True)
class Left:
    """How a turn leaves the dialogue; without content it is over."""

    content: dict[str, Any] | None = None
    asked: str | None = None
    consent: Literal["given", "declined"] | None = None
    saved: bool = False


def utter(dispatcher: CollectingDispatcher, language: str, *says: Say, form_open: bool = False) -> None:
    """Say messages in a language; trackers keep no word of them."""
    for one in says:
        dispatcher.utter_message(**{"language": language, "private": True, "form_open": form_open, **one})


class Dialogue(Action):  # type: ignore[misc]
    """A form of Rasa whose answers lie in our database.

    Rasa's own form is overridden by an action of its name: the loop says whose turn a message is, and everything else,
    interruptions included, is decided here, so that one turn is one call, one transaction and one stored answer
    (docs/decisions/0011-forms.md).
    """

    KIND: Kind
    FORM: str

    def __init__(self, desk: GrievanceDesk, others: Others) -> None:
        self._grievances, self._others = desk, others

    def name(self) -> str:
        """Name in the domain: that of the form."""
        return self.FORM

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer the turn, or say again what it was answered before."""
        if tracker.latest_action_name not in (None, "action_listen"):
            return []  # another action has led this turn here already and said everything
        return await self.lead(dispatcher, tracker, domain)

    async def lead(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer the turn, also when another action passes it on."""
        turn = conversation.read(tracker)
        situation = await self._grievances.situation(turn, self.KIND)
        draft = situation.draft
        if draft is not None and draft.last_turn_id == turn.turn_id and draft.last_reply is not None:
            return _replay(dispatcher, draft.last_reply)
        active = (tracker.active_loop or {}).get("name") == self.FORM
        moment = Moment(turn, situation, dispatcher, tracker, domain, active)
        left = await self.answer(moment)
        events = [*moment.events, *self.loop(left, moment)]
        if left.saved:
            return events
        if left.content is not None or moment.content is not None:
            kept = Kept(left.content, left.asked, [dispatcher.messages, events], left.consent)
            try:
                await self._grievances.keep(situation, turn.turn_id, self.KIND, kept)
            except Conflict:
                log.warning("draft_changed_meanwhile", turn_id=turn.turn_id, kind=self.KIND)
                dispatcher.messages.clear()
                utter(dispatcher, turn.language, say("utter_form_again_later"))
        return events

    def loop(self, left: Left, moment: Moment) -> Events:
        """The events that open or end the form; only marks go into Rasa's slots."""
        if left.content is not None:
            return [ActiveLoop(self.FORM), SlotSet("requested_slot", left.asked)]
        if moment.active:
            # What was passed on may have opened another form.
            opened = any(event.get("event") == "active_loop" and event.get("name") for event in moment.events)
            return [] if opened else [ActiveLoop(None), SlotSet("requested_slot", None)]
        return []

    @staticmethod
    def language(moment: Moment) -> str:
        """The language in which the dialogue is led: a message of digits does not change it."""
        return str((moment.content or {}).get("language") or moment.turn.language)

    async def pass_on(self, moment: Moment, intent: str) -> None:
        """Let the action of an intent answer the turn."""
        moment.events += await self._others.answer(intent, moment.dispatcher, moment.tracker, moment.domain)

    @abstractmethod
    async def answer(self, moment: Moment) -> Left:
        """Answer the turn."""


def _replay(dispatcher: CollectingDispatcher, reply: list[Any]) -> Events:
    messages, events = reply
    dispatcher.messages.extend(messages)
    return list(events)
