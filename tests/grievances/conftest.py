"""A ledger on a temporary database: an invented contact, what would be told, and a clock that stands still."""

import importlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from core.clock import FixedClock
from core.conversations import service as conversations
from core.conversations.schemas import ConversationView
from core.db import Database
from core.events import AddressRef
from core.media import service as media
from core.media.service import MediaStore, MediaView
from core.privacy.encryption import Keyring, install
from grievances import messages, service
from grievances.schemas import (
    CONTACT,
    Actor,
    EventView,
    Filed,
    GrievanceView,
    NewGrievance,
    Outcome,
    Particulars,
    Place,
)
from grievances.status import Move
from tests.core.conftest import create_tables

TUESDAY = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
OFFICER = Actor.officer("01HZZZZZZZZZZZZZZZZZZZZZZ1")
REASONS = "The buyer has paid the whole sum on 3 May; the receipt is attached."
PDF = b"%PDF-1.4 invented"
_FEATURES = ("core.audit", "core.conversations", "core.dues", "core.media", "core.outbox", "core.turns", "grievances")
for _feature in _FEATURES:
    importlib.import_module(f"{_feature}.models")
_turns = count(1)


@pytest.fixture(autouse=True)
def ring() -> Keyring:
    keyring = Keyring({1: bytes(range(32))}, bytes(32))
    install(keyring)
    return keyring


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(TUESDAY)


@pytest.fixture(scope="session")
def ledger_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, ledger_template: Path, tmp_path: Path) -> str:
    """SQLite, or PostgreSQL for tests that ask for it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(ledger_template, tmp_path / "ledger.db")
        return f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    create_tables(url)
    return url


def opened(url: str) -> Database:
    database = Database(url)
    if database.is_sqlite:

        @event.listens_for(database.engine.sync_engine, "connect")
        def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")

    return database


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = opened(database_url)
    yield database
    await database.close()


@dataclass
class Told:
    """What would have been announced to the contact."""

    events: list[tuple[str, EventView, str | None]] = field(default_factory=list)

    async def announce(
        self, _session: Any, view: GrievanceView, happened: EventView, *, now: datetime, code: str | None = None
    ) -> None:
        assert view.version == happened.seq
        assert now == happened.at
        self.events.append((view.id, happened, code))

    def kinds(self, grievance_id: str = "") -> list[str]:
        return [happened.kind.value for whose, happened, _code in self.events if grievance_id in ("", whose)]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Notices are collected instead of posted."""
    told = Told()
    monkeypatch.setattr(messages, "announce", told.announce)
    return told


@dataclass
class Ledger:
    """Short ways to file and act."""

    db: Database
    clock: FixedClock
    store: MediaStore

    async def contact(self, number: int = 101) -> ConversationView:
        address = AddressRef(kind="whatsapp", value=f"+91000000{number:04}")
        async with self.db.transaction() as session:
            return await conversations.find_or_open(
                session, address, channel="whatsapp", profile_name="Meera", now=self.clock.now()
            )

    async def new(self, number: int = 101, **changes: Any) -> NewGrievance:
        """A grievance of the contact with this number."""
        contact = await self.contact(number)
        told = {
            "what_happened": "The buyer does not pay my bill since March.",
            "against": "buyer",
            "against_name": "Suryodaya Retail Pvt Ltd",
            "amount_rupees": 250_000,
            "enterprise_name": "Lakshmi Textiles",
            "udyam_number": "UDYAM-MH-01-0000123",
            "complainant_name": "Meera Devi",
            **changes.pop("told", {}),
        }
        values = {
            "contact_id": contact.contact_id,
            "conversation_id": contact.id,
            "address_id": contact.address_id,
            "turn_id": f"t{next(_turns)}",
            "channel": "whatsapp",
            "language": "hi",
            "category": "delayed_payment",
            "particulars": Particulars(**told),
            "place": Place(pincode="400001", district="Mumbai", state="MH"),
            "room": "dfo-mumbai",
        }
        return NewGrievance(**{**values, **changes})

    async def file(self, number: int = 101, **changes: Any) -> Filed:
        new = await self.new(number, **changes)
        async with self.db.transaction() as session:
            return await service.file(session, new, now=self.clock.now())

    async def filed(self, number: int = 101, **changes: Any) -> GrievanceView:
        return (await self.file(number, **changes)).view

    async def act(self, grievance_id: str, move: Move, actor: Actor = OFFICER, **details: Any) -> GrievanceView:
        async with self.db.transaction() as session:
            return await service.act(session, grievance_id, move, actor=actor, now=self.clock.now(), **details)

    async def closed(self, grievance_id: str, outcome: str = "redressed") -> GrievanceView:
        return await self.act(grievance_id, Move.CLOSE, text=REASONS, outcome=Outcome(outcome))

    async def get(self, grievance_id: str, rooms: frozenset[str] | None = None) -> GrievanceView:
        async with self.db.reading() as session:
            return await service.get(session, grievance_id, rooms=rooms)

    async def events(self, grievance_id: str, *, include_private: bool = True) -> list[EventView]:
        async with self.db.reading() as session:
            return await service.events(session, grievance_id, include_private=include_private)

    async def page(self, **given: Any) -> Any:
        async with self.db.reading() as session:
            return await service.list_page(session, **{"rooms": None, "now": self.clock.now(), **given})

    async def broken(self) -> tuple[str, int] | None:
        async with self.db.reading() as session:
            return await service.verify(session)

    async def erase(self, grievance_id: str, actor: Actor = CONTACT) -> None:
        async with self.db.transaction() as session:
            await service.erase(session, grievance_id, actor=actor, now=self.clock.now())

    async def file_of(self, number: int = 101, content: bytes | None = PDF) -> MediaView:
        """A file that the contact with this number sends."""
        contact = await self.contact(number)
        async with self.db.transaction() as session:
            message_id = await conversations.append(
                session, contact.id, author="contact", kind="media", content={"text": ""}, now=self.clock.now()
            )
            return await media.keep(
                session, self.store, message_id=message_id, position=0, declared_type="x/y", content=content,
                now=self.clock.now(),
            )  # fmt: skip

    async def sql(self, statement: str, **values: Any) -> None:
        """Change the database behind the ledger's back."""
        async with self.db.transaction() as session:
            await session.execute(text(statement), values)

    async def value(self, statement: str, **values: Any) -> Any:
        async with self.db.reading() as session:
            return await session.scalar(text(statement), values)


@pytest.fixture
def ledger(db: Database, clock: FixedClock, told: Told, tmp_path: Path) -> Ledger:
    return Ledger(db, clock, MediaStore(tmp_path / "media"))
