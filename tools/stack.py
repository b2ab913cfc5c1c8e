"""A whole stack for tests: real processes on free ports, its own data folder, cached model and index."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tools import credentials
from tools.installation import Installation, Process, free_ports
from tools.launcher.board import Board
from tools.launcher.supervisor import Supervised, last_line, stop_all
from tools.prepare import prepare, steps
from tools.steps import Progress


class NotReady(AssertionError):
    """A process of the stack did not become ready in time."""


class Stack:
    """Starts everything on entry and stops it on exit; processes can be killed, started again and read between.

    A process that dies stays dead until the test starts it again, unless `restart` is given.

    Example:
        with Stack() as stack:
            httpx.get(stack.url("gateway") + "/health")
            stack.kill("gateway")
            stack.start("gateway")
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        overrides: Mapping[str, str] | None = None,
        *,
        only: Iterable[str] | None = None,
        profile: str = "test",
        restart: bool = False,
        ready_within: float = 120.0,
    ) -> None:
        self._own_folder = data_dir is None
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="sahayak-stack-"))
        self._only = None if only is None else set(only)
        self._restart = restart
        self._ready_within = ready_within
        self.board = Board()
        self._described: dict[str, Process] = {}
        self._supervised: dict[str, Supervised] = {}
        self.installation = Installation(
            data_dir=self.data_dir,
            ports=free_ports(),
            secrets=credentials.ensure(self.data_dir / "secrets.env"),
            overrides=dict(overrides or {}),
            profile=profile,
        )

    # --- life -------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            with open(os.devnull, "w", encoding="utf-8") as silence:  # noqa: PTH123 - a device
                prepare(self.installation, Progress(steps(self.installation), out=silence))
            for process in self.installation.processes():
                if self._only is None or process.name in self._only:
                    self._described[process.name] = process
                    self._supervise(process, wait=False)
            for name in list(self._supervised):
                self.wait_ready(name)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> list[str]:
        """Stop every process; return the names of those that did not stop when asked."""
        first = [
            one for name, one in self._supervised.items() if name.startswith(("gateway", "webhooks", "simulators"))
        ]
        rest = [one for one in self._supervised.values() if one not in first]
        killed = stop_all([first, rest])
        if self._own_folder and not os.environ.get("KEEP_STACK"):
            shutil.rmtree(self.data_dir, ignore_errors=True)
        return killed

    # --- processes --------------------------------------------------------------------------------------

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process (SIGKILL if not told otherwise) and, when it kills, wait for the end."""
        one = self._supervised[name]
        one.signal(number)
        if number == signal.SIGKILL and not self._restart and not one.join(10.0):
            raise NotReady(f"{name} did not end after SIGKILL")

    def terminate(self, name: str, within: float = 15.0) -> bool:
        """Ask a process to end and wait; return whether it did in time."""
        self._supervised[name].ask_to_stop()
        return self._supervised[name].join(within)

    def start(self, name: str, extra: Mapping[str, str] | None = None, *, wait: bool = True) -> None:
        """Start a dead process again, perhaps with more variables for this one life (an armed crash point)."""
        if self.running(name):
            raise NotReady(f"{name} still runs")
        process = self._described[name]
        self._supervise(replace(process, env={**process.env, **(extra or {})}), wait=wait)

    def start_copy(self, kind: str, name: str, extra: Mapping[str, str] | None = None, *, wait: bool = True) -> None:
        """Start one more process of a kind under a new name like `gateway-2`, on a free port."""
        self._described[name] = self.installation.copy_of(kind, free_ports()[kind], name, extra)
        self._supervise(self._described[name], wait=wait)

    def _supervise(self, process: Process, *, wait: bool) -> None:
        one = Supervised(process, self.installation.logs, self.board, restart=self._restart)
        self._supervised[process.name] = one
        one.start()
        if wait:
            self.wait_ready(process.name)

    def wait_ready(self, name: str, within: float | None = None) -> None:
        """Wait until a process answers; raise `NotReady` with its last log line if it does not or dies."""
        deadline = time.monotonic() + (within or self._ready_within)
        while self.board.state_of(name) != "ready":
            state = self.board.state_of(name)
            if time.monotonic() > deadline or state in ("failed", "stopped"):
                raise NotReady(f"{name} is {state}: {last_line(self._supervised[name].log)}")
            time.sleep(0.05)

    def running(self, name: str) -> bool:
        """Whether a process runs now."""
        return self._supervised[name].running

    def pid(self, name: str) -> int | None:
        """A process's id, or None when it does not run."""
        return self._supervised[name].pid

    # --- what tests read --------------------------------------------------------------------------------

    def url(self, name: str) -> str:
        """Base address of a process."""
        return self._supervised[name].process.url if name in self._supervised else self.installation.url(name)

    def log(self, name: str) -> str:
        """Everything that a process has written."""
        path = self.installation.logs / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def env(self) -> dict[str, str]:
        """Every variable of ours, for tools that a test starts itself."""
        return self.installation.variables()

    @property
    def secrets(self) -> Mapping[str, str]:
        """The generated secrets."""
        return self.installation.secrets
