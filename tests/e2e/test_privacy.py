"""What is held, a copy, an erasure carried out and every store searched; keys rotated while everything runs."""

import asyncio
import base64
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import httpx
import pytest

from core.clock import FixedClock
from core.conversations import service as conversations
from core.db import Database
from core.events import AddressRef, OutboundContent
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install, parse_keys
from tests.e2e.conftest import Phone
from tests.rights.conftest import World
from tools import credentials
from tools.find_contact import Found, needles_of, search_files, search_media, search_tables
from tools.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
T = TypeVar("T")
NAME = "Quetzalia Profilename"
SAID = ("axolotlworks", "vermilionmill")
TYPED = "salamandernews"
FILED = ("marker-what-happened", "Marker Weavers", "Marker Retail", "Marker Devi", "Marker Nagar")
PDF = b"%PDF-1.4 capybarafile\n%%EOF"


def in_the_database(stack: Stack, doing: Callable[[World], Awaitable[T]]) -> T:
    """Work on the stack's own database, beside its processes."""
    install(
        Keyring(parse_keys(stack.secrets["SAHAYAK_ENCRYPTION_KEYS"]), bytes.fromhex(stack.secrets["SAHAYAK_INDEX_KEY"]))
    )

    async def done() -> T:
        database = Database(f"sqlite+aiosqlite:///{stack.data_dir / 'sahayak.db'}")
        try:
            return await doing(World(database, FixedClock(datetime.now(UTC)), stack.data_dir))
        finally:
            await database.close()

    return asyncio.run(done())


def places(stack: Stack, words: tuple[str, ...]) -> set[str]:
    """Where one of the words can be read; the provider keeps its own copy, and that is not ours."""

    async def in_tables(world: World) -> list[Found]:
        return await search_tables(world.db, words)

    found = in_the_database(stack, in_tables) + search_media(stack.data_dir / "media", [*words, PDF])
    found += search_files(stack.data_dir, words)
    return {one.place for one in found if not one.place.startswith(("simulator/", "log/simulators"))}


def conversation_of(stack: Stack, number: str) -> str:
    """The open conversation of a number."""

    async def address_of(world: World) -> str:
        async with world.db.reading() as session:
            found = await conversations.find_address(session, AddressRef(kind="whatsapp", value=number))
        assert found is not None
        return found.id

    query = "SELECT id FROM conversation WHERE address_id = ? AND state <> 'closed'"
    with opened(stack, "sahayak.db") as connection:
        return str(connection.execute(query, [in_the_database(stack, address_of)]).fetchone()[0])


@contextmanager
def opened(stack: Stack, name: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(stack.data_dir / name, timeout=20)) as connection, connection:
        yield connection


def rows_with(stack: Stack, name: str, text: str) -> int:
    """Rows of a database of others with a text in any column."""
    with opened(stack, name) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    return sum(any(text in str(value) for value in row) for row in rows)


def wait_for(what: Callable[[], bool], within: float) -> None:
    deadline = time.monotonic() + within
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def finished(stack: Stack) -> bool:
    with opened(stack, "sahayak.db") as connection:
        found = connection.execute("SELECT count(*) FROM erasure WHERE finished_at IS NOT NULL").fetchone()
    return int(found[0]) == 1


