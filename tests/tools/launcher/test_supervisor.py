"""Supervision: ready, died, started again, stopped; nothing is left behind."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.installation import HOST, Process, free_ports
from tools.launcher.board import Board
from tools.launcher.supervisor import Supervised, stop_all

SERVER = """
import http.server, os, signal, sys, threading
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
    def log_message(self, *a): pass
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "dies" in sys.argv: print("cannot: no such table", flush=True); sys.exit(4)
print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
Start = Callable[..., Supervised]


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def start(tmp_path: Path, board: Board) -> Iterator[Start]:
    started: list[Supervised] = []

    def begin(*words: str, restart: bool = True, name: str = "gateway") -> Supervised:
        port = free_ports()["gateway"]
        command = (sys.executable, "-c", SERVER, str(port), *words)
        one = Supervised(Process(name, "x", command, {}, port, "X", "/"), tmp_path, board, restart=restart)
        started.append(one)
        one.start()
        return one

    yield begin
    stop_all([started], within=2.0)


def until(condition: Callable[[], bool], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_ready_then_killed_then_started_again(start: Start, board: Board) -> None:
    one = start()
    until(lambda: board.state_of("gateway") == "ready")
    first = one.pid
    one.signal(signal.SIGKILL)
    until(lambda: one.pid not in (None, first))
    until(lambda: board.state_of("gateway") == "ready")
    assert board.picture()["processes"][0]["restarts"] == 1


def test_a_process_that_dies_shows_its_last_words(start: Start, board: Board) -> None:
    start("dies")
    until(lambda: board.state_of("gateway") == "failed")
    assert board.picture()["processes"][0]["detail"] == "ended with exit status 4: cannot: no such table"


def test_without_restart_it_stays_dead(start: Start, board: Board) -> None:
    one = start(restart=False)
    until(lambda: board.state_of("gateway") == "ready")
    one.signal(signal.SIGKILL)
    assert one.join(5.0)
    assert not one.running
    assert board.state_of("gateway") == "stopped"


def test_stop_ends_everything_and_kills_the_stubborn_in_time(start: Start, board: Board) -> None:
    good, stubborn = start(name="gateway"), start("stubborn", name="rasa")
    until(board.ready)
    began = time.monotonic()
    assert stop_all([[good], [stubborn]], within=3.0) == ["rasa"]
    assert time.monotonic() - began < 5.0
    assert good.pid is None
    assert stubborn.pid is None


def test_no_orphan_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    import os
    import shutil
    import subprocess

    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is missing: install util-linux")
    port = free_ports()["gateway"]
    script = f"""
import sys, time
from pathlib import Path
from tools.installation import Process
from tools.launcher.board import Board
from tools.launcher.supervisor import Supervised
p = Process("x", "x", (sys.executable, "-c", {SERVER!r}, "{port}"), {{}}, {port}, "X", "/")
s = Supervised(p, Path({str(tmp_path)!r}), Board()); s.start()
while s.pid is None or not (Path({str(tmp_path)!r}) / "x.log").stat().st_size: time.sleep(0.05)
print(s.pid, flush=True); time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        child = int(launcher.stdout.readline())
        launcher.kill()

    def gone() -> bool:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{child}/stat").read_text().split(") ")[1].startswith("Z")

    until(gone)
    assert HOST == "127.0.0.1"
