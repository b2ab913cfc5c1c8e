"""Stand-ins for the knowledge process, the officers' queue, the ledger and contacts' rights."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.app import Desks, create_executor
from actions.conversation import Turn
from actions.executor import CarefulExecutor
from actions.ledger import Filing, Kept, Situation, Standing
from core.conversations.schemas import ConversationView
from core.conversations.state import State
from core.errors import NotPermitted
from grievances.drafts.schemas import DraftView, Kind
from grievances.schemas import GrievanceView
from grievances.status import Move
from knowledge.errors import KnowledgeUnavailable
from knowledge.schemas import KnowledgeAnswer, Meaning, Passage
from rights.schemas import Preview

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def passage(**changes: Any) -> Passage:
    """A passage about an invented scheme."""
    facts: dict[str, Any] = {
        "scheme": "pmegp",
        "scheme_name": "Prime Minister's Employment Generation Programme (PMEGP)",
        "aspect": "who",
        "heading": "Who can apply",
        "text": "Anyone over 18 {years}.",
        "language": "en",
        "source_title": "Guidelines",
        "source_url": None,
        "as_of": "2022-05-13",
        "scheme_status": "active",
        "missing_aspect": False,
        "score": 3.0,
    }
    return Passage.model_validate({**facts, **changes})


class FakeKnowledge:
    """Answers what the test puts in."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.passages: list[Passage] = [passage()]
        self.down = False

    async def answer(
        self, question: str, *, language: str, scheme: str | None = None, aspect: str | None = None, limit: int = 3
    ) -> KnowledgeAnswer:
        """Remember the question and answer."""
        self.asked.append({"question": question, "language": language, "scheme": scheme, "aspect": aspect})
        if self.down:
            raise KnowledgeUnavailable("down")
        found = [p for p in self.passages if limit > 1 or (p.scheme, p.aspect) == (scheme, aspect)]
        status = "answered" if found else "refused"
        return KnowledgeAnswer(status=status, passages=tuple(found), score=0.9, threshold=0.5)

    async def meaning(self, text: str, *, language: str) -> Meaning:
        """No meaning: comparing grievances is not what these tests are about."""
        raise KnowledgeUnavailable("down")


def view_of(channel: str = "whatsapp") -> ConversationView:
    """A conversation of an invented contact."""
    return ConversationView(
        id="conversation-1",
        address_id="address-1",
        contact_id="contact-1",
        channel=channel,
        room=None,
        state=State.BOT,
        version=0,
        opened_at=NOON,
        last_message_at=NOON,
        language="en",
        language_fixed=False,
        contact_name="Asha Example",
        place=None,
    )


class FakeGrievances:
    """A ledger in memory that keeps drafts and has no grievances."""

    def __init__(self) -> None:
        self.drafts: dict[Kind, DraftView] = {}
        self.consent = True
        self.filed: list[Filing] = []

    async def situation(self, turn: Turn, kind: Kind) -> Situation:
        return Situation(view_of(turn.channel), self.consent, turn.text, self.drafts.get(kind), NOON)

    async def words_of(self, turn_id: str) -> str:
        return ""

    async def unfinished(self, conversation_id: str) -> DraftView | None:
        found = self.drafts.get(Kind.FILING)
        return found if found is not None and found.is_open else None

    async def keep(self, situation: Situation, turn_id: str, kind: Kind, kept: Kept) -> None:
        self.drafts[kind] = DraftView(
            id="draft-1",
            contact_id="contact-1",
            conversation_id="conversation-1",
            kind=kind,
            content=kept.content,
            asked=kept.asked,
            last_turn_id=turn_id,
            last_reply=kept.reply,
            version=0,
            started_at=NOON,
            updated_at=NOON,
        )

    async def file(
        self, situation: Situation, turn_id: str, filing: Filing, finish: Callable[[str], Kept]
    ) -> list[Any]:
        self.filed.append(filing)
        kept = finish("Number 26-4815-16238, code 123456.")
        await self.keep(situation, turn_id, Kind.FILING, kept)
        return kept.reply

    async def own(self, situation: Situation) -> list[Standing]:
        return []

    async def prove(self, situation: Situation, reference: str, code: str) -> Standing | None:
        return None

    async def act(
        self, grievance_id: str, move: Move, turn_id: str, *, text: str = "", rating: int | None = None
    ) -> GrievanceView:
        raise AssertionError("nobody has a grievance here")