def test_a_contact_asks_takes_a_copy_and_is_forgotten_everywhere(stack: Stack, phone: Phone) -> None:
    everything = (*SAID, *FILED, TYPED, NAME, *needles_of(phone.number))
    phone.say("hello", profile_name=NAME)
    phone.press(phone.hears_text("WITHDRAW CONSENT"), "I agree")
    phone.hears_text("Thank you")
    phone.say(f"what does pmegp give to {SAID[0]}", profile_name=NAME)
    phone.hears(lambda message: bool(message["body"]))
    data = base64.b64encode(PDF).decode()
    phone.say(kind="media", media=[{"content_type": "application/pdf", "data": data}], profile_name=NAME)
    phone.hears(lambda message: bool(message["body"]))
    phone.say(f"I want to file a complaint: {SAID[1]} has not paid my bill since March", profile_name=NAME)
    phone.hears(lambda message: bool(message["body"]))
    lane = conversation_of(stack, phone.number)
    filed = in_the_database(stack, lambda world: world.grievance(lane))

    async def an_officer_writes(world: World) -> None:
        async with world.db.transaction() as session:
            content = [OutboundContent(text=f"{TYPED}: the buyer has been written to")]
            await outbox.post(session, lane, "officers-turn", content, author="officer", now=world.clock.now())

    in_the_database(stack, an_officer_writes)
    phone.hears_text(TYPED)

    phone.say("what do you hold about me", profile_name=NAME)
    told = phone.hears_text("This is what we keep about you")
    assert "Files that you sent: 1" in told["body"]
    assert "Grievances: 1" in told["body"]
    assert not [word for word in everything if word in told["body"]]

    phone.press(told, "A copy")
    url = phone.hears_text("/copy/")["body"].rpartition("\n")[2]
    assert httpx.get(url).status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(httpx.post(url).content))
    assert httpx.post(url).status_code == 404
    held = archive.read("data.json").decode()
    assert not [word for word in (*SAID, *FILED, NAME, phone.number) if word not in held]
    assert [archive.read(name) for name in archive.namelist() if name.startswith("files/")] == [PDF]
    assert json.loads(held)["grievances"][0]["reference"] == filed.reference

    phone.say("delete my data", profile_name=NAME)
    asked = phone.hears_text("Your open grievances (1) would be withdrawn", "Shall everything be erased?")
    phone.press(asked, "Erase everything")
    phone.hears_text("It is noted")
    phone.say("CANCEL ERASURE", profile_name=NAME)
    phone.hears_text("Nothing was erased")
    phone.say("please erase everything about me", profile_name=NAME)
    phone.press(phone.hears_text("Shall everything be erased?"), "Erase everything")
    phone.hears_text("It is noted")

    before = places(stack, everything)
    assert before >= {"address.value", "contact.name", "message.content", "outbound.content", "grievance.particulars"}
    assert any(place.startswith("media/") for place in before)
    assert not [place for place in before if place.startswith(("log/", "trackers", "durable", "backups"))]
    assert rows_with(stack, "trackers.db", lane) > 5
    assert rows_with(stack, "durable.db", lane) > 5

    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.000000")
    with opened(stack, "sahayak.db") as connection:
        moved = connection.execute("UPDATE due SET due_at = ? WHERE what = 'privacy.erase' AND done_at IS NULL", [now])
        assert moved.rowcount == 1
    wait_for(lambda: finished(stack), within=40)

    assert places(stack, everything) == set()
    assert rows_with(stack, "trackers.db", lane) == 0
    assert rows_with(stack, "durable.db", lane) == 0
    assert httpx.post(url).status_code == 404

    phone.say("hello again")
    phone.hears_text("WITHDRAW CONSENT")
    assert conversation_of(stack, phone.number) != lane


def test_keys_are_rotated_while_messages_come_and_go() -> None:
    """The gateway answers these words itself, so the assistant need not run."""
    with Stack(only={"gateway", "webhooks", "simulators"}) as stack:
        file = stack.data_dir / "secrets.env"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SAHAYAK_")}
        environment |= {"SAHAYAK_DATA_DIR": str(stack.data_dir), "SAHAYAK_PROFILE": "test"}
        command = [sys.executable, "-m", "tools.rotate_keys"]
        token = {"X-Control-Token": stack.secrets["SIMULATOR_CONTROL_TOKEN"]}
        with httpx.Client(base_url=stack.url("simulators"), headers=token, timeout=30) as provider:
            phone = Phone(provider, "+910000055000")
            phone.say("start")
            phone.hears_text("Welcome back")
            killed = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
            wait_for(lambda: "," in credentials.read(file)["SAHAYAK_ENCRYPTION_KEYS"], within=20)
            killed.kill()
            killed.communicate()
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as rotating:
                while rotating.poll() is None:
                    phone.say("start")
                    phone.hears_text("Welcome back")
                told = rotating.stdout.read() if rotating.stdout else ""
            assert rotating.returncode == 0, told
            assert "Going on with key 2." in told
            assert [entry[:2] for entry in credentials.read(file)["SAHAYAK_ENCRYPTION_KEYS"].split(",")] == ["2:"]
            phone.say("start")
            phone.hears_text("Welcome back")
            with opened(stack, "sahayak.db") as connection:
                for table, column in (("message", "content"), ("outbound", "content"), ("address", "value")):
                    values = connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
                    assert {value[0][0] for value in values} == {2}
        assert "Undecipherable" not in stack.log("gateway") + stack.log("webhooks")
