"""What the measuring machine is and how busy it was with other things."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
WATCHED_SECONDS = 2.0


@dataclass(frozen=True)
class Facts:
    """The machine, before anything was started."""

    cores: int
    processor: str
    memory_gb: float
    system: str
    python: str
    load: float
    busy: float

    def lines(self) -> list[str]:
        """Say it in words."""
        return [
            f"machine: {self.cores} cores ({self.processor}), {self.memory_gb:.0f} GB, {self.system}, {self.python}",
            f"before the start: load {self.load:.2f}, {100 * self.busy:.0f} % of the processor time in use"
            + (" (busy with other things: the figures say less)" if self.busy > 0.15 else ""),
        ]


def load() -> float:
    """Return the average length of the run queue over the last minute."""
    return os.getloadavg()[0]


def facts() -> Facts:
    """Look at the machine; takes two seconds of watching."""
    return Facts(
        cores=len(os.sched_getaffinity(0)),
        processor=_field(PROC / "cpuinfo", "model name") or platform.machine(),
        memory_gb=float((_field(PROC / "meminfo", "MemTotal") or "0 kB").split()[0]) / 1024**2,
        system=platform.platform(terse=True),
        python=f"Python {platform.python_version()}",
        load=load(),
        busy=busy(),
    )


def busy(seconds: float = WATCHED_SECONDS) -> float:
    """Return the share of all processor time that was used, by anyone, while watching."""
    idle, total = _processor_time()
    time.sleep(seconds)
    idle_after, total_after = _processor_time()
    return 1 - (idle_after - idle) / max(1, total_after - total)


def _processor_time() -> tuple[int, int]:
    spent = [int(word) for word in (PROC / "stat").read_text("ascii").splitlines()[0].split()[1:9]]
    return spent[3] + spent[4], sum(spent)


def resident_mb(pid: int) -> float:
    """Return the memory that a process and its children hold, in MB."""
    own = (_field(PROC / str(pid) / "status", "VmRSS") or "0 kB").split()[0]
    return int(own) / 1024 + sum(resident_mb(child) for child in _children(pid))


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, whatever else the machine did meanwhile."""
    words = (PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def age() -> float:
    """Return the seconds since this process was started, its imports included."""
    started = int((PROC / "self" / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    try:
        listed = (PROC / str(pid) / "task" / str(pid) / "children").read_text("ascii")
    except OSError:
        return []
    return [int(word) for word in listed.split()]


def _field(path: Path, name: str) -> str:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == name), "")
