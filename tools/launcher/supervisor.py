"""Starts processes, waits until they are ready, starts dead ones again with growing pauses, stops them cleanly."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.installation import Process, leash
from tools.launcher.board import Board
from tools.steps import ROOT

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STEADY_AFTER = 60.0
LOOK_EVERY = 0.2
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LOG_LIMIT = 10_000_000
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str, timeout: float = 2.0) -> bool:
    """Tell whether an address answers with a success."""
    try:
        with NO_PROXY.open(url, timeout=timeout) as answer:
            return 200 <= int(answer.status) < 300
    except (OSError, urllib.error.URLError, ValueError):
        return False


def last_line(log: Path) -> str:
    """Return the last line that a log holds, shortened."""
    try:
        with log.open("rb") as source:
            source.seek(0, os.SEEK_END)
            source.seek(max(0, source.tell() - 4096))
            lines = source.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return COLOUR.sub("", lines[-1])[:300] if lines else ""


class Supervised:
    """One process under watch, in a thread of its own that lives as long as the process."""

    def __init__(
        self,
        process: Process,
        logs: Path,
        board: Board,
        *,
        restart: bool = True,
        say: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self.process = process
        self.log = logs / f"{process.name}.log"
        self.restarts = 0
        self._board = board
        self._restart = restart
        self._say = say
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name=process.name, daemon=True)
        self._show("waiting")

    # --- for the owner ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to run the process."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    @property
    def running(self) -> bool:
        """Whether the process runs now."""
        return self.pid is not None

    def signal(self, number: int) -> None:
        """Send a signal to the process and whatever it started."""
        pid = self.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)

    def ask_to_stop(self) -> None:
        """Ask the process to end; it is not started again."""
        self._stopping.set()
        self.signal(signal.SIGTERM)

    def join(self, timeout: float) -> bool:
        """Wait for the end; return whether it came."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # --- the watching thread ----------------------------------------------------------------------------

    def _show(self, state: str, detail: str = "") -> None:
        one = self.process
        self._board.process(one.name, one.title, state, detail, one.url, self.restarts)

    def _watch(self) -> None:
        quick_deaths = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            status = self._run_once()
            if self._stopping.is_set() or not self._restart:
                break
            quick_deaths = 0 if time.monotonic() - began > STEADY_AFTER else quick_deaths + 1
            pause = PAUSES[min(quick_deaths, len(PAUSES)) - 1] if quick_deaths else PAUSES[0]
            self.restarts += 1
            self._show("failed", f"{ended(status)}: {last_line(self.log)}")
            self._say(f"{self.process.name} {ended(status)}, starting again in {pause:g} s (log: {self.log})")
            self._stopping.wait(pause)
        self._show("stopped", last_line(self.log))

    def _run_once(self) -> int:
        """Start the process, follow it to its end, return its exit status."""
        self._show("starting")
        began = time.monotonic()
        try:
            with self.log.open("ab") as sink:
                self._child = subprocess.Popen(
                    [*leash(), *self.process.command],
                    cwd=ROOT,
                    env=dict(self.process.env),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            self._show("failed", f"{self.process.command[0]}: {error.strerror}")
            return 127
        if self._stopping.is_set():
            self.signal(signal.SIGTERM)
        self._follow(self._child, began)
        status = self._child.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)  # anything it left behind
        return status

    def _follow(self, child: "subprocess.Popen[bytes]", began: float) -> None:
        """Show how the process does until it ends."""
        was_ready = False
        next_look = 0.0
        while child.poll() is None:
            now = time.monotonic()
            if now >= next_look:
                ready = answers(self.process.url + self.process.ready_path)
                if ready and not was_ready:
                    self._say(f"{self.process.name} is ready ({now - began:.1f} s)")
                was_ready = was_ready or ready
                waiting = "not answering" if was_ready else "starting"
                self._show("ready" if ready else waiting, last_line(self.log))
                next_look = now + (5.0 if ready else 0.3)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(LOOK_EVERY)


def ended(status: int) -> str:
    """Say how a process ended."""
    return f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"


def stop_all(groups: Iterable[Iterable[Supervised]], within: float = 10.0) -> list[str]:
    """Stop groups of processes one after the other; return the names of those that had to be killed."""
    groups = [list(group) for group in groups]
    deadline = time.monotonic() + within
    killed = []
    for left, group in zip(range(len(groups), 0, -1), groups, strict=True):
        for one in group:
            one.ask_to_stop()
        share = time.monotonic() + max(0.5, (deadline - time.monotonic()) * (0.7 if left > 1 else 0.9))
        for one in group:
            if not one.join(max(0.0, share - time.monotonic())):
                killed.append(one.process.name)
                one.signal(signal.SIGKILL)
                one.join(2.0)
    return killed
