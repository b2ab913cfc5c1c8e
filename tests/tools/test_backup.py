"""Back-up and restore: one private file, the data as it was, keys included, nothing sent twice."""

import asyncio
import sqlite3
import stat
import tarfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from core.clock import FixedClock
from core.db import Database
from core.outbox.holdings import OutboxHolding
from core.privacy.encryption import Keyring, install, parse_keys
from rights import journal
from tests.rights.conftest import IN_FILES, WORDS, World
from tools import backup, credentials
from tools.find_contact import search_files, search_media, search_tables
from tools.installation import Installation, free_ports
from tools.prepare import migrate
from tools.steps import StepFailed

T = TypeVar("T")
STATES = ("queued", "sending", "sent", "uncertain", "failed")


def installed(folder: Path, overrides: dict[str, str] | None = None) -> Installation:
    return Installation(folder, free_ports(), credentials.ensure(folder / "secrets.env"), overrides or {}, "test")


def outbound_rows(columns: dict[str, str]) -> list[tuple[str, list[object]]]:
    """One outbound row in each state, with whatever its table requires."""
    rows = []
    for number, state in enumerate(STATES):
        known = {"id": f"o{number}", "state": state, "turn_id": "t", "position": number}
        values = [
            known.get(name, 0 if "int" in kind.lower() else "2026-11-01 00:00:00") for name, kind in columns.items()
        ]
        rows.append((", ".join(columns), values))
    return rows


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    one = installed(tmp_path / "var")
    migrate(one)
    with sqlite3.connect(one.data_dir / "sahayak.db") as database:
        columns = {row[1]: row[2] for row in database.execute("PRAGMA table_info(outbound)") if row[3]}
        for names, values in outbound_rows(columns):
            marks = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO outbound ({names}) VALUES ({marks})", values)
    database.close()
    (one.data_dir / "media").mkdir()
    (one.data_dir / "media" / "a").write_bytes(b"picture")
    (one.data_dir / "durable.db").write_bytes(b"old")
    return one


def states(folder: Path) -> list[str]:
    database = sqlite3.connect(folder / "sahayak.db")
    try:
        return [row[0] for row in database.execute("SELECT state FROM outbound ORDER BY id")]
    finally:
        database.close()


def test_saved_wiped_restored(here: Installation) -> None:
    saved = backup.save(here)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with tarfile.open(saved) as archive:
        assert "durable.db" not in archive.getnames()
    for name in ("sahayak.db", "durable.db", "secrets.env", "media/a"):
        (here.data_dir / name).unlink()
    after = installed(here.data_dir)
    assert after.secrets != here.secrets
    done = backup.restore(after, saved)
    assert done.uncertain == 2
    assert states(here.data_dir) == ["uncertain", "uncertain", "sent", "uncertain", "failed"]
    assert (here.data_dir / "media" / "a").read_bytes() == b"picture"
    assert credentials.read(here.data_dir / "secrets.env") == dict(here.secrets)
    assert not (here.data_dir / "durable.db").exists()
    assert (done.aside / "secrets.env").exists()


def test_a_registration_that_was_waiting_is_asked_for_after_a_restore(here: Installation) -> None:
    with sqlite3.connect(here.data_dir / "sahayak.db") as database:
        database.execute(
            "INSERT INTO grievance_external"
            " (id, registry, origin, state, attempts, asked, created_at, queued_at, updated_at, next_attempt_at)"
            " VALUES ('e', 'cpgrams', 'ours', 'queued', 0, 0, :at, :at, :at, :at)",
            {"at": "2026-11-01 00:00:00"},
        )
    database.close()
    backup.restore(here, backup.save(here))
    database = sqlite3.connect(here.data_dir / "sahayak.db")
    row = database.execute("SELECT state, error_code, sending_at IS NOT NULL FROM grievance_external").fetchone()
    database.close()
    assert row == ("uncertain", "restored", 1)


