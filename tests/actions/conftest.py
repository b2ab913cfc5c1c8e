"""Stand-ins for the knowledge process and the officers' queue."""

from collections.abc import Callable
from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.app import create_executor
from actions.executor import CarefulExecutor
from knowledge.errors import KnowledgeUnavailable
from knowledge.schemas import KnowledgeAnswer, Passage


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


class FakeDesk:
    """Remembers who asked for an officer."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.down = False

    async def request(self, *, conversation_id: str, turn_id: str, reason: str) -> None:
        """Remember the request."""
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
def executor(knowledge: FakeKnowledge, desk: FakeDesk) -> CarefulExecutor:
    return create_executor(knowledge, desk, 0.15)


def user(text: str, intent: str, entities: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A message of a contact as Rasa puts it into the tracker."""
    metadata = {"turn_id": "turn-1", "conversation_id": "conversation-1", "channel": "whatsapp", "language": None}
    listed = [{"entity": name, "value": value} for name, value in (entities or {}).items()]
    message = {
        "intent": {"name": intent},
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
