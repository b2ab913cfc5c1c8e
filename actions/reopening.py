"""Reopening a grievance, appealing, and what the contact thinks of how one was dealt with."""

from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.dialogue import Dialogue, Left, Moment, utter
from actions.filing.words import offer, say
from actions.handoff import Events
from actions.ledger import GrievanceDesk, Standing
from actions.parsing.phrases import phrases
from actions.parsing.text import kept
from actions.status import prove
from core.errors import Conflict, InvalidInput, NotFound
from grievances import reference
from grievances.drafts.schemas import Kind
from grievances.schemas import Status
from grievances.status import Move

log = structlog.get_logger(__name__)

_OFFICER = offer("button.officer", "/talk_to_officer")
_FILE = offer("button.file", "/file_grievance")
_LEAST_WORDS = 4
_MOST_CHARACTERS = 4000
_MOST_OFFERED = 5
_TELLS = 8
"""So many words behind "reopen" are reasons already."""
_POOR = 1


class ReopenForm(Dialogue):
    """The contact is not satisfied with how a grievance ended: which one, and why."""

    KIND = Kind.REOPENING
    FORM = "reopen_form"

    async def answer(self, moment: Moment) -> Left:
        """Ask which, then why, then act."""
        content = moment.content or {}
        if moment.content is not None and moment.turn.intent in ("cancel", "deny", "skip", "go_back"):
            utter(moment.dispatcher, self.language(moment), say("utter_status_left"))
            return Left()
        if content.get("grievance"):
            return await self._reasons(moment, content)
        own = await self._grievances.own(moment.situation) if moment.situation.is_proven else []
        chosen = await self._chosen(moment, own, content)
        if isinstance(chosen, Left):
            return chosen
        return await self._named(moment, chosen, content) if chosen else await self._which(moment, own, content)

    async def _chosen(self, moment: Moment, own: list[Standing], content: dict[str, Any]) -> Standing | Left | None:
        """The grievance that was pressed or named; what else is asked about it; or none."""
        pressed = moment.turn.entity("grievance")
        if pressed is not None:
            return next((one for one in own if one.view.id == pressed), None)
        proof = await prove(self._grievances, moment, own, content.get("reference"))
        if proof is None:
            return None
        if proof.standing is not None:
            return proof.standing
        utter(moment.dispatcher, self.language(moment), *proof.says, form_open=True)
        if any(one["response"] == "utter_status_too_many" for one in proof.says):
            return Left()
        return Left(self._kept(moment, content, reference=proof.reference), "which")

    async def _which(self, moment: Moment, own: list[Standing], content: dict[str, Any]) -> Left:
        """No grievance is named: the only closed one, or a choice."""
        if moment.content is not None and moment.turn.intent not in ("reopen_or_appeal", "nlu_fallback"):
            await self.pass_on(moment, moment.turn.intent)
            return Left()
        language = self.language(moment)
        closed = [one for one in own if one.view.status is Status.CLOSED]
        if len(closed) == 1:
            return await self._named(moment, closed[0], content)
        if not closed and own:
            shown = reference.shown(own[0].view.reference)
            utter(moment.dispatcher, language, say("utter_reopen_open", _OFFICER, reference=shown))
            return Left()
        if not closed:
            utter(moment.dispatcher, language, say("utter_reopen_none", _FILE, _OFFICER), form_open=True)
            return Left(self._kept(moment, content), "which")
        offers = [
            {
                "label": reference.shown(one.view.reference),
                "payload": f'/reopen_or_appeal{{"grievance":"{one.view.id}"}}',
            }
            for one in closed[:_MOST_OFFERED]
        ]
        utter(moment.dispatcher, language, say("utter_reopen_which", *offers), form_open=True)
        return Left(self._kept(moment, content), "which")

    def _kept(self, moment: Moment, content: dict[str, Any], **changes: Any) -> dict[str, Any]:
        appeal = content.get("appeal") or phrases("appeal").within(moment.situation.text)
        said = content.get("said") or (moment.situation.text if len(moment.situation.text.split()) >= _TELLS else "")
        return {**content, "language": self.language(moment), "appeal": appeal, "said": said, **changes}

    async def _named(self, moment: Moment, standing: Standing, content: dict[str, Any]) -> Left:
        """The grievance is known: is it closed, and why does the contact disagree?"""
        view, language = standing.view, self.language(moment)
        shown = reference.shown(view.reference)
        if view.status is not Status.CLOSED:
            utter(moment.dispatcher, language, say("utter_reopen_open", _OFFICER, reference=shown))
            return Left()
        if view.appeal_until is None or view.appeal_until <= moment.situation.now:
            utter(moment.dispatcher, language, say("utter_reopen_too_late", _FILE, _OFFICER, reference=shown))
            return Left()
        kept_so_far = self._kept(moment, content, grievance=view.id, shown=shown, linked=bool(view.cpgrams_number))
        utter(moment.dispatcher, language, say("utter_reopen_reasons", reference=shown), form_open=True)
        return Left(kept_so_far, "reasons")

    async def _reasons(self, moment: Moment, content: dict[str, Any]) -> Left:
        """The reasons: the move itself."""
        language, text = self.language(moment), moment.situation.text
        if not text and moment.turn.intent not in ("received_nothing", "received_media", "received_location"):
            await self.pass_on(moment, moment.turn.intent)
            return Left()
        if len(text.split()) < _LEAST_WORDS:
            utter(moment.dispatcher, language, say("utter_reopen_reasons_short"), form_open=True)
            return Left(content, "reasons")
        reasons, _ = kept("\n".join(part for part in (content.get("said"), text) if part), _MOST_CHARACTERS)
        appeals = content.get("linked") or content.get("appeal") or phrases("appeal").within(text)
        try:
            await self._grievances.act(
                content["grievance"], Move.APPEAL if appeals else Move.REOPEN, moment.turn.turn_id, text=reasons
            )
        except (Conflict, InvalidInput, NotFound) as error:
            log.info("reopening_refused", turn_id=moment.turn.turn_id, error=type(error).__name__)
            shown = content.get("shown")
            utter(moment.dispatcher, language, say("utter_reopen_too_late", _FILE, _OFFICER, reference=shown))
            return Left()
        # Where it stands now is told by the notice of the ledger, which goes out with this answer.
        utter(moment.dispatcher, language, say("utter_reopen_noted"))
        return Left()


