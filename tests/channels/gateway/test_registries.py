"""The link to other registries in the gateway: its rounds run beside the others, and none where there is no link."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.gateway.registries import registry_rounds
from core.clock import FixedClock
from core.db import Database
from core.privacy.encryption import Keyring, install
from grievances.registries import models as _models  # noqa: F401 - registers the tables
from grievances.registries.settings import CpgramsSettings
from tests.core.conftest import create_tables
from tests.simulators.cpgrams import SECRET, RunningCpgrams, running


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 24, 6, 30, tzinfo=UTC))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    install(Keyring({1: bytes(range(32))}, bytes(32)))
    create_tables(f"sqlite:///{tmp_path / 'test.db'}")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.close()


@pytest.fixture(scope="module")
def cpgrams() -> Iterator[RunningCpgrams]:
    with running() as standin:
        yield standin


async def test_no_link_no_rounds(db: Database, clock: FixedClock) -> None:
    async with registry_rounds(db, clock, CpgramsSettings(url="")) as rounds:
        assert rounds == []


async def test_the_rounds_ask_the_registry(db: Database, clock: FixedClock, cpgrams: RunningCpgrams) -> None:
    settings = CpgramsSettings(url=cpgrams.url, secret=SECRET, spool_every=7, pull_every=70)
    cpgrams.file(received_at=clock.now().isoformat())
    async with registry_rounds(db, clock, settings) as rounds:
        assert [(name, every) for name, every, _work in rounds] == [("registries", 7), ("registries.pull", 70)]
        done: list[Any] = await asyncio.gather(*(work() for _name, _every, work in rounds))
    spool, pull = done
    assert spool.trouble is None
    assert (pull.added, pull.trouble) == (1, None)
    # Both numbers are kept: what was taken over is read from there by its number.
    async with registry_rounds(db, clock, settings) as rounds:
        again: Any = await rounds[0][2]()
    assert again.read == 1
