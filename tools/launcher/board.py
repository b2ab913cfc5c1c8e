"""What the status page shows: steps and processes with their present state, shared between threads."""

import threading
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Line:
    """One step or process on the board."""

    name: str
    title: str
    state: str
    detail: str = ""
    url: str = ""
    restarts: int = 0


@dataclass
class Board:
    """Steps and processes by name; every change is made under one lock."""

    steps: dict[str, Line] = field(default_factory=dict)
    processes: dict[str, Line] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self, what: str, state: str, detail: str) -> None:
        """Take the news of a step; the signature is the listener of `tools.steps.Progress`."""
        with self._lock:
            self.steps[what] = Line(what, what, state, detail)

    def process(self, name: str, title: str, state: str, detail: str = "", url: str = "", restarts: int = 0) -> None:
        """Take the news of a process."""
        with self._lock:
            self.processes[name] = Line(name, title, state, detail, url, restarts)

    def state_of(self, name: str) -> str:
        """Return the present state of a process."""
        with self._lock:
            line = self.processes.get(name)
            return line.state if line else "waiting"

    def ready(self) -> bool:
        """Tell whether every process is ready."""
        with self._lock:
            return bool(self.processes) and all(line.state == "ready" for line in self.processes.values())

    def picture(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        with self._lock:
            return {
                "steps": [asdict(line) for line in self.steps.values()],
                "processes": [asdict(line) for line in self.processes.values()],
                "links": dict(self.links),
                "ready": bool(self.processes) and all(line.state == "ready" for line in self.processes.values()),
            }
