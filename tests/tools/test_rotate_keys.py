"""A new key while everything runs: every value and file under it, nothing lost, whenever it is interrupted."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import FixedClock
from core.conversations import service as conversations
from core.db import Database
from core.media import service as media
from core.media.service import MediaStore
from core.privacy import encryption
from core.privacy.encryption import FollowingKeyring, Keyring, Undecipherable, install, keyring
from grievances import service as grievances
from tests.rights.conftest import IN_FILES, TUESDAY, WORDS, World
from tests.rights.conftest import rights_template as rights_template
from tools import credentials, rotate_keys
from tools.find_contact import search_media, search_tables
from tools.installation import Installation, free_ports
from tools.rotate_keys import KEYS, RETIRING, Rotation, sealed_columns
from tools.steps import StepFailed

pytestmark = pytest.mark.thorough

INDEX_KEY = bytes(32)
OLD = "1:" + "11" * 32


class Stopped(BaseException):
    """The tool was killed."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    from tests.core.conftest import create_tables

    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'sahayak.db'}"
        create_tables(f"sqlite:///{tmp_path / 'sahayak.db'}")
    else:
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
        create_tables(url)
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets.env"
    credentials.save(path, {KEYS: OLD, "SAHAYAK_INDEX_KEY": INDEX_KEY.hex(), "BOT_TOKEN": "x"})
    return path


@pytest.fixture(autouse=True)
def process(secrets_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FollowingKeyring]:
    """The keyring of a process that follows the file; the tool's own is kept apart from it."""
    monkeypatch.setattr(encryption, "FOLLOWS_WITHIN", 0.0)
    ring = FollowingKeyring(secrets_file, {1: bytes(32)}, INDEX_KEY)
    install(ring)
    yield ring
    install(Keyring({1: bytes(range(32))}, bytes(32)))


@pytest.fixture
def world(db: Database, tmp_path: Path) -> World:
    return World(db, FixedClock(TUESDAY), tmp_path)


def rotation(world: World, secrets_file: Path, **more: Any) -> Rotation:
    return Rotation(world.db, world.store, secrets_file, INDEX_KEY, settle=0.0, say=lambda _line: None, **more)


async def key_ids(db: Database) -> set[int]:
    """Under which keys the values lie."""
    found: set[int] = set()
    async with db.reading() as session:
        for sealed in sealed_columns():
            column, table = sealed.column.name, sealed.table.name
            rows = await session.execute(text(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'))
            found |= {bytes(row[0])[0] for row in rows}
    return found


async def readable(world: World) -> set[tuple[str, int]]:
    """Where the words of the contact can be read, and how often."""
    found = await search_tables(world.db, WORDS) + search_media(world.folder / "media", IN_FILES)
    return {(one.place, one.count) for one in found}


async def sealed_values(world: World) -> int:
    """How many values and files are encrypted."""
    total = len(world.files())
    async with world.db.reading() as session:
        for sealed in sealed_columns():
            column, table = sealed.column.name, sealed.table.name
            total += await session.scalar(text(f'SELECT count("{column}") FROM "{table}"')) or 0
    return total


async def test_everything_lies_under_the_new_key_and_the_old_one_is_gone(
    world: World, secrets_file: Path, process: FollowingKeyring
) -> None:
    conversation_id = await world.everything()
    assert await key_ids(world.db) == {1}
    before, sealed = await readable(world), await sealed_values(world)
    assert len([place for place, _ in before if place.startswith("media/")]) == 2

    total = await rotation(world, secrets_file).run()

    assert total == sealed >= 40
    assert await key_ids(world.db) == {2}
    assert {path.read_bytes()[0] for path in world.files()} == {2}
    after = credentials.read(secrets_file)
    assert after[KEYS].startswith("2:")
    assert "," not in after[KEYS]
    assert RETIRING not in after
    assert after["BOT_TOKEN"] == "x"
    assert secrets_file.stat().st_mode & 0o777 == 0o600
    install(process)
    assert await readable(world) == before
    async with world.db.reading() as session:
        assert await grievances.verify(session) is None
        assert (await conversations.get(session, conversation_id)).contact_name == "Quetzal Profilename"
    assert await world.write("hello", number="+910000047110") == conversation_id, "the index key stays"

    await rotation(world, secrets_file).run()
    assert await key_ids(world.db) == {3}


def interrupt_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int) -> None:
    original, left = getattr(owner, name), [times]

    def counted() -> None:
        if left[0] == 0:
            raise Stopped
        left[0] -= 1

    async def asynchronous(*args: Any, **named: Any) -> Any:
        counted()
        return await original(*args, **named)

    def plain(*args: Any, **named: Any) -> Any:
        counted()
        return original(*args, **named)

    monkeypatch.setattr(owner, name, asynchronous if asyncio.iscoroutinefunction(original) else plain)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("owner", "name", "times"),
    [
        (Rotation, "_install", 0),
        *[(Rotation, "_rewrite", times) for times in (0, 1, 5, 9, 30)],
        (media, "rewrite", 1),
        (Rotation, "_read_everything", 0),
        (Rotation, "_retire", 0),
        *[(credentials, "save", times) for times in (0, 1, 2)],
        *[(Rotation, "_pass", times) for times in (1, 2, 3)],
    ],
)
async def test_interrupted_anywhere_and_gone_on(
    world: World,
    secrets_file: Path,
    process: FollowingKeyring,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    times: int,
) -> None:
    await world.everything()
    before = await readable(world)
    monkeypatch.setattr(rotate_keys, "BATCH", 3)
    with monkeypatch.context() as patched:
        interrupt_after(patched, owner, name, times)
        with pytest.raises(Stopped):
            await rotation(world, secrets_file).run()
    install(process)
    assert await readable(world) == before, "what runs must be able to read everything at every moment"

    await rotation(world, secrets_file).run()

    assert await key_ids(world.db) == {2}
    assert "," not in credentials.read(secrets_file)[KEYS]
    install(process)
    assert await readable(world) == before


