"""One invented contact of whom every feature holds something, put there through the real services."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.schemas import ConversationView
from core.db import Database
from core.events import AddressRef, InboundMessage, Kind, OutboundContent
from core.media import service as media
from core.media.service import MediaStore, MediaView
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.turns import service as turns
from core.turns.service import Intake
from grievances import service as grievances
from grievances.drafts import service as drafts
from grievances.drafts.schemas import Kind as DraftKind
from grievances.registries import service as registries
from grievances.registries.settings import CpgramsSettings
from grievances.schemas import Actor, GrievanceView, NewGrievance, Outcome, Particulars, Place
from grievances.status import Move
from handoff.queue import service as queue
from rights.desk import RightsDesk
from rights.rounds import PrivacyRounds
from rights.settings import RightsSettings
from tests.core.conftest import create_tables
from tools.find_contact import tables

TUESDAY = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
OFFICER = "01HZZZZZZZZZZZZZZZZZZZZZZ1"
PDF = b"%PDF-1.4 marker-of-the-file"
NUMBER = "+910000047110"
WORDS = (
    "0000047110", "Quetzal Profilename", "marker-said", "marker-answered", "marker-typed-by-officer", "marker-note",
    "marker-what-happened", "Marker Weavers", "UDYAM-MH-01-0047110", "Marker Retail", "Marker Devi", "Marker Nagar",
    "marker-reply", "marker-closing-reasons", "marker-draft", "marker-draft-reply", "marker-button",
)  # fmt: skip
"""Everything that leads to the contact or was said by or to it; each stands somewhere before the erasure."""
IN_FILES = (PDF,)
_turns = count(1)
tables()


@pytest.fixture(autouse=True)
def ring() -> Keyring:
    keyring = Keyring({1: bytes(range(32))}, bytes(32))
    install(keyring)
    return keyring


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(TUESDAY)


@pytest.fixture(scope="session")
def rights_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rights") / "empty.db"
    create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, rights_template: Path, tmp_path: Path) -> str:
    """SQLite, or PostgreSQL for tests that ask for it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(rights_template, tmp_path / "sahayak.db")
        return f"sqlite+aiosqlite:///{tmp_path / 'sahayak.db'}"
    url: str = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    create_tables(url)
    return url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@dataclass
