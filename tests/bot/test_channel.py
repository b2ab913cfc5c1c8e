"""The channel's contract, over real HTTP, with a stand-in for the rest of Rasa."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rasa.shared.core.domain import Domain
from sanic import Sanic

from bot import logs
from bot.answers import AnswerStore
from bot.channel import MAX_EVENTS, SahayakInput
from bot.trackers import WordlessTrackerStore
from bot.turn import current_turn

TOKEN = "a-token-of-the-tests"


class Assistant:
    """Plays the part of Rasa's agent."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.fail: Any = None
        self.failed_actions: list[str] = []
        self.events = 3
        self.pause = 0.0

    async def handle(self, message: Any) -> None:
        self.seen.append(message)
        await asyncio.sleep(self.pause)
        logging.getLogger("rasa.core.processor").info("thinking")
        if self.fail:
            raise self.fail
        turn = current_turn.get()
        turn.failures.extend(self.failed_actions)
        turn.language, turn.events = "hi", self.events
        await message.output_channel.send_response(
            message.sender_id,
            {"text": "एक\n\nदो", "key": "utter_greet", "params": {"n": 1}, "language": "hi",
             "buttons": [{"title": "A", "payload": "/a"}], "timestamp": 1.0, "utter_action": "utter_greet"},
        )  # fmt: skip


