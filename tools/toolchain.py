"""Finds what set-up needs on a bare machine, or fetches it: the `uv` program, Python 3.10 and Python 3.11.

Standard library only and Python 3.8 syntax, because set-up runs before any environment exists.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from tools.steps import ROOT, StepFailed, run_logged

UV_VERSION = "0.13.9"
TOOLS = ROOT / ".tools"
RELEASES = "https://github.com/astral-sh/uv/releases/download"
PROBE = "import sys, sqlite3, ssl, zlib; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


# --- uv -------------------------------------------------------------------------------------------------


def find_uv() -> str | None:
    """Return a usable uv: the one in `.tools/` first (it has the tried version), then one in PATH."""
    for candidate in (TOOLS / "bin" / "uv", shutil.which("uv")):
        if candidate is not None and _answers([str(candidate), "--version"]):
            return str(candidate)
    return None


def install_uv(log: Path) -> str:
    """Put uv into `.tools/`: by pip, by a throw-away environment with pip, or from its official archive."""
    for way in (_by_pip, _by_venv, _by_archive):
        with contextlib.suppress(StepFailed, OSError, tarfile.TarError, subprocess.SubprocessError):
            way(log)
        found = find_uv()
        if found is not None:
            return found
    raise StepFailed(
        f"uv {UV_VERSION} could not be installed: check the network or proxy, or install uv yourself "
        "(any way that puts `uv` in PATH) and start again.",
        log,
    )


def _by_pip(log: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(TOOLS)]
    run_logged([*command, f"uv=={UV_VERSION}"], log, "")


def _by_venv(log: Path) -> None:
    run_logged([sys.executable, "-m", "venv", str(TOOLS / "venv")], log, "")
    inside = TOOLS / "venv" / "bin"
    run_logged([str(inside / "python"), "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"], log, "")
    (TOOLS / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy2(inside / "uv", TOOLS / "bin" / "uv")


def _by_archive(_log: Path) -> None:
    name = f"uv-{_machine()}.tar.gz"
    address = f"{RELEASES}/{UV_VERSION}/{name}"
    archive = _download(address)
    expected = _download(address + ".sha256").decode("ascii").split()[0]
    if hashlib.sha256(archive).hexdigest() != expected:
        raise StepFailed("The downloaded uv does not match its published checksum.")
    (TOOLS / "bin").mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as box:
        for member in box.getmembers():
            content = box.extractfile(member) if Path(member.name).name == "uv" else None
            if content is not None:
                (TOOLS / "bin" / "uv").write_bytes(content.read())
                (TOOLS / "bin" / "uv").chmod(0o755)


def _download(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - constant https
        return bytes(answer.read())


def _machine() -> str:
    arch = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    system = "apple-darwin" if sys.platform == "darwin" else "unknown-linux-gnu"
    return f"{arch}-{system}"


def _answers(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


# --- Python ---------------------------------------------------------------------------------------------


def _candidates(version: str) -> Iterable[Path]:
    """Yield possible interpreters: every `pythonX.Y` in PATH, then pyenv's versions, newest patch first."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder or ".") / f"python{version}"
    for base in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")):
        if base:
            yield from sorted(
                Path(base).glob(f"versions/{version}.*/bin/python"),
                key=lambda path: [int(part) if part.isdigit() else 0 for part in path.parts[-3].split(".")],
                reverse=True,
            )


def probe(candidate: Path, version: str) -> str | None:
    """Return the real interpreter behind a candidate if it runs, has that version and the modules we need.

    Each is run: a pyenv shim answers only for selected versions, and one without sqlite3 is of no use.
    """
    if not candidate.exists():
        return None
    try:
        done = subprocess.run(
            [str(candidate), "-I", "-c", PROBE], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    return lines[1] if done.returncode == 0 and len(lines) == 2 and lines[0] == version else None


def find_python(version: str, uv: str, log: Path) -> str:
    """Return a Python of exactly this minor version: in PATH, in pyenv, known to uv, else fetched by uv.

    Another minor version is never taken: Rasa 3.6 needs 3.10, and the durable engine does not start on
    Python 3.12 or newer where the system's SQLite is older than 3.42 (Debian 12).
    """
    for candidate in _candidates(version):
        found = probe(candidate, version)
        if found is not None:
            return found
    if not _answers([uv, "python", "find", "--no-project", version]):
        advice = f"Python {version} was not found or fetched: install it (PATH or pyenv), start again."
        run_logged([uv, "python", "install", version], log, advice)
    done = subprocess.run([uv, "python", "find", "--no-project", version], capture_output=True, text=True, check=False)
    found = probe(Path(done.stdout.strip() or "missing"), version)
    if found is None:
        raise StepFailed(f"The Python {version} found lacks sqlite3 or ssl: install a complete one.", log)
    return found
