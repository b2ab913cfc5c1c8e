"""A desk on a temporary database, with invented officers and contacts."""

import importlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import SecretStr

from core.clock import FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.db import Base, Database
from core.events import AddressRef, InboundMessage, Kind, OutboundContent
from core.ids import new_id
from core.media.service import MediaStore
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.turns.service import Intake
from handoff.desk.app import make_desk
from handoff.desk.settings import DeskSettings
from handoff.officers.passwords import Passwords
from handoff.officers.schemas import OfficerView, Role
from handoff.officers.service import Officers
from handoff.queue import service as queue
from handoff.queue.schemas import Cause, Step
from handoff.queue.service import HandoverView

NOON = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
for _feature in (
    "core.audit",
    "core.conversations",
    "core.dues",
    "core.media",
    "core.outbox",
    "core.turns",
    "handoff.officers",
    "handoff.queue",
):
    importlib.import_module(f"{_feature}.models")
PASSWORD = "correct horse battery"
_numbers = count(100)


@pytest.fixture(autouse=True)
def keyring() -> None:
    install(Keyring({1: bytes(range(32))}, b"i" * 32))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLite, or PostgreSQL for tests that ask for it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def officers(db: Database, clock: FixedClock) -> Officers:
    return Officers(db, clock, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))


@dataclass
class Scene:
    """Makes people and conversations, and remembers which lanes were woken."""

    db: Database
    clock: FixedClock
    officers: Officers
    woken: list[str] = field(default_factory=list)

    async def wake(self, conversation_id: str) -> None:
        self.woken.append(conversation_id)

    async def officer(self, login: str, role: Role = Role.OFFICER, room: str | None = "hub") -> OfficerView:
        name = f"{login.capitalize()} Verma"
        return await self.officers.create(login=login, name=name, role=role, password=PASSWORD, room=room)

    async def says(self, number: int, text: str, name: str = "Meera Devi") -> str:
        """A contact writes; returns the conversation's id."""

        async def no_turn(_conversation: str, _turn: str) -> None:
            return None

        event = InboundMessage(
            provider="twilio",
            provider_id=f"SM{next(_numbers)}",
            channel="whatsapp",
            address=AddressRef(kind="whatsapp", value=f"+91000000{number:04}"),
            kind=Kind.TEXT,
            text=text,
            profile_name=name,
        )
        return (await Intake(self.db, self.clock, no_turn).accept(event)).conversation_id

    async def waits(
        self,
        number: int = 1,
        text: str = "मेरा खरीदार पैसे नहीं दे रहा",
        *,
        name: str = "Meera Devi",
        room: str | None = None,
        language: str = "hi",
    ) -> HandoverView:
        """A contact who waits for an officer."""
        conversation_id = await self.says(number, text, name)
        async with self.db.transaction() as session:
            view = await conversations.get(session, conversation_id)
            await conversations.set_language(session, view.contact_id, language, fixed=False)
            await consents.give(session, view.contact_id, locale=language, channel="whatsapp", now=self.clock.now())
            now = self.clock.now()
            step = Step(at=now, room=room, cause=Cause.REQUEST, why="only_room") if room is not None else None
            return await queue.request_handover(
                session, conversation_id=conversation_id, turn_id=f"t{new_id()}", reason="asked", now=now, step=step
            )

    async def bot_says(self, conversation_id: str, text: str) -> str:
        """The assistant says something; returns the outbound row's id."""
        async with self.db.transaction() as session:
            content = OutboundContent(text=text, language="hi")
            turn_id = f"t{new_id()}"
            ids = await outbox.post(session, conversation_id, turn_id, [content], author="bot", now=self.clock.now())
            return ids[0]

    async def sends_file(self, conversation_id: str, declared_type: str) -> int:
        """A contact sends a file that is not fetched yet; returns the line's number."""
        content = {"text": "", "media": [{"url": "https://provider.test/1", "declared_type": declared_type}]}
        async with self.db.transaction() as session:
            return await conversations.append(
                session, conversation_id, author="contact", kind="media", content=content, now=self.clock.now()
            )

    async def lines(self, conversation_id: str) -> list[tuple[str, str]]:
        """(author, text) of a transcript."""
        async with self.db.reading() as session:
            found = await conversations.transcript(session, conversation_id)
        return [(line.author, (line.content or {}).get("text", "")) for line in found]


@pytest.fixture
def scene(db: Database, clock: FixedClock, officers: Officers) -> Scene:
    return Scene(db, clock, officers)


@pytest.fixture
def settings() -> DeskSettings:
    return DeskSettings(session_key=SecretStr("k" * 64), sign_in_per_minute=1000, poll_seconds=0.05)


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def site(scene: Scene, settings: DeskSettings, store: MediaStore) -> FastAPI:
    """A web application with the desk under /desk."""
    app = FastAPI()
    app.mount("/desk", make_desk(scene.db, scene.clock, scene.wake, settings, store, scene.officers))
    return app


class Browser(httpx.AsyncClient):
    """A client that keeps cookies and fills the hidden fields of forms in."""

    csrf = ""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(transport=httpx.ASGITransport(app=app), base_url="http://desk.test/desk")

    async def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        form = await self.get("/sign-in")
        token = hidden(form.text, "token")
        answer = await self.post("/sign-in", data={"login": login, "password": password, "token": token})
        if answer.status_code == 303:
            page = await self.get("/")
            self.csrf = hidden(page.text, "csrf") if page.status_code == 200 else ""
        return answer

    async def act(self, path: str, **fields: str) -> httpx.Response:
        return await self.post(path, data={"csrf": self.csrf, **fields})


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden field {name}"
    return found.group(1)


@pytest.fixture
async def browser(site: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(site) as one:
        yield one


@pytest.fixture
async def other(site: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(site) as one:
        yield one