class Server:
    """One server for the module, in a thread of its own: Sanic 21 cannot be started twice in a process."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.assistant = Assistant()
        self.channel = SahayakInput.from_credentials({"token": TOKEN})
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    async def _handle(self, message: Any) -> None:
        await self.assistant.handle(message)

    async def _serve(self) -> None:
        app = Sanic("channel_tests", configure_logging=False)
        app.blueprint(self.channel.blueprint(self._handle), url_prefix="/webhooks/sahayak")
        server = await app.create_server("127.0.0.1", self.port, return_asyncio_server=True, access_log=False)
        await server.startup()
        await server.start_serving()
        self._ready.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())
        self.loop.run_forever()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def assistant(server: Server) -> Assistant:
    server.assistant = Assistant()
    server.channel._answers = AnswerStore()
    return server.assistant


@pytest.fixture
def url(server: Server, assistant: Assistant) -> str:
    return f"http://127.0.0.1:{server.port}/webhooks/sahayak/webhook"


def turn(**changes: Any) -> dict[str, Any]:
    body = {
        "turn_id": "01J0000000000000000000TURN", "conversation_id": "01J0000000000000000000CONV", "text": "नमस्ते",
        "button": None, "channel": "whatsapp", "language": None, "language_fixed": False, "late_minutes": 0,
        "consent": True, "kind": "text", "place": None,
    }  # fmt: skip
    return {**body, **changes}


async def post(url: str, body: Any, token: str = TOKEN) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_answer(url: str, assistant: Assistant) -> None:
    status, answer = await post(url, turn())
    assert status == 200
    assert answer == {
        "turn_id": "01J0000000000000000000TURN", "status": "ok", "language": "hi", "language_fixed": False,
        "error": None,
        "messages": [{"key": "utter_greet", "text": "एक\n\nदो", "language": "hi", "params": {"n": 1},
                      "buttons": [{"title": "A", "payload": "/a"}]}],
    }  # fmt: skip
    message = assistant.seen[0]
    assert message.sender_id == "01J0000000000000000000CONV"
    assert message.input_channel == "whatsapp"
    assert message.metadata["turn_id"] == "01J0000000000000000000TURN"
    assert "text" not in message.metadata


async def test_same_turn_again_is_not_predicted_again(url: str, assistant: Assistant) -> None:
    assistant.pause = 0.05
    answers = await asyncio.gather(*(post(url, turn()) for _ in range(5)))
    assert len(assistant.seen) == 1
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x"])
async def test_wrong_token(url: str, assistant: Assistant, token: str) -> None:
    status, _ = await post(url, turn(), token)
    assert status == 401
    assert assistant.seen == []


@pytest.mark.parametrize("body", [[], {}, {"turn_id": "x"}, turn(turn_id=7), turn(text=5), turn(conversation_id="")])
async def test_malformed(url: str, assistant: Assistant, body: Any) -> None:
    status, answer = await post(url, body)
    assert status == 422
    assert answer["error"]["field"]
    assert assistant.seen == []


async def test_exception_is_an_error_and_may_be_retried(url: str, assistant: Assistant) -> None:
    assistant.fail = RuntimeError("मेरा नंबर +910000000123")
    status, answer = await post(url, turn(language="hi"))
    assert (status, answer["status"], answer["error"]) == (200, "error", "RuntimeError")
    assert answer["messages"] == []
    assert answer["language"] == "hi"
    assistant.fail = None
    assert (await post(url, turn()))[1]["status"] == "ok"


async def test_action_that_could_not_be_run_is_an_error_not_silence(url: str, assistant: Assistant) -> None:
    assistant.failed_actions = ["action_ask_scheme"]
    assert (await post(url, turn()))[1]["error"] == "action_unavailable"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": "/talk_to_officer"}, "talk_to_officer"),
        ({"text": "\u200b //restart"}, "restart"),
        ({"text": '\u202e/ask_scheme{"scheme":"pmegp"}'}, 'ask_scheme{"scheme":"pmegp"}'),
        ({"text": "", "button": '/ask_scheme{"scheme":"pmegp"}', "kind": "button"}, '/ask_scheme{"scheme":"pmegp"}'),
        ({"text": "", "kind": "media"}, "/received_media"),
        ({"text": "", "kind": "location"}, "/received_location"),
        ({"text": " \u200d ", "kind": "text"}, "/received_nothing"),
        ({"text": None, "kind": "empty"}, "/received_nothing"),
        ({"text": "bill ki photo", "kind": "media", "files": [{"state": "kept"}]}, "bill ki photo"),
        ({"text": "bill ki photo", "kind": "media", "files": [{"state": "refused"}]}, "/received_media"),
        ({"text": "👍🏽"}, "/affirm"),
        ({"text": "🙏🙏"}, "/thanks"),
        ({"text": "😀 ???"}, "/received_nothing"),
    ],
)  # fmt: skip
async def test_what_rasa_reads(url: str, assistant: Assistant, changes: dict[str, Any], text: str) -> None:
    await post(url, turn(**changes))
    assert assistant.seen[0].text == text


async def test_long_tracker_starts_a_new_session(url: str, assistant: Assistant) -> None:
    assistant.events = MAX_EVENTS + 1
    await post(url, turn())
    assert [message.text for message in assistant.seen] == ["नमस्ते", "/session_start"]


async def test_turn_id_in_every_line_and_text_in_none(url: str, assistant: Assistant, capfd: Any) -> None:
    previous = logging.getLogRecordFactory(), list(logging.getLogger().handlers)
    try:
        logs.configure("DEBUG")
        assistant.fail = RuntimeError("गुप्त बात")
        await post(url, turn(text="गुप्त बात"))
    finally:
        logging.setLogRecordFactory(previous[0])
        logging.getLogger().handlers[:] = previous[1]
    lines = [line for line in capfd.readouterr().err.splitlines() if "INFO" in line or "ERROR" in line]
    assert any("thinking" in line for line in lines)
    assert all("[turn 01J0000000000000000000TURN]" in line for line in lines if "sanic" not in line)
    assert not any("गुप्त" in line for line in lines)


def test_answers_are_bounded() -> None:
    store = AnswerStore(limit=3)
    for n in range(5):
        store.put(str(n), {"n": n})
    assert [store.get(str(n)) is not None for n in range(5)] == [False, False, True, True, True]


def test_no_token_no_channel() -> None:
    with pytest.raises(Exception, match="credentials"):
        SahayakInput.from_credentials({})


async def test_forgetting_a_conversation_asks_again_next_time(url: str, assistant: Assistant, tmp_path: Path) -> None:
    domain = Domain.from_dict({"intents": [], "slots": {}})
    WordlessTrackerStore(domain=domain, host=f"sqlite:///{tmp_path}/rasa.db")
    forget = url[: -len("webhook")] + "forget"
    await post(url, turn())

    assert await post(forget, {"conversation_ids": ["01J0000000000000000000CONV"]}) == (
        200,
        {"status": "ok", "events": 0},
    )

    await post(url, turn())
    assert len(assistant.seen) == 2


@pytest.mark.parametrize(
    "body", [{}, {"conversation_ids": []}, {"conversation_ids": [1]}, {"conversation_ids": "x"}, []]
)
async def test_forgetting_refuses_what_is_no_list_of_ids(url: str, body: Any) -> None:
    assert (await post(url[: -len("webhook")] + "forget", body))[0] == 422


async def test_forgetting_needs_the_token(url: str) -> None:
    assert (await post(url[: -len("webhook")] + "forget", {"conversation_ids": ["x"]}, token="wrong"))[0] == 401
