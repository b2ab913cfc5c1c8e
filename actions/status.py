"""How a grievance stands: the contact's own, or one whose number and code are known."""

import math
from dataclasses import dataclass
from typing import Any

from actions.dialogue import Dialogue, Left, Moment, utter
from actions.filing.words import Say, offer, say
from actions.ledger import GrievanceDesk, Standing
from actions.parsing.identifiers import Trouble, find_code, find_reference
from actions.standing import described, listing
from core.errors import TooMany
from grievances.drafts.schemas import Kind

_OFFICER = offer("button.officer", "/talk_to_officer")
_FILE = offer("button.file", "/file_grievance")
_REOPEN = offer("button.reopen", "/reopen_or_appeal")
_PATIENCE = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a reference and a code.

    Attributes:
        standing: The grievance, once it is proven or the contact's own.
        says: What is said where it is not.
        reference: The reference so far, while its code is awaited.
    """

    standing: Standing | None = None
    says: tuple[Say, ...] = ()
    reference: str | None = None


async def prove(desk: GrievanceDesk, moment: Moment, own: list[Standing], reference: str | None) -> Proof | None:
    """Find the grievance that a message names: the contact's own by its reference, any other by the code too.

    Args:
        desk: The ledger.
        moment: The turn.
        own: The contact's grievances, if the channel proves the contact.
        reference: A reference of an earlier message, whose code is awaited.

    Returns:
        None when the message names none.
    """
    found, trouble, rest = find_reference(moment.situation.text)
    reference = found or reference
    if reference is None:
        return Proof(says=(say("utter_status_reference_wrong"),)) if trouble is Trouble.SHAPE else None
    mine = next((one for one in own if one.view.reference == reference), None)
    if mine is not None:
        return Proof(mine)
    code = find_code(rest)
    if code is None:
        return Proof(says=(say("utter_status_ask_code"),), reference=reference) if found else None
    try:
        standing = await desk.prove(moment.situation, reference, code)
    except TooMany as error:
        minutes = max(1, math.ceil(error.retry_after / 60))
        return Proof(says=(say("utter_status_too_many", _OFFICER, minutes=minutes),))
    if standing is None:
        return Proof(says=(say("utter_status_no_match", _OFFICER),), reference=reference)
    return Proof(standing)


class StatusForm(Dialogue):
    """The contact asks what became of a grievance."""

    KIND = Kind.STATUS
    FORM = "status_form"

    async def answer(self, moment: Moment) -> Left:
        """Tell the contact's own; another one for its code; while that is awaited, other wishes pass."""
        situation, language = moment.situation, self.language(moment)
        content = moment.content or {}
        own = await self._grievances.own(situation) if situation.is_proven else []
        proof = await prove(self._grievances, moment, own, content.get("reference"))
        if proof is not None:
            return self._told(moment, proof, language)
        if moment.content is None or moment.turn.intent == "grievance_status":
            return self._first(moment, own, language)
        return await self._not_a_code(moment, content, language)

    def _told(self, moment: Moment, proof: Proof, language: str) -> Left:
        if proof.standing is not None:
            now = moment.situation.now
            utter(moment.dispatcher, language, say("utter_status_list", list=described(proof.standing, language, now)))
            return Left()
        utter(moment.dispatcher, language, *proof.says, form_open=True)
        if any(one["response"] == "utter_status_too_many" for one in proof.says):
            return Left()
        return Left({"reference": proof.reference, "language": language, "failures": 0}, "code")

    def _first(self, moment: Moment, own: list[Standing], language: str) -> Left:
        if own:
            closed = any(not one.view.is_open for one in own)
            offers = (_REOPEN, _FILE, _OFFICER) if closed else (_FILE, _OFFICER)
            text = listing(own, language, moment.situation.now)
            utter(moment.dispatcher, language, say("utter_status_list", *offers, list=text))
            return Left()
        key = "utter_status_none" if moment.situation.is_proven else "utter_status_ask_reference"
        utter(moment.dispatcher, language, say(key, _FILE, _OFFICER), form_open=True)
        return Left({"reference": None, "language": language, "failures": 0}, "reference")

    async def _not_a_code(self, moment: Moment, content: dict[str, Any], language: str) -> Left:
        """Something else: leave the look-up for it; after two tries that say nothing, leave it anyway."""
        intent = moment.turn.intent
        if intent in ("cancel", "deny", "skip", "go_back"):
            utter(moment.dispatcher, language, say("utter_status_left"))
            return Left()
        failures = int(content.get("failures") or 0) + 1
        if intent != "nlu_fallback" or failures > _PATIENCE:
            await self.pass_on(moment, intent)
            return Left()
        key = "utter_status_ask_code" if content.get("reference") else "utter_status_ask_reference"
        utter(moment.dispatcher, language, say(key, _OFFICER), form_open=True)
        return Left({**content, "failures": failures}, "code")
