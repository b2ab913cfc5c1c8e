"""A rig for the channel under test, a database, and a clock that can be moved on."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from channels.base import Sender
from core.db import Database
from core.events import InboundMessage, Receipt
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.turns.service import Accepted, Intake
from tests.channels.contract.rigs import RIGS, Hook, Rig
from tests.core.conftest import create_tables


@dataclass
class MovingClock:
    """The machine's clock, which can be moved on: providers keep their own time."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Door:
    """The gateway's door as a channel sees it, with a real database behind it."""

    http: httpx.AsyncClient
    intake: Intake
    db: Database
    clock: MovingClock
    started: list[tuple[str, str]]
    events: list[InboundMessage] = field(default_factory=list)
    results: list[Accepted] = field(default_factory=list)
    moved: list[bool] = field(default_factory=list)
    refuse: Exception | None = None

    async def accept(self, event: InboundMessage) -> Accepted:
        if self.refuse is not None:
            raise self.refuse
        self.events.append(event)
        self.results.append(await self.intake.accept(event))
        return self.results[-1]

    async def record(self, receipt: Receipt) -> bool:
        if self.refuse is not None:
            raise self.refuse
        async with self.db.transaction() as session:
            self.moved.append(await outbox.record_receipt(session, receipt, self.clock.now()))
        return self.moved[-1]

    async def post(self, hook: Hook) -> int:
        answer = await self.http.post(hook.path, content=hook.body, headers=dict(hook.headers))
        return answer.status_code


@pytest.fixture(scope="package", params=sorted(RIGS))
def one_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        rig = RIGS[request.param](monkeypatch)
        yield rig
        rig.stop()


@pytest.fixture
def rig(one_rig: Rig) -> Rig:
    one_rig.ready()
    return one_rig


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture(scope="package")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("contract") / "empty.db"
    create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
async def db(tmp_path: Path, empty_database: Path) -> AsyncIterator[Database]:
    install(Keyring({1: bytes(range(32))}, bytes(32)))
    shutil.copy(empty_database, tmp_path / "test.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.close()


@pytest.fixture
async def door(one_rig: Rig, db: Database, clock: MovingClock) -> AsyncIterator[Door]:
    started: list[tuple[str, str]] = []

    async def start(conversation_id: str, turn_id: str) -> None:
        started.append((conversation_id, turn_id))

    app = FastAPI()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        door = Door(http, Intake(db, clock, start, queue_cap=10), db, clock, started)
        app.include_router(one_rig.channel.make_routes(door.accept, door.record))
        yield door


@pytest.fixture
async def senders(rig: Rig) -> AsyncIterator[dict[str, Sender]]:
    """Every way in which the channel sends."""
    made = {name: make() for name, make in rig.senders(timeout=2.5).items()}
    yield made
    for sender in made.values():
        await sender.close()
