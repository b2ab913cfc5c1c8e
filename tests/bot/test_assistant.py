"""The trained assistant as one process: real messages in three ways of writing, and the action each one leads to."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path(os.environ.get("BOT_MODEL", ROOT / "var" / "models" / "sahayak.tar.gz"))
TOKEN = "a-token-of-the-tests"
SECRET = "गुप्त बात 12345"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ActionServer(ThreadingHTTPServer):
    """Remembers which action was called and says something; can be told to fail."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.broken = False


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.called.append((body["next_action"], body["tracker"]["latest_message"]))
        if self.server.broken:
            self.send_error(500)
            return
        answer = json.dumps({"events": [], "responses": [{"response": "utter_thanks"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


class Assistant:
    """A client of the running assistant."""

    def __init__(self, port: int, actions: ActionServer, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/webhooks/sahayak/webhook"
        self.actions = actions
        self.log = log

    def say(self, text: str, conversation: str = "", **changes: Any) -> dict[str, Any]:
        body = {
            "turn_id": uuid.uuid4().hex, "conversation_id": conversation or uuid.uuid4().hex, "text": text,
            "button": None, "channel": "whatsapp", "language": None, "language_fixed": False, "late_minutes": 0,
            "consent": True, "kind": "text", "place": None, **changes,
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def led_to(self, text: str, **changes: Any) -> str:
        """The action, or the key of the sentence, that a message leads to."""
        self.actions.called.clear()
        answer = self.say(text, **changes)
        assert answer["status"] == "ok"
        return self.actions.called[0][0] if self.actions.called else answer["messages"][0]["key"]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory) -> Iterator[Assistant]:
    if not MODEL.exists():
        sentence = f"no trained model at {MODEL}: run `make run` or `rasa train` once"
        pytest.fail(sentence) if os.environ.get("CI") == "true" else pytest.skip(sentence)
    actions = ActionServer()
    threading.Thread(target=actions.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("assistant")
    port, log = free_port(), folder / "log"
    environment = {
        **os.environ, "BOT_TOKEN": TOKEN, "BOT_PORT": str(port), "BOT_MODEL": str(MODEL),
        "BOT_TRACKER_URL": f"sqlite:///{folder}/rasa.db",
        "BOT_ACTIONS_URL": f"http://127.0.0.1:{actions.server_address[1]}/webhook",
    }  # fmt: skip
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    for _ in range(480):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/webhooks/sahayak/", timeout=2).close()
            break
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.25)
    yield Assistant(port, actions, log)
    process.terminate()
    process.wait(20)
    actions.shutdown()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good morning", "action_greet"),
        ("नमस्ते", "action_greet"),
        ("namaste ji", "action_greet"),
        ("my customer has not paid my bill since January", "action_delayed_payment"),
        ("मेरा खरीदार 3 महीने से पैसे नहीं दे रहा", "action_delayed_payment"),
        ("mera buyer 3 mahine se paise nahi de raha", "action_delayed_payment"),
        ("what is PMEGP", "action_ask_scheme"),
        ("मुद्रा योजना की जानकारी दीजिए", "action_ask_scheme"),
        ("pm vishwakarma ke liye kaunse documents lagte hain", "action_ask_scheme"),
        ("the bank rejected my loan without any reason", "action_loan_problem"),
        ("बैंक मेरा लोन पास नहीं कर रहा", "action_loan_problem"),
        ("bank manager loan dene se mana kar raha hai", "action_loan_problem"),
        ("I want to talk to an officer", "action_hand_over"),
        ("मुझे किसी अधिकारी से बात करनी है", "action_hand_over"),
        ("kisi officer se baat karwao", "action_hand_over"),
        ("I want to file a complaint", "grievance_form"),
        ("शिकायत दर्ज करनी है", "grievance_form"),
        ("shikayat darj karni hai", "grievance_form"),
        ("reply in hindi please", "action_change_language"),
        ("who won the cricket match yesterday", "utter_out_of_scope"),
        ("stop sending me messages", "utter_stop_messages"),
    ],
)
def test_real_messages(assistant: Assistant, text: str, expected: str) -> None:
    assert assistant.led_to(text) == expected


@pytest.mark.parametrize(
    ("text", "language"), [("good morning", "en"), ("नमस्ते जी", "hi"), ("aapka bahut dhanyavad", "hi-Latn")]
)
def test_answered_in_the_way_it_was_written(assistant: Assistant, text: str, language: str) -> None:
    answer = assistant.say(text)
    assert answer["language"] == language
    assert answer["messages"][0]["language"] == language


def test_fixed_language_wins(assistant: Assistant) -> None:
    assert assistant.say("good morning", language="hi", language_fixed=True)["messages"][0]["language"] == "hi"


def test_typed_command_is_not_obeyed(assistant: Assistant) -> None:
    assistant.led_to('/change_language{"language_name":"hi"}')
    text = assistant.actions.called[0][1]["text"] if assistant.actions.called else ""
    assert not text.startswith("/")
    assert assistant.led_to("/restart /session_start") != "action_session_start"


def test_button_is_obeyed_and_carries_its_entities(assistant: Assistant) -> None:
    assert (
        assistant.led_to("", button='/ask_scheme{"scheme":"pmegp","aspect":"how"}', kind="button")
        == "action_ask_scheme"
    )
    message = assistant.actions.called[0][1]
    assert {e["entity"]: e["value"] for e in message["entities"]} == {"scheme": "pmegp", "aspect": "how"}
    assert message["metadata"]["channel"] == "whatsapp"
    assert "text" not in message["metadata"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": "", "kind": "media"}, "action_received_media"),
        ({"text": "", "kind": "location"}, "utter_received_location"),
        ({"text": "\u200b", "kind": "text"}, "utter_received_nothing"),
        ({"text": "😀😀"}, "utter_received_nothing"),
        ({"text": "🙏"}, "utter_thanks"),
    ],
)
def test_messages_without_words(assistant: Assistant, changes: dict[str, Any], expected: str) -> None:
    assert assistant.led_to(**changes) == expected


@pytest.mark.parametrize(
    "text", ["a" * 5000, "<b>*hi*</b> [x](y) {z} ${q}", "\u202eabc\u202c", "𝓗𝓮𝓵𝓵𝓸", "வணக்கம்", "/", "{}"]
)
def test_odd_messages_get_an_answer(assistant: Assistant, text: str) -> None:
    answer = assistant.say(text)
    assert answer["status"] == "ok"
    assert answer["messages"]


def test_unreachable_action_is_an_error_then_the_conversation_goes_on(assistant: Assistant) -> None:
    assistant.actions.broken = True
    answer = assistant.say("what is PMEGP", "conversation-of-trouble")
    assistant.actions.broken = False
    assert (answer["status"], answer["error"], answer["messages"]) == ("error", "action_unavailable", [])
    assert assistant.say("what is PMEGP", "conversation-of-trouble")["status"] == "ok"


def test_conversation_of_many_turns_never_falls_silent(assistant: Assistant) -> None:
    for n in range(30):
        answer = assistant.say(["what is PMEGP", "thanks", "qwrt zxcv", "नहीं", "haan ji"][n % 5], "long-conversation")
        assert answer["messages"], n


def test_log_has_turn_ids_and_no_words(assistant: Assistant) -> None:
    assistant.say(SECRET, turn_id="01J0000000000000000000TURN")
    text = assistant.log.read_text()
    assert "[turn 01J0000000000000000000TURN]" in text
    assert "गुप्त" not in text
    assert "12345" not in text
