"""Set-up from nothing: uv, the two Pythons, both locked environments and a CPU torch; skips what is current.

Standard library only and Python 3.8 syntax. Run in the project's folder: `python3 -m tools.bootstrap`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.fingerprint import fingerprint
from tools.steps import ROOT, Progress, Stamps, StepFailed, run_logged
from tools.toolchain import UV_VERSION, find_python, find_uv, install_uv

VAR = ROOT / "var"
LOGS = VAR / "log"
TORCH = "2.13.0"


class Environment(NamedTuple):
    """One virtual environment and what it is made from."""

    name: str
    title: str
    version: str
    folder: str
    lock: str
    torch: bool

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return ROOT / self.folder / "bin" / "python"

    def digest(self) -> str:
        """Hash everything that the environment is made from; moving the project counts as a change."""
        return fingerprint(ROOT, [self.lock], self.version, TORCH if self.torch else "", str(ROOT))


BOT = Environment(
    "bot",
    "the assistant's environment, bot/.venv (Rasa)",
    "3.10",
    "bot/.venv",
    "bot/requirements.lock",
    False,
)
APPLICATION = Environment(
    "application", "the application's environment, .venv", "3.11", ".venv", "requirements.lock", True
)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second set-up in the same folder wait for the first."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def uv_env() -> dict[str, str]:
    """Return the environment for uv: compile while installing (Rasa starts 3 times faster)."""
    env = dict(os.environ, UV_COMPILE_BYTECODE="1", UV_NO_PROGRESS="1")
    env.setdefault("UV_HTTP_TIMEOUT", "300")
    env.setdefault("UV_COMPILE_BYTECODE_TIMEOUT", "600")
    env.pop("VIRTUAL_ENV", None)
    return env


def torch_source() -> list[str]:
    """Return where a CPU build of torch comes from: a local folder of wheels, else PyTorch's CPU index."""
    places = os.environ.get("PIP_FIND_LINKS", "").split()
    links = [part for place in places for part in ("--find-links", place)]
    local = any(list(Path(place).glob(f"torch-{TORCH}*")) for place in places)
    return links if local else [*links, "--torch-backend=cpu"]


def already_complete(uv: str, made: Environment) -> bool:
    """Tell whether an environment without a stamp holds exactly what the lock asks for (torch aside)."""
    if not made.python.exists():
        return False
    done = subprocess.run(
        [uv, "pip", "sync", "--dry-run", "--python", str(made.python), made.lock],
        capture_output=True, text=True, check=False, cwd=ROOT, env=uv_env(),
    )  # fmt: skip
    if done.returncode != 0:
        return False
    changes = [line.split()[1] for line in done.stderr.splitlines() if line.startswith((" - ", " + ", " ~ "))]
    if made.torch:
        return [change.split("+")[0] for change in changes] == [f"torch=={TORCH}"]
    return not changes


def build(uv: str, made: Environment, python: str, log: Path) -> None:
    """Make the environment anew or bring it to exactly what the lock says."""
    advice = f"{made.title} could not be built: read the log, free disk or mend the network, and start again."
    if not made.python.exists():
        shutil.rmtree(ROOT / made.folder, ignore_errors=True)
        run_logged([uv, "venv", "--python", python, made.folder], log, advice, uv_env())
    target = ["--python", str(made.python)]
    run_logged([uv, "pip", "sync", *target, made.lock], log, advice, uv_env())
    if made.torch:
        command = [uv, "pip", "install", *target, "--no-deps", *torch_source(), f"torch=={TORCH}"]
        run_logged(command, log, f"The CPU build of torch {TORCH} could not be fetched: {advice}", uv_env())


def set_up(progress: Progress, stamps: Stamps) -> None:
    """Do every step that is not current."""
    log = LOGS / "setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    environments = [BOT, APPLICATION]
    stale = [made for made in environments if not (made.python.exists() and stamps.current(made.name, made.digest()))]
    with progress.step(f"uv {UV_VERSION}, the installer") as step:
        uv = find_uv() if stale else "unused"
        if uv is None:
            uv = install_uv(log)
        else:
            step.unchanged()
    pythons = {}
    with progress.step("Python 3.10 and Python 3.11") as step:
        for made in stale:
            pythons[made.name] = find_python(made.version, uv, log)
        if not stale:
            step.unchanged()
    for made in environments:
        with progress.step(made.title) as step:
            if made not in stale or already_complete(uv, made):
                step.unchanged()
            else:
                stamps.forget(made.name)
                build(uv, made, pythons[made.name], LOGS / f"setup-{made.name}.log")
            stamps.mark(made.name, made.digest())


def main() -> int:
    """Set everything up; return 1 after saying what to do when a step fails."""
    try:
        with one_at_a_time():
            set_up(Progress(4), Stamps(VAR / "stamps"))
    except StepFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; `make setup` goes on where it was.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