async def test_what_is_written_and_erased_meanwhile_is_neither_lost_nor_brought_back(
    world: World, secrets_file: Path, process: FollowingKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = await world.everything()
    await world.desk.erase(erased, "en")
    monkeypatch.setattr(rotate_keys, "BATCH", 5)
    original = Rotation._column
    told: list[str] = []

    async def meanwhile(self: Rotation, sealed: Any, target: int) -> int:
        changed = await original(self, sealed, target)
        tools_ring = keyring()
        install(process)
        if len(told) < 12:
            told.append(await world.write(f"written meanwhile {len(told)}", number="+910000047222"))
        elif len(told) == 12:
            told.append("")
            world.pass_time(hours=48)
            await world.rounds.run()
        install(tools_ring)
        return changed

    monkeypatch.setattr(Rotation, "_column", meanwhile)
    await rotation(world, secrets_file).run()
    install(process)
    assert await key_ids(world.db) == {2}
    assert await search_tables(world.db, WORDS) == []
    assert world.files() == []
    found = {one.place: one.count for one in await search_tables(world.db, ["written meanwhile"])}
    assert found["message.content"] >= 12


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
async def test_a_process_that_does_not_follow_keeps_the_old_key_alive(
    world: World, secrets_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.everything()
    deaf = Keyring({1: bytes.fromhex("11" * 32)}, INDEX_KEY)
    numbers = count(910000047300)  # somebody new each time: it cannot read what was encrypted anew
    original = Rotation._pass

    async def with_a_writer(self: Rotation) -> int:
        changed = await original(self)
        tools_ring = keyring()
        install(deaf)
        await world.write("from the deaf one", number=f"+{next(numbers)}")
        install(tools_ring)
        return changed

    monkeypatch.setattr(Rotation, "_pass", with_a_writer)
    with pytest.raises(StepFailed, match="does not follow"):
        await rotation(world, secrets_file).run()
    assert [entry.split(":")[0] for entry in credentials.read(secrets_file)[KEYS].split(",")] == ["2", "1"]

    # One that writes so late that only the look after retiring finds it.
    passes = []

    async def at_the_last_moment(self: Rotation) -> int:
        passes.append(1)
        if RETIRING in credentials.read(secrets_file):
            tools_ring = keyring()
            install(deaf)
            await world.write("at the last moment", number=f"+{next(numbers)}")
            install(tools_ring)
        return await original(self)

    monkeypatch.setattr(Rotation, "_pass", at_the_last_moment)
    with pytest.raises(StepFailed, match="still encrypts"):
        await rotation(world, secrets_file).run()
    kept = credentials.read(secrets_file)
    assert RETIRING not in kept
    assert [entry.split(":")[0] for entry in kept[KEYS].split(",")] == ["2", "1"]
    monkeypatch.setattr(Rotation, "_pass", original)
    await rotation(world, secrets_file).run()
    assert await key_ids(world.db) == {2}


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
async def test_an_altered_value_is_named_and_nothing_is_retired(world: World, secrets_file: Path) -> None:
    await world.everything()
    async with world.db.transaction() as session:
        await session.execute(text("UPDATE message SET content = CAST(x'01' || randomblob(40) AS BLOB) WHERE id = 1"))
    with pytest.raises(StepFailed, match=r"message\.content of 1"):
        await rotation(world, secrets_file).run()
    assert "," in credentials.read(secrets_file)[KEYS]


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_ids_begin_again_after_255(world: World, secrets_file: Path) -> None:
    credentials.save(secrets_file, {KEYS: "255:" + "11" * 32})
    rotation(world, secrets_file)._begin()
    assert credentials.read(secrets_file)[KEYS].startswith("1:")


def test_a_process_reads_what_a_newer_one_wrote_and_keeps_its_keys_while_the_file_is_away(
    secrets_file: Path, process: FollowingKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "FOLLOWS_WITHIN", 1e9)
    first = process.encrypt(b"one", "a.b")
    newer = Keyring({2: bytes.fromhex("22" * 32)}, INDEX_KEY).encrypt(b"two", "a.b")
    with pytest.raises(Undecipherable):
        process.decrypt(newer, "a.b")
    credentials.save(secrets_file, {KEYS: f"2:{'22' * 32},{OLD}"})
    assert process.decrypt(newer, "a.b") == b"two"
    assert process.current == 2
    for broken in ("", f"{KEYS}=nonsense", "x"):
        secrets_file.write_text(broken, "utf-8")
        monkeypatch.setattr(encryption, "FOLLOWS_WITHIN", 0.0)
        assert process.decrypt(process.encrypt(b"three", "a.b"), "a.b") == b"three"
    secrets_file.unlink()
    assert process.decrypt(process.encrypt(b"four", "a.b"), "a.b") == b"four"
    assert process.decrypt(first, "a.b") == b"one"


def test_a_file_is_never_half_rewritten(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    media_id = "01HZZZZZZZZZZZZZZZZZZZZZZ2"
    store.write(media_id, b"content")
    assert store.rewrite(media_id) is False
    assert store.rewrite("01HZZZZZZZZZZZZZZZZZZZZZZ3") is False
    assert [path.name for path in (tmp_path / "media").rglob("*") if path.is_file()] == [media_id]


def installation(folder: Path, **overrides: str) -> Installation:
    return Installation(folder, free_ports(), credentials.ensure(folder / "secrets.env"), overrides)


def test_the_file_that_the_processes_follow_is_the_one_that_is_changed(tmp_path: Path, secrets_file: Path) -> None:
    assert rotate_keys.keys_file(installation(tmp_path)) == secrets_file
    other = tmp_path / "keys.env"
    with pytest.raises(StepFailed, match="come from the environment"):
        rotate_keys.keys_file(installation(tmp_path, **{KEYS: OLD}))
    followed = installation(tmp_path, **{KEYS: OLD, rotate_keys.FILE: str(other)})
    with pytest.raises(StepFailed, match=r"keys\.env has no line"):
        rotate_keys.keys_file(followed)
    credentials.save(other, {KEYS: OLD})
    assert rotate_keys.keys_file(followed) == other


def test_without_tables_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = installation(tmp_path / "fresh")
    monkeypatch.setattr(rotate_keys, "local", lambda: fresh)
    monkeypatch.setattr(rotate_keys, "SETTLE", 0.0)
    monkeypatch.setattr("sys.argv", ["rotate_keys"])
    for name, value in fresh.env("SAHAYAK_").items():
        monkeypatch.setenv(name, value)
    assert rotate_keys.main() == 1
    assert "make run" in capsys.readouterr().out
