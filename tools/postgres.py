"""A PostgreSQL server for tests: the one that SAHAYAK_TEST_POSTGRES names, else a private one in a scratch folder."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

VARIABLE = "SAHAYAK_TEST_POSTGRES"
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


class PostgresMissing(RuntimeError):
    """Neither a server nor the programs to start one are there."""


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl: Debian keeps them outside PATH."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "pg_ctl").exists():
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return folders[-1].parent if folders else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Give the URL of a server (`postgresql://…/postgres`) whose databases may be created and dropped.

    Raises:
        PostgresMissing: No server is named and none can be started.
    """
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    folder = programs()
    if folder is None:
        raise PostgresMissing(f"PostgreSQL is missing: install `postgresql`, or set {VARIABLE} to a server's URL")
    data = Path(tempfile.mkdtemp(prefix="sahayak-pg-"))
    try:
        with _started(folder, data) as url:
            yield url
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextlib.contextmanager
def _started(folder: Path, data: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_owner = _owner(data)
    cluster = str(data / "cluster")
    run = [*as_owner, str(folder / "initdb"), "-D", cluster, "-U", "sahayak", "-A", "trust", "-N", "-E", "UTF8"]
    _run([*run, "--locale=C.UTF-8"])
    options = f"-h 127.0.0.1 -p {port} -k {data} {OPTIONS}"
    control = [*as_owner, str(folder / "pg_ctl"), "-D", cluster, "-w", "-t", "30"]
    _run([*control, "-l", str(data / "log"), "-o", options, "start"])
    try:
        yield f"postgresql://sahayak@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _owner(data: Path) -> list[str]:
    """PostgreSQL refuses to run as root: give the folder to another account and run as that."""
    if os.geteuid() != 0:
        return []
    name = next((name for name in ("postgres", "nobody") if _exists(name)), None)
    setpriv = shutil.which("setpriv")
    if name is None or setpriv is None:
        raise PostgresMissing(f"as root a second account and setpriv are needed, or set {VARIABLE}")
    account = pwd.getpwnam(name)
    os.chown(data, account.pw_uid, account.pw_gid)
    return [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    if done.returncode != 0:
        raise PostgresMissing(f"a private PostgreSQL could not be run: {(done.stderr or done.stdout).strip()[-300:]}")


@contextlib.contextmanager
def database(server_url: str) -> Iterator[str]:
    """Create a database of its own and drop it afterwards; give its plain `postgresql://` URL."""
    name = "test_" + secrets.token_hex(6)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server_url.rsplit("/", 1)[0] + "/" + name
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
