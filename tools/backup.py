"""Saves an installation into one private file and puts it back; after that nothing is sent twice, nobody comes back.

Saved are the database, media, Rasa's trackers and the secrets without which they cannot be read. The durable
engine's own state is not: the rows say what is unanswered, and an old engine's memory beside new rows would lie.
Contacts who were erased after a back-up was made are erased again by the journal that lies beside the back-ups.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from core.clock import SystemClock
from core.db import Database
from core.errors import SahayakError
from core.media.service import MediaStore
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install, parse_keys
from grievances.registries import service as registries
from rights import journal
from rights.settings import RightsSettings
from rights.stores import stores
from tools import credentials
from tools.installation import Installation, busy_ports, local
from tools.prepare import migrate
from tools.steps import StepFailed, shown

DATABASES = ("sahayak.db", "trackers.db")
FOLDERS = ("media", "simulator")
SECRETS = "secrets.env"
DUMP = "sahayak.dump"
FORGOTTEN = ("durable.db", "durable.db-wal", "durable.db-shm")


def database_url(installation: Installation) -> str:
    """Return the application's database URL as set, or empty for SQLite in the data folder."""
    url = installation.variables().get("SAHAYAK_DATABASE_URL", "")
    return "" if url.startswith("sqlite") else url


def plain(url: str) -> str:
    """Turn an SQLAlchemy URL into one that PostgreSQL's own programs read."""
    return url.replace("postgresql+psycopg", "postgresql", 1)


# --- save -----------------------------------------------------------------------------------------------


def save(installation: Installation, target: Path | None = None) -> Path:
    """Write the back-up, also while everything runs, and return where it is.

    Raises:
        StepFailed: A program is missing, or the keys were changed meanwhile.
    """
    secrets = credentials.read(installation.data_dir / SECRETS)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = target or installation.data_dir / "backups" / f"sahayak-{stamp}.tar.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, _private(half) as archive:
        url = database_url(installation)
        if url:
            _dump(plain(url), Path(scratch) / DUMP)
            archive.add(Path(scratch) / DUMP, DUMP)
        for name in DATABASES:
            if (installation.data_dir / name).exists() and not (url and name == DATABASES[0]):
                _snapshot(installation.data_dir / name, Path(scratch) / name)
                archive.add(Path(scratch) / name, name)
        # After the database: every file that a row names is there then.
        for name in (*FOLDERS, SECRETS):
            if (installation.data_dir / name).exists():
                archive.add(installation.data_dir / name, name)
        # Beside the keys of another moment the data could not be read.
        if credentials.read(installation.data_dir / SECRETS) != secrets:
            raise StepFailed("The keys were changed meanwhile (`make rotate-keys`): make the back-up again.")
    half.replace(target)
    return target


@contextlib.contextmanager
def _private(path: Path) -> Iterator[tarfile.TarFile]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
            yield archive
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _snapshot(source: Path, target: Path) -> None:
    """Copy a SQLite database in one consistent state while others write to it."""
    with contextlib.closing(sqlite3.connect(source)) as live, contextlib.closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _dump(url: str, target: Path) -> None:
    _postgres(["pg_dump", "--format=custom", "--no-owner", f"--file={target}", url])


