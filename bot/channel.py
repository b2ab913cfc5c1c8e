"""Our input channel: one turn in over HTTP, its messages out, errors said as errors."""

import hmac
import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import remote_actions, trackers
from bot.answers import AnswerStore
from bot.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from bot.components.text import has_letters, normalise
from bot.turn import Turn, current_turn

logger = logging.getLogger(__name__)

OnMessage = Callable[[UserMessage], Awaitable[Any]]

NAME = "sahayak"
MAX_EVENTS = 240
"""A tracker longer than this makes every turn slower; a new session shortens it."""
_KINDS = {"media": "/received_media", "location": "/received_location", "empty": "/received_nothing"}
_GESTURES = {"👍": "/affirm", "👌": "/affirm", "✅": "/affirm", "👎": "/deny", "❌": "/deny", "🙏": "/thanks"}


class TurnOutput(OutputChannel):
    """Collects the messages of one turn as the contract wants them: whole, in order."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.messages: List[Dict[str, Any]] = []

    def name(self) -> str:  # type: ignore[override]
        """The contact's real channel."""
        return self._channel

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        """Take one message of the assistant."""
        if not message.get("text"):
            return
        self.messages.append(
            {
                "key": message.get("key") or message.get("utter_action") or "",
                "text": message["text"],
                "language": message.get("language") or DEFAULT_LANGUAGE,
                "params": message.get("params") or {},
                "buttons": [
                    {"title": button["title"], "payload": button["payload"]} for button in message.get("buttons") or []
                ],
            }
        )


class MalformedTurn(ValueError):
    """The request is not a turn: says which field and what was expected."""


def _body_of(request: Request) -> Dict[str, Any]:
    try:
        body = request.json
    except SanicException as error:
        raise MalformedTurn("body") from error
    if not isinstance(body, dict):
        raise MalformedTurn("body")
    return body


def _field(body: Dict[str, Any], name: str, kind: Any, required: bool = False) -> Any:
    value = body.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, kind) or (required and not value):
        raise MalformedTurn(name)
    return value


def _conversation_ids(body: Dict[str, Any]) -> List[str]:
    found = _field(body, "conversation_ids", list, required=True)
    if not all(isinstance(one, str) for one in found):
        raise MalformedTurn("conversation_ids")
    return list(found)


def message_text(body: Dict[str, Any]) -> str:
    """What Rasa shall read: the payload of one of our buttons, or the words without a leading slash.

    A slash typed by a person would be obeyed as a command with full confidence.
    """
    button = _field(body, "button", str)
    if button:
        return button if button.startswith("/") else f"/{button}"
    if any(isinstance(file, dict) and file.get("state") != "kept" for file in _field(body, "files", list) or []):
        return _KINDS["media"]  # that a file was refused is said before its caption is answered
    text = normalise(_field(body, "text", str) or "").lstrip("/ ")
    if not has_letters(text):
        gesture = next((meant for sign, meant in _GESTURES.items() if sign in text), None)
        if gesture:
            return gesture
        return _KINDS.get(body.get("kind") or "empty", "/received_nothing")
    return text


def metadata_of(body: Dict[str, Any]) -> Dict[str, Any]:
    """The request without its text: what actions and the language choice read."""
    kept = {name: value for name, value in body.items() if name not in ("text", "button")}
    if kept.get("language") not in LANGUAGES:
        kept["language"] = None
    return kept


class SahayakInput(InputChannel):
    """`POST /webhooks/sahayak/webhook`: the gateway's only door to the assistant."""

    @classmethod
    def name(cls) -> str:
        """Part of the address."""
        return NAME

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "SahayakInput":
        """Create the channel; without a token it refuses to exist."""
        token = (credentials or {}).get("token")
        if not token:
            cls.raise_missing_credentials_exception()
        return cls(str(token), int((credentials or {}).get("stored_answers", 2000)))

    def __init__(self, token: str, stored_answers: int = 2000) -> None:
        self._token = token
        self._answers = AnswerStore(stored_answers)
        remote_actions.install()

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """The routes of the channel."""
        routes = Blueprint("sahayak_webhook", f"{__name__}.SahayakInput")

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not self._permitted(request):
                return response.json({"error": "not permitted"}, status=401)
            try:
                body = _body_of(request)
                turn_id = _field(body, "turn_id", str, required=True)
                conversation_id = _field(body, "conversation_id", str, required=True)
                text = message_text(body)
            except MalformedTurn as error:
                return response.json({"error": {"field": str(error), "expected": "see the contract"}}, status=422)
            async with self._answers.alone(turn_id):
                answer = self._answers.get(turn_id)
                if answer is None:
                    answer = await self._answer(on_new_message, body, turn_id, conversation_id, text)
            return response.json(answer)

        @routes.route("/forget", methods=["POST"])
        async def forget(request: Request) -> HTTPResponse:
            if not self._permitted(request):
                return response.json({"error": "not permitted"}, status=401)
            try:
                conversation_ids = _conversation_ids(_body_of(request))
            except MalformedTurn as error:
                return response.json({"error": {"field": str(error), "expected": "see the contract"}}, status=422)
            events = trackers.forget(conversation_ids)
            self._answers.clear()
            return response.json({"status": "ok", "events": events})

        return routes

    def _permitted(self, request: Request) -> bool:
        given = request.headers.get("Authorization") or ""
        return hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode())

    async def _answer(
        self, on_new_message: OnMessage, body: Dict[str, Any], turn_id: str, conversation_id: str, text: str
    ) -> Dict[str, Any]:
        turn = Turn(turn_id)
        mark = current_turn.set(turn)
        metadata = metadata_of(body)
        output = TurnOutput(str(body.get("channel") or NAME))
        message = UserMessage(text, output, conversation_id, None, output.name(), turn_id, metadata)
        try:
            await on_new_message(message)
            if turn.failures:
                logger.error("turn failed: actions %s could not be run", ",".join(turn.failures))
                return _failed(turn_id, metadata, "action_unavailable")
            answer = _answered(turn, metadata, output.messages)
            self._answers.put(turn_id, answer)
            logger.info("turn answered: %d messages", len(output.messages))
            if turn.events > MAX_EVENTS and not turn.form_open:
                await _new_session(on_new_message, conversation_id)
            return answer
        except Exception as error:  # an error is an answer here: the gateway retries, then apologises
            logger.error("turn failed: %s", type(error).__name__)  # noqa: TRY400 - a trace may hold the text
            return self._answers.get(turn_id) or _failed(turn_id, metadata, type(error).__name__)
        finally:
            current_turn.reset(mark)


async def _new_session(on_new_message: OnMessage, conversation_id: str) -> None:
    await on_new_message(UserMessage("/session_start", TurnOutput(NAME), conversation_id, None, NAME))


def _answered(turn: Turn, metadata: Dict[str, Any], messages: List[Dict[str, Any]]) -> Dict[str, Any]:
    return {
        "turn_id": turn.turn_id,
        "status": "ok",
        "language": turn.language or metadata.get("language") or DEFAULT_LANGUAGE,
        "language_fixed": bool(metadata.get("language_fixed") or turn.language_fixed),
        "error": None,
        "messages": messages,
    }


def _failed(turn_id: str, metadata: Dict[str, Any], error: str) -> Dict[str, Any]:
    return {
        "turn_id": turn_id,
        "status": "error",
        "language": metadata.get("language") or DEFAULT_LANGUAGE,
        "language_fixed": bool(metadata.get("language_fixed")),
        "error": error,
        "messages": [],
    }