class World:
    """An installation without its processes."""

    db: Database
    clock: FixedClock
    folder: Path
    settings: RightsSettings = field(default_factory=RightsSettings)
    forgotten: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MediaStore(self.folder / "media")
        self.desk = RightsDesk(self.db, self.clock, self.settings)
        self.intake = Intake(self.db, self.clock, self._no_turn)
        self.rounds = PrivacyRounds(self.db, self.clock, self.settings, self.folder, [self._outside])

    async def _no_turn(self, _conversation_id: str, _turn_id: str) -> None:
        return None

    async def _outside(self, conversation_ids: Any, turn_ids: Any) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.forgotten.append((conversation_ids, turn_ids))

    def pass_time(self, **span: float) -> None:
        self.clock.at += timedelta(**span)

    async def write(self, text: str, number: str = NUMBER, **more: Any) -> str:
        """A message comes in and is answered; returns the conversation's id."""
        accepted = await self.intake.accept(
            InboundMessage(
                provider="twilio",
                provider_id=f"SM{next(_turns):032x}",
                channel="whatsapp",
                address=AddressRef(kind="whatsapp", value=number),
                text=text,
                profile_name="Quetzal Profilename" if number == NUMBER else "Meera",
                **{"kind": Kind.TEXT, **more},
            )
        )
        turn_id = turns.first_turn_id(accepted.message_id)
        async with self.db.transaction() as session:
            await turns.claim(session, accepted.conversation_id, turn_id, self.clock.now())
            said = OutboundContent(text=f"marker-answered {text}", params={"told": text}) if number == NUMBER else (
                OutboundContent(text="an answer")
            )  # fmt: skip
            await outbox.post(session, accepted.conversation_id, turn_id, [said], author="bot", now=self.clock.now())
            await turns.mark_posted(session, turn_id, self.clock.now())
        return accepted.conversation_id

    async def view(self, conversation_id: str) -> ConversationView:
        async with self.db.reading() as session:
            return await conversations.get(session, conversation_id)

    async def agree(self, conversation_id: str) -> None:
        view = await self.view(conversation_id)
        async with self.db.transaction() as session:
            await consents.give(session, view.contact_id, locale="en", channel="whatsapp", now=self.clock.now())

    async def file_of(self, conversation_id: str, content: bytes = PDF) -> MediaView:
        async with self.db.transaction() as session:
            message_id = await conversations.append(
                session, conversation_id, author="officer", kind="media", content={"text": "marker-said"},
                now=self.clock.now(),
            )  # fmt: skip
            return await media.keep(
                session, self.store, message_id=message_id, position=0, declared_type="x/y", content=content,
                now=self.clock.now(),
            )  # fmt: skip

    async def grievance(self, conversation_id: str, **more: Any) -> GrievanceView:
        view = await self.view(conversation_id)
        new = NewGrievance(
            contact_id=view.contact_id,
            conversation_id=conversation_id,
            address_id=view.address_id,
            turn_id=f"g{next(_turns)}",
            channel="whatsapp",
            language="en",
            category="delayed_payment",
            particulars=Particulars(
                what_happened="marker-what-happened since March",
                against="buyer",
                against_name="Marker Retail",
                amount_rupees=4711,
                enterprise_name="Marker Weavers",
                udyam_number="UDYAM-MH-01-0047110",
                complainant_name="Marker Devi",
            ),
            place=Place(pincode="400001", district="Marker Nagar", state="MH"),
            room="dfo-mumbai",
            vector=tuple(0.01 * one for one in range(384)),
            **more,
        )
        async with self.db.transaction() as session:
            return (await grievances.file(session, new, now=self.clock.now())).view

    async def everything(self) -> str:
        """A contact of whom every feature holds something; returns the conversation's id."""
        conversation_id = await self.write("marker-said hello")
        await self.agree(conversation_id)
        attached, loose = await self.file_of(conversation_id), await self.file_of(conversation_id)
        assert loose.id != attached.id
        closed = await self.grievance(conversation_id, attachment_ids=(attached.id,))
        await self.act(closed.id, Move.REPLY, text="marker-reply to you")
        await self.act(closed.id, Move.NOTE, text="marker-note of an officer")
        await self.act(
            closed.id, Move.CLOSE, text="marker-closing-reasons: the buyer has paid", outcome=Outcome.REDRESSED
        )
        registered = await self.grievance(conversation_id)
        view = await self.view(conversation_id)
        async with self.db.transaction() as session:
            now = self.clock.now()
            settings = CpgramsSettings(url="http://127.0.0.1:1", secret="x" * 32, send_mobile=True)
            officer = Actor.officer(OFFICER)
            await registries.request_registration(session, registered.id, settings, actor=officer, now=now, rooms=None)
            await drafts.save(
                session, view.contact_id, DraftKind.FILING, conversation_id=conversation_id,
                content={"what_happened": "marker-draft"}, asked="place", turn_id="t", version=None,
                reply=[{"text": "marker-draft-reply"}], now=now,
            )  # fmt: skip
            handover = await queue.request_handover(
                session, conversation_id=conversation_id, turn_id="h1", reason="asked", now=now
            )
            await queue.claim(session, handover.id, officer_id=OFFICER, now=now)
            content = OutboundContent(
                text="marker-typed-by-officer", buttons=({"title": "marker-button", "payload": "/x"},)
            )
            await outbox.post(session, conversation_id, "o1", [content], author="officer", officer_id=OFFICER, now=now)
            await conversations.append(
                session, conversation_id, author="officer", officer_id=OFFICER, kind="note",
                content={"text": "marker-note"}, now=now,
            )  # fmt: skip
        await self.desk.export(conversation_id, "turn-of-the-link", "en")
        return conversation_id

    async def act(self, grievance_id: str, move: Move, **details: Any) -> None:
        async with self.db.transaction() as session:
            await grievances.act(
                session, grievance_id, move, actor=Actor.officer(OFFICER), now=self.clock.now(), **details
            )

    async def erased(self, conversation_id: str) -> None:
        """Ask for the erasure and let the notice pass."""
        await self.desk.erase(conversation_id, "en")
        self.pass_time(hours=48, seconds=1)
        await self.rounds.run()

    def files(self) -> list[Path]:
        return [path for path in (self.folder / "media").rglob("*") if path.is_file()]


@pytest.fixture
def world(db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return World(db, clock, tmp_path)