def _postgres(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        raise StepFailed(f"{command[0]} is missing: install `postgresql-client`.")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StepFailed(f"{command[0]} failed: {done.stderr.strip()[-300:]}")


# --- restore --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        uncertain: How many pending messages may have gone out since.
        aside: Where the data of before lies.
        erased: How many contacts were erased again.
        waiting: How many requests for an erasure wait.
        journal: Whether there was a journal of erasures.
    """

    uncertain: int
    aside: Path
    erased: int
    waiting: int
    journal: bool


def restore(installation: Installation, source: Path) -> Restored:
    """Put a back-up in the place of the present data, which is moved aside, never deleted.

    Raises:
        StepFailed: Sahayak runs, the file is no back-up, or a contact could not be erased again.
    """
    if busy_ports({name: port for name, port in installation.ports.items() if name in ("gateway", "actions")}):
        raise StepFailed("Sahayak seems to run: stop it (Ctrl-C in its terminal) and start again.")
    if not source.is_file():
        raise StepFailed(f"{shown(source)} is no file: make restore from=FILE")
    data = installation.data_dir
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as scratch:
        fresh = Path(scratch)
        _unpack(source, fresh)
        aside = _move_aside(data, {path.name for path in fresh.iterdir()})
        for path in fresh.iterdir():
            if path.name != DUMP:
                path.rename(data / path.name)
        url = database_url(installation)
        if (fresh / DUMP).exists():
            if not url:
                raise StepFailed("This back-up is of a PostgreSQL database: set SAHAYAK_DATABASE_URL to an empty one.")
            _postgres(
                ["pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={plain(url)}", str(fresh / DUMP)]
            )
    _forget_engine(installation)
    again = Installation(
        data, installation.ports, credentials.ensure(data / SECRETS), installation.overrides, installation.profile
    )
    migrate(again)
    uncertain = asyncio.run(_nothing_is_sent_again(again))
    erased, waiting = asyncio.run(_nobody_comes_back(again))
    return Restored(uncertain, aside, erased, waiting, journal.path(data).exists())


def _unpack(source: Path, target: Path) -> None:
    try:
        with tarfile.open(source) as archive:
            archive.extractall(target, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StepFailed(f"{shown(source)} cannot be read as a back-up ({error}); nothing was changed.") from error
    if not any((target / name).exists() for name in (DATABASES[0], DUMP)):
        raise StepFailed(f"{shown(source)} holds no database; nothing was changed.")


def _move_aside(data: Path, coming: set[str]) -> Path:
    aside = data / "backups" / f"before-restore-{datetime.now(UTC).strftime('%Y%m%d-%H%M%S-%f')}"
    aside.mkdir(parents=True, mode=0o700)
    journals = {name + end for name in DATABASES for end in ("-wal", "-shm")}
    for name in sorted({*coming, *journals, *FORGOTTEN, DATABASES[0], SECRETS} - {DUMP}):
        if (data / name).exists():
            (data / name).rename(aside / name)
    return aside


def _forget_engine(installation: Installation) -> None:
    """Empty the durable engine's database where it is not a file that was moved aside."""
    url = installation.variables().get("SAHAYAK_DURABLE_URL", "")
    if url.startswith("postgresql"):
        with psycopg.connect(plain(url), autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS dbos CASCADE")


def _database(installation: Installation) -> Database:
    return Database(database_url(installation) or f"sqlite+aiosqlite:///{installation.data_dir / DATABASES[0]}")


async def _nothing_is_sent_again(installation: Installation) -> int:
    """Make every pending message and registration uncertain: it may have gone out since the back-up was made."""
    database = _database(installation)
    try:
        async with database.transaction() as session:
            await registries.all_sending_to_uncertain(session, SystemClock().now())
            return await outbox.all_sending_to_uncertain(session)
    finally:
        await database.close()


async def _nobody_comes_back(installation: Installation) -> tuple[int, int]:
    """Erase again whoever was erased since the back-up was made; return how many, and how many requests wait.

    What lies outside the database is asked to forget as soon as the gateway runs.
    """
    lines = journal.read(journal.path(installation.data_dir))
    if not lines:
        return 0, 0
    given = installation.variables()
    keys, index_key = parse_keys(given["SAHAYAK_ENCRYPTION_KEYS"]), bytes.fromhex(given["SAHAYAK_INDEX_KEY"])
    install(Keyring(keys, index_key))
    holdings = stores(MediaStore(installation.data_dir / "media"))
    database = _database(installation)
    try:
        async with database.transaction() as session:
            done = await journal.replay(session, lines, holdings, settings=RightsSettings(), now=SystemClock().now())
        await database.scrub()
    except SahayakError as error:
        raise StepFailed(
            f"The data is back, but who was erased since could not be erased again ({error}). "
            f"Do not start Sahayak on it: put the cause right and restore once more."
        ) from error
    finally:
        await database.close()
    return done


def main() -> int:
    """Save or restore the local installation."""
    parser = argparse.ArgumentParser(description=__doc__)
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("save").add_argument("to", nargs="?", type=Path)
    doing.add_parser("restore").add_argument("source", nargs="?", type=Path)
    options = parser.parse_args()
    try:
        if options.doing == "save":
            saved = save(local(), options.to)
            print(f"Saved to {shown(saved)}. It holds the keys too: guard it like the data.")
        elif options.source is None:
            print("Say which back-up: make restore from=FILE")
            return 1
        else:
            installation = local()
            os.environ.update(installation.env("RIGHTS_"))
            _tell(installation, restore(installation, options.source))
    except StepFailed as failure:
        print(failure)
        return 1
    return 0


def _tell(installation: Installation, done: Restored) -> None:
    print(f"Restored. {done.uncertain} pending messages are uncertain now and are not sent again by themselves.")
    if done.journal:
        print(f"{done.erased} contacts who were erased since were erased again; {done.waiting} requests wait.")
    else:
        print(
            f"There is no {shown(journal.path(installation.data_dir))}: if anybody was erased since the back-up, "
            "put that file of the other machine there and restore once more."
        )
    print(f"The data of before lies in {shown(done.aside)}: remove it when all is well, personal data is in it.")


if __name__ == "__main__":
    sys.exit(main())