class FakePrivacy:
    """Remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waits = False
        self.proves = True
        self.link_says = "A link is on its way."

    def _ask(self, what: str) -> None:
        if not self.proves:
            raise NotPermitted("this channel does not prove who listens")
        self.asked.append(what)

    async def summary(self, conversation_id: str, language: str) -> str:
        self._ask("summary")
        return "We keep your number."

    async def export(self, conversation_id: str, turn_id: str, language: str) -> str:
        self._ask("export")
        return self.link_says

    async def preview_erasure(self, conversation_id: str, language: str) -> Preview:
        self._ask("preview")
        return Preview(told="It waits." if self.waits else "Shall everything be erased?", waits=self.waits)

    async def erase(self, conversation_id: str, language: str) -> str:
        self._ask("erase")
        return "Noted."

    async def cancel_erasure(self, conversation_id: str, language: str) -> str:
        self._ask("cancel")
        return "Cancelled."


class FakeDesk:
    """Remembers who asked for an officer."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.said: Any = None
        self.down = False

    async def request(self, *, conversation_id: str, turn_id: str, reason: str, said: Any = None) -> None:
        """Remember the request."""
        self.said = said
        if self.down:
            raise OSError("database is away")
        self.requests.append({"conversation_id": conversation_id, "turn_id": turn_id, "reason": reason})


@pytest.fixture
def knowledge() -> FakeKnowledge:
    return FakeKnowledge()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def grievances() -> FakeGrievances:
    return FakeGrievances()


@pytest.fixture
def privacy() -> FakePrivacy:
    return FakePrivacy()


def desks_of(knowledge: Any = None, officers: Any = None, grievances: Any = None, privacy: Any = None) -> Desks:
    """Desks of which a test gives those that it is about."""
    return Desks(
        knowledge=knowledge or FakeKnowledge(),
        officers=officers or FakeDesk(),
        grievances=grievances or FakeGrievances(),
        privacy=privacy or FakePrivacy(),
    )


@pytest.fixture
def executor(
    knowledge: FakeKnowledge, desk: FakeDesk, grievances: FakeGrievances, privacy: FakePrivacy
) -> CarefulExecutor:
    return create_executor(desks_of(knowledge, desk, grievances, privacy), 0.15)


def user(text: str, intent: str, entities: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A message of a contact as Rasa puts it into the tracker."""
    metadata = {"turn_id": "turn-1", "conversation_id": "conversation-1", "channel": "whatsapp", "language": None}
    listed = [{"entity": name, "value": value} for name, value in (entities or {}).items()]
    message = {
        "intent": {"name": intent, "confidence": changes.pop("confidence", 1.0)},
        "entities": listed,
        "text": text,
        "metadata": {**metadata, **changes.pop("metadata", {})},
        "language": "en",
        **changes,
    }
    return {"event": "user", "text": text, "parse_data": message, "metadata": message["metadata"]}


def bot(key: str, **metadata: Any) -> dict[str, Any]:
    """Something the assistant said."""
    return {"event": "bot", "text": "...", "metadata": {"key": key, "params": {}, **metadata}}


def call(action: str, *events: dict[str, Any], slots: dict[str, Any] | None = None) -> dict[str, Any]:
    """Rasa's request for an action, after these events."""
    latest = next(event for event in reversed(events) if event["event"] == "user")["parse_data"]
    tracker = {"sender_id": "conversation-1", "slots": {"scheme": None, **(slots or {})}, "latest_message": latest,
               "events": list(events), "paused": False, "latest_action_name": "action_listen"}  # fmt: skip
    return {"next_action": action, "sender_id": "conversation-1", "tracker": tracker, "domain": {}}


@pytest.fixture
def run(executor: CarefulExecutor) -> Callable[..., Any]:
    """Run an action after events; gives its messages and events."""

    async def running(action: str, *events: dict[str, Any], slots: dict[str, Any] | None = None) -> Any:
        result = await executor.run(call(action, *events, slots=slots))
        assert result is not None
        return result.responses, result.events

    return running


def keys(responses: list[dict[str, Any]]) -> list[str]:
    """The keys of messages."""
    return [response["response"] for response in responses]


def tracker_of(*events: dict[str, Any]) -> Tracker:
    """A tracker with these events."""
    return Tracker.from_dict(call("x", *events)["tracker"])