def in_the_world(one: Installation, doing: Callable[[World], Awaitable[T]]) -> T:
    """Do something with a contact's data in an installation without its processes."""
    keys, index_key = one.secrets["SAHAYAK_ENCRYPTION_KEYS"], one.secrets["SAHAYAK_INDEX_KEY"]
    install(Keyring(parse_keys(keys), bytes.fromhex(index_key)))

    async def done() -> T:
        database = Database(f"sqlite+aiosqlite:///{one.data_dir / 'sahayak.db'}")
        try:
            return await doing(World(database, FixedClock(datetime.now(UTC) - timedelta(days=10)), one.data_dir))
        finally:
            await database.close()

    return asyncio.run(done())


async def places_of_the_contact(world: World) -> set[str]:
    found = await search_tables(world.db, WORDS) + search_files(world.folder, WORDS, ("*.db", "*.db-wal"))
    return {one.place for one in found + search_media(world.folder / "media", IN_FILES)}


def test_who_was_erased_after_the_backup_is_erased_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = installed(tmp_path / "var")
    migrate(one)
    conversation_id = in_the_world(one, World.everything)
    saved = backup.save(one)
    before = in_the_world(one, places_of_the_contact)
    in_the_world(one, lambda world: world.erased(conversation_id))
    assert in_the_world(one, places_of_the_contact) == set()

    done = backup.restore(one, saved)

    assert (done.erased, done.waiting, done.journal) == (1, 0, True)
    assert len(before) > 10
    assert in_the_world(one, places_of_the_contact) == set()

    journal.path(one.data_dir).unlink()
    done = backup.restore(one, saved)
    backup._tell(one, done)
    assert "There is no " in capsys.readouterr().out
    assert in_the_world(one, places_of_the_contact) == before, "without the journal nothing can know"


def test_a_restore_that_cannot_erase_again_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = installed(tmp_path / "var")
    migrate(one)
    conversation_id = in_the_world(one, World.everything)
    saved = backup.save(one)
    in_the_world(one, lambda world: world.erased(conversation_id))

    async def forgetful(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(OutboxHolding, "erase", forgetful)
    with pytest.raises(StepFailed, match=r"(?s)outbound: .*Do not start"):
        backup.restore(one, saved)


def test_saved_while_another_writes(here: Installation) -> None:
    writer = sqlite3.connect(here.data_dir / "sahayak.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE outbound SET state = 'read'")
    saved = backup.save(here, here.data_dir / "x.tar.gz")
    writer.execute("ROLLBACK")
    writer.close()
    backup.restore(here, saved)
    assert "read" not in states(here.data_dir)


def test_keys_that_change_meanwhile_make_no_backup(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    original = backup._snapshot

    def rotated(source: Path, target: Path) -> None:
        original(source, target)
        credentials.save(here.data_dir / "secrets.env", {**here.secrets, "SAHAYAK_ENCRYPTION_KEYS": "2:" + "22" * 32})

    monkeypatch.setattr(backup, "_snapshot", rotated)
    with pytest.raises(StepFailed, match="make the back-up again"):
        backup.save(here)
    assert list((here.data_dir / "backups").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_a_broken_file_changes_nothing(here: Installation, tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(content)
    with pytest.raises(StepFailed, match="nothing was changed"):
        backup.restore(here, broken)
    assert states(here.data_dir) == list(STATES)


def test_a_path_that_leaves_the_folder_is_refused(here: Installation, tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(evil, "w:gz") as archive:
        archive.add(here.data_dir / "secrets.env", "../escaped")
    with pytest.raises(StepFailed, match="nothing was changed"):
        backup.restore(here, evil)
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.integration
def test_postgresql_is_saved_and_restored(tmp_path: Path, postgres_url: str) -> None:
    url = postgres_url.replace("postgresql", "postgresql+psycopg", 1)
    one = installed(tmp_path / "var", {"SAHAYAK_DATABASE_URL": url, "SAHAYAK_DURABLE_URL": url})
    migrate(one)
    insert = "INSERT INTO heartbeat (executor_id, beat_at) VALUES (%s, now())"
    with psycopg.connect(postgres_url) as connection:
        connection.execute(insert, ["gateway-1"])
        connection.execute("CREATE SCHEMA dbos")
    saved = backup.save(one)
    with psycopg.connect(postgres_url) as connection:
        connection.execute(insert, ["gateway-2"])
    assert backup.restore(one, saved).uncertain == 0
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT executor_id FROM heartbeat").fetchall() == [("gateway-1",)]
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'dbos'").fetchall()
    assert found == []
