"""Numbered set-up steps: printed, skipped when their inputs are unchanged, failing with one sentence.

Standard library only and Python 3.8 syntax, because set-up runs before any environment exists.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TextIO

OFFLINE_SIGNS = ("dns error", "Could not connect", "Connection refused", "timed out", "Network is")
ROOT = Path(__file__).resolve().parent.parent


class StepFailed(Exception):
    """A set-up step could not be done; the message says what to do about it."""

    def __init__(self, advice: str, log: Path | None = None) -> None:
        self.log = log
        super().__init__(advice if log is None else f"{advice} (log: {shown(log)})")


def shown(path: Path) -> str:
    """Return a path as a person types it: relative to the project when inside it."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)


class Step:
    """One running step; code inside marks it as skipped or tells what it is doing."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.outcome = "done"

    def unchanged(self) -> None:
        """Say that nothing had to be done."""
        self.outcome = "unchanged"


class Progress:
    """Prints `[n/m] what … done (seconds)` and tells a listener (the status page) the same."""

    def __init__(
        self,
        total: int,
        listener: Callable[[str, str, str], None] | None = None,
        out: TextIO = sys.stdout,
    ) -> None:
        self.total = total
        self.number = 0
        self._listener = listener
        self._out = out

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Run the body as the next numbered step."""
        self.number += 1
        self._say(f"[{self.number}/{self.total}] {what} … ")
        with self._timed(what, "") as step:
            yield step

    def together(self, works: dict[str, Callable[[Step], None]]) -> None:
        """Run several steps at the same time; when one fails the others are ended and its error is raised."""
        prefixes = {what: f"[{self.number + place}/{self.total}] {what} … " for place, what in enumerate(works, 1)}
        self.number += len(works)

        def one(what: str) -> None:
            with self._timed(what, prefixes[what]) as step:
                works[what](step)

        with ThreadPoolExecutor(len(works)) as pool:
            try:
                for done in as_completed([pool.submit(one, what) for what in works]):
                    done.result()
            except BaseException:
                end_running()
                raise

    @contextlib.contextmanager
    def _timed(self, what: str, prefix: str) -> Iterator[Step]:
        step = Step(what)
        began = time.monotonic()
        self._tell(what, "running")
        try:
            yield step
        except BaseException as error:
            self._say(f"{prefix}failed ({time.monotonic() - began:.1f} s)\n")
            self._tell(what, "failed", str(error))
            raise
        took = f"{time.monotonic() - began:.1f} s"
        self._say(f"{prefix}{step.outcome} ({took})\n")
        self._tell(what, step.outcome, took)

    def _say(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def _tell(self, what: str, state: str, detail: str = "") -> None:
        if self._listener is not None:
            self._listener(what, state, detail)


class Stamps:
    """Remembers for each step the hash of the inputs it last succeeded with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self, name: str, digest: str) -> bool:
        """Tell whether the step last succeeded with exactly these inputs."""
        try:
            return (self.folder / name).read_text("ascii").strip() == digest
        except OSError:
            return False

    def mark(self, name: str, digest: str) -> None:
        """Record success, by a rename so that a half-written stamp cannot be read."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.folder / f".{name}.{os.getpid()}"
        half.write_text(digest + "\n", "ascii")
        half.replace(self.folder / name)

    def forget(self, name: str) -> None:
        """Remove a stamp, so that an interrupted step is done again."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / name).unlink()


def run_logged(
    command: list[str],
    log: Path,
    advice: str,
    env: dict[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """Run a command with its output in a log file; raise `StepFailed` with the advice if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as sink:
            sink.write(("$ " + " ".join(command) + "\n").encode())
            sink.flush()
            status = _follow(
                subprocess.Popen(
                    command, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env, cwd=cwd
                )
            )
    except OSError as error:
        raise StepFailed(f"{command[0]} could not be started ({error.strerror}). {advice}", log) from error
    if status != 0:
        raise StepFailed(_explained(log, advice), log)


_RUNNING: set[subprocess.Popen[bytes]] = set()


def _follow(child: subprocess.Popen[bytes]) -> int:
    """Wait for a command; it does not outlive an interruption."""
    _RUNNING.add(child)
    try:
        return child.wait()
    except BaseException:
        child.kill()
        child.wait()
        raise
    finally:
        _RUNNING.discard(child)


def end_running() -> None:
    """End the commands that other threads wait for."""
    for child in list(_RUNNING):
        with contextlib.suppress(ProcessLookupError):
            child.terminate()


def _explained(log: Path, advice: str) -> str:
    """Put the causes that a newcomer meets most often into words, else give the general advice."""
    tail = log.read_bytes()[-20_000:].decode("utf-8", "replace")
    tail = tail.rsplit("\n$ ", 1)[-1]  # of the last command only
    if "No space left on device" in tail:
        return "The disk is full: free about 4 GB and start again."
    if any(sign in tail for sign in OFFLINE_SIGNS):
        return "The package registry could not be reached: check network and proxy settings, start again."
    return advice
