"""What an action needs to know about the turn, read from Rasa's tracker."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker

LANGUAGES = ("en", "hi", "hi-Latn")
DEFAULT_LANGUAGE = "en"
FALLBACK = "nlu_fallback"
PROBLEMS = frozenset({"delayed_payment", "loan_problem", "registration_problem"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a contact as the assistant understood it."""

    turn_id: str
    conversation_id: str
    channel: str
    language: str
    language_fixed: bool
    text: str
    """What the contact wrote; empty when a button was pressed."""
    intent: str
    entities: tuple[tuple[str, Any], ...]
    confidence: float = 1.0
    files: tuple[dict[str, Any], ...] = ()
    """What became of the files that came with it: id, state, content_type."""

    def entity(self, name: str) -> Any:
        """The first value of an entity, or None."""
        return next((value for entity, value in self.entities if entity == name), None)

    def all_of(self, name: str) -> list[Any]:
        """Every different value of an entity, in order."""
        return list(dict.fromkeys(value for entity, value in self.entities if entity == name))


def language_of(metadata: dict[str, Any], detected: str | None) -> str:
    """A language the contact fixed wins, then the one of this message if it was sure, then the last known one.

    The same rule as the assistant's own `bot.nlg.choose_language`: the two processes share no code.
    """
    known = metadata.get("language")
    choice = known if metadata.get("language_fixed") and known else (detected or known)
    return choice if choice in LANGUAGES else DEFAULT_LANGUAGE


def read(tracker: Tracker) -> Turn:
    """Read the turn in progress."""
    message: dict[str, Any] = tracker.latest_message
    metadata: dict[str, Any] = message.get("metadata") or {}
    text = str(message.get("text") or "")
    return Turn(
        turn_id=str(metadata.get("turn_id") or message.get("message_id") or ""),
        conversation_id=str(metadata.get("conversation_id") or tracker.sender_id),
        channel=str(metadata.get("channel") or ""),
        language=language_of(metadata, message.get("language")),
        language_fixed=bool(metadata.get("language_fixed")),
        text="" if text.startswith("/") else text,
        intent=str((message.get("intent") or {}).get("name") or ""),
        entities=tuple(
            (entity["entity"], entity.get("value"))
            for entity in message.get("entities") or []
            if entity.get("value") is not None
        ),
        confidence=float((message.get("intent") or {}).get("confidence") or 0.0),
        files=tuple(metadata.get("files") or ()),
    )


def said(tracker: Tracker) -> Iterator[dict[str, Any]]:
    """What the assistant said in earlier turns, the latest first, as message metadata (key, params, ...)."""
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            yield event.get("metadata") or {}


def last_key(tracker: Tracker) -> str:
    """The key of the last thing the assistant said."""
    return str(next(said(tracker), {}).get("key") or "")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that was told before this message: its turn, what was understood, and the place in it."""

    turn_id: str
    intent: str
    district: str | None
    state: str | None


def problem_before(tracker: Tracker) -> Problem | None:
    """The latest problem that was told before this message, and not made a complaint yet."""
    skipped = False
    for event in reversed(tracker.events):
        kind = event.get("event")
        if kind in ("session_started", "active_loop"):
            break
        if kind != "user":
            continue
        parse_data = event.get("parse_data") or {}
        intent = str((parse_data.get("intent") or {}).get("name") or "")
        turn_id = (event.get("metadata") or {}).get("turn_id")
        if skipped and intent in PROBLEMS and turn_id:
            named = {one["entity"]: one.get("value") for one in reversed(parse_data.get("entities") or [])}
            return Problem(str(turn_id), intent, named.get("district"), named.get("state"))
        skipped = True
    return None


def messages_in_session(tracker: Tracker) -> int:
    """How many messages the contact has sent in this session."""
    count = 0
    for event in reversed(tracker.events):
        if event.get("event") == "session_started":
            break
        count += event.get("event") == "user"
    return count


def last_messages(tracker: Tracker) -> list[dict[str, Any]]:
    """The messages of the last turn in which the assistant said something, in order."""
    found: list[dict[str, Any]] = []
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            found.append(event.get("metadata") or {})
        elif event.get("event") == "user" and found:
            break
    return found[::-1]


def fallbacks_in_a_row(tracker: Tracker) -> int:
    """How many of the latest messages got no answer, this one included; "no" in between does not count."""
    count = 0
    reply = ""
    for event in reversed(tracker.events):
        kind = event.get("event")
        if kind == "session_started":
            break
        if kind == "bot":
            reply = str((event.get("metadata") or {}).get("key") or "")
        if kind != "user":
            continue
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if intent != "deny":
            if intent != FALLBACK or reply.startswith("utter_answer"):
                break
            count += 1
        reply = ""
    return count