class GrievanceFeedback(Action):  # type: ignore[misc]
    """A rating of how a grievance was dealt with, from the buttons of its notice."""

    def __init__(self, desk: GrievanceDesk) -> None:
        self._desk = desk

    def name(self) -> str:
        """Name in the domain."""
        return "action_grievance_feedback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Keep the rating of a grievance of this contact; a poor one opens the appeal, which the ledger announces."""
        turn = conversation.read(tracker)
        rating = str(turn.entity("rating") or "")
        situation = await self._desk.situation(turn, Kind.STATUS)
        own = await self._desk.own(situation) if situation.is_proven else []
        mine = next((one for one in own if one.view.id == turn.entity("grievance")), None)
        if mine is None or rating not in ("1", "2", "3"):
            utter(dispatcher, turn.language, say("utter_status_none", _FILE, _OFFICER))
            return []
        try:
            after = await self._desk.act(mine.view.id, Move.FEEDBACK, turn.turn_id, rating=int(rating))
        except (Conflict, InvalidInput):
            utter(dispatcher, turn.language, say("utter_feedback_late", _OFFICER))
            return []
        if int(rating) == _POOR and after.status is Status.CLOSED:
            utter(dispatcher, turn.language, say("utter_feedback_poor", _OFFICER))
        else:
            utter(dispatcher, turn.language, say("utter_feedback_noted"))
        return []
