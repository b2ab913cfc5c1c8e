"""The test stack: starts, kills, starts again, copies, and leaves nothing behind."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import stack as stack_module
from tools.installation import Installation, Process
from tools.stack import NotReady, Stack

SERVER = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
    def log_message(self, *a): pass
if os.environ.get("GATEWAY_CRASH_AT"): sys.exit("armed and gone")
print("life of", os.environ.get("GATEWAY_EXECUTOR_ID", "?"), flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["GATEWAY_PORT"])), Answer).serve_forever()
"""


def one_process(place: Installation) -> list[Process]:
    port = place.ports["gateway"]
    command = (sys.executable, "-c", SERVER)
    env = {**place.env("GATEWAY_"), "GATEWAY_PORT": str(port)}
    return [Process("gateway", "x", command, env, port, "GATEWAY_PORT", "/")]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setattr(stack_module, "prepare", lambda *_args: None)
    monkeypatch.setattr(Installation, "processes", one_process)
    with Stack(ready_within=15) as one:
        yield one


def test_killed_it_stays_dead_until_it_is_started_again(stack: Stack) -> None:
    first = stack.pid("gateway")
    stack.kill("gateway")
    assert not stack.running("gateway")
    stack.start("gateway")
    assert stack.pid("gateway") not in (None, first)
    assert stack.log("gateway").count("life of") == 2


def test_one_life_with_an_armed_crash_point(stack: Stack) -> None:
    stack.kill("gateway")
    with pytest.raises(NotReady, match="armed and gone"):
        stack.start("gateway", {"GATEWAY_CRASH_AT": "after_send"})
    stack.start("gateway")
    assert stack.running("gateway")


def test_a_second_copy_has_its_own_name_and_port(stack: Stack) -> None:
    stack.start_copy("gateway", "gateway-2")
    assert stack.url("gateway-2") != stack.url("gateway")
    assert "life of gateway-2" in stack.log("gateway-2")


def test_nothing_is_left(stack: Stack) -> None:
    folder: Path = stack.data_dir
    stack.stop()
    assert not stack.running("gateway")
    assert not folder.exists()
