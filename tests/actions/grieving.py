"""Grievances for the tests of actions: a ledger with a few of them, and a form that is talked to over its action."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from actions.app import create_executor
from actions.conversation import Turn
from actions.executor import CarefulExecutor
from actions.ledger import Filing, Kept, Situation, Standing
from core.errors import TooMany
from grievances.drafts.schemas import Kind
from grievances.schemas import GrievanceView, Status
from grievances.status import Move
from tests.actions.conftest import NOON, FakeGrievances, call, desks_of, user
from tests.grievances.letters.views import grievance

REFERENCE, CODE = "26749774968", "683191"
TRIES = 5


def standing(**changed: Any) -> Standing:
    """A grievance of an invented contact."""
    facts: dict[str, Any] = {"id": "grievance-1", "reference": REFERENCE, "contact_id": "contact-1", **changed}
    return Standing(grievance(**facts), ())


def closed(**changed: Any) -> Standing:
    """One that was concluded yesterday."""
    facts: dict[str, Any] = {
        "status": Status.CLOSED,
        "closed_at": NOON - timedelta(days=1),
        "appeal_until": NOON + timedelta(days=29),
    }
    return standing(**{**facts, **changed})


class Ledger(FakeGrievances):
    """A ledger that has grievances, counts tries and knows the words of earlier turns."""

    def __init__(self) -> None:
        super().__init__()
        self.mine: list[Standing] = []
        self.everybodys: list[tuple[Standing, str]] = []
        self.words: dict[str, str] = {}
        self.tries = 0
        self.moves: list[tuple[str, Move, str, int | None]] = []
        self.refusal: Exception | None = None

    async def words_of(self, turn_id: str) -> str:
        return self.words.get(turn_id, "")

    async def own(self, situation: Situation) -> list[Standing]:
        return self.mine

    async def prove(self, situation: Situation, reference: str, code: str) -> Standing | None:
        if self.tries >= TRIES:
            raise TooMany("too many", retry_after=1800)
        self.tries += 1
        found = ((one, known) for one, known in self.everybodys if one.view.reference == reference)
        return next((one for one, known in found if known == code), None)

    async def keep(self, situation: Situation, turn_id: str, kind: Kind, kept: Kept) -> None:
        if kept.consent is not None:
            self.consent = kept.consent == "given"
        await super().keep(situation, turn_id, kind, kept)

    async def file(
        self, situation: Situation, turn_id: str, filing: Filing, finish: Callable[[str], Kept]
    ) -> list[Any]:
        if self.refusal is not None:
            raise self.refusal
        return await super().file(situation, turn_id, filing, finish)

    async def act(
        self, grievance_id: str, move: Move, turn_id: str, *, text: str = "", rating: int | None = None
    ) -> GrievanceView:
        if self.refusal is not None:
            raise self.refusal
        self.moves.append((grievance_id, move, text, rating))
        return next(one.view for one in self.mine if one.view.id == grievance_id)

    async def situation(self, turn: Turn, kind: Kind) -> Situation:
        found = await super().situation(turn, kind)
        self.words.setdefault(turn.turn_id, turn.text)
        return found


@dataclass
class Chat:
    """A contact who writes to one form; the tracker grows as Rasa's would."""

    executor: CarefulExecutor
    form: str
    loop: str | None = None
    turns: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)

    async def says(
        self, text: str, intent: str = "nlu_fallback", entities: dict[str, Any] | None = None, *, again: bool = False,
        action: str = "", **metadata: Any
    ) -> list[str]:  # fmt: skip
        """A message; `again` repeats the turn before. Returns the keys of what is answered."""
        self.turns += not again
        metadata["turn_id"] = f"turn-{self.turns}"
        self.events.append(user(text, intent, entities, metadata=metadata, confidence=0.95))
        order = call(action or self.form, *self.events)
        order["tracker"]["active_loop"] = {"name": self.loop} if self.loop else {}
        result = await self.executor.run(order)
        assert result is not None
        self.said = result.responses
        for event in result.events:
            if event.get("event") == "active_loop":
                self.loop = event.get("name")
            self.events.append(event)
        return [str(one["response"]) for one in self.said]

    async def presses(self, title: str) -> list[str]:
        """A button of the last answer, by the key of its title."""
        offered = [offer for one in self.said for offer in one.get("offers", [])]
        payload = next(offer["payload"] for offer in offered if offer.get("title") == title)
        payload = payload.removeprefix("gateway:consent_give:").removeprefix("/")
        intent, _, inside = payload.partition("{")
        return await self.says("", intent, json.loads("{" + inside) if inside else None)


def chat(ledger: Ledger, form: str = "grievance_form") -> Chat:
    """A conversation with a form over a ledger."""
    return Chat(create_executor(desks_of(grievances=ledger), 0.15), form)
