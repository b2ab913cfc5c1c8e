"""A gateway's parts with a provider and an assistant that do what a test tells them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.gateway.delivery import Delivery
from channels.gateway.media import MediaKeeper
from channels.gateway.rasa_client import BotAnswer, BotMessage
from channels.gateway.responders import BotResponder, SilentResponder
from channels.gateway.settings import GatewaySettings
from channels.gateway.turn import TurnRunner
from channels.whatsapp.manifest import MANIFEST
from core.audit import models as _audit  # noqa: F401 - registers the table
from core.clock import FixedClock
from core.conversations import service as conversations
from core.conversations.state import State
from core.db import Base, Database
from core.errors import BotUnavailable, FinalDelivery
from core.events import AddressRef, DeliveryState, InboundMessage, Kind, OutboundContent
from core.ids import new_id
from core.media.service import MediaStore
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.turns.service import Accepted, Intake, first_turn_id
from handoff.queue import models as _queue  # noqa: F401 - registers the table

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@dataclass
class FakeSender:
    """A provider that takes everything, unless the next outcomes say otherwise."""

    outcomes: list[Exception] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    inbound: list[InboundMessage] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def send(self, to: str, content: OutboundContent, outbound_id: str) -> str:
        self.tries[content.text] += 1
        if self.outcomes:
            raise self.outcomes.pop(0)
        self.sent.append((to, content.text))
        return f"SM{len(self.sent):032x}"

    async def find(self, to: str, content: OutboundContent, since: datetime) -> list[str]:
        return self.found

    async def list_inbound(self, since: datetime) -> AsyncIterator[InboundMessage]:
        for event in self.inbound:
            yield event

    async def fetch(self, url: str, limit: int) -> bytes:
        if url not in self.files:
            raise FinalDelivery("404")
        return self.files[url][:limit]

    async def close(self) -> None:
        return None


@dataclass
class FakeRasa:
    """An assistant that says what a test wants and remembers what it was asked."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    says: tuple[BotMessage, ...] = (BotMessage(key="utter_x", text="an answer", language="en"),)
    language: str | None = "en"
    down: bool = False
    meanwhile: Callable[[], Any] | None = None

    async def ask(self, request: dict[str, Any]) -> BotAnswer:
        self.asked.append(request)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.down:
            raise BotUnavailable("down")
        return BotAnswer(turn_id=request["turn_id"], status="ok", language=self.language, messages=self.says)


class World:
    """One gateway."""

    def __init__(self, folder: Path, settings: GatewaySettings) -> None:
        self.settings = settings
        self.db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        self.clock = FixedClock(NOON)
        self.sender, self.rasa = FakeSender(), FakeRasa()
        self.delivery = Delivery(self.db, self.clock, {"whatsapp": self.sender}, settings)
        self.store = MediaStore(folder / "media")
        self.keeper = MediaKeeper(self.db, self.clock, self.store, {"whatsapp": self.sender})
        silent = SilentResponder()
        self.runner = TurnRunner(
            self.db,
            self.clock,
            {
                State.BOT: BotResponder(self.rasa),  # type: ignore[arg-type]
                State.WAITING: silent,
                State.OFFICER: silent,
            },
            {"whatsapp": MANIFEST},
            settings,
            self.keeper,
        )
        self.started: list[tuple[str, str]] = []
        self.intake = Intake(self.db, self.clock, self._start)

    async def _start(self, conversation_id: str, turn_id: str) -> None:
        self.started.append((conversation_id, turn_id))

    def pass_time(self, **span: float) -> None:
        self.clock.at += timedelta(**span)

    def event(self, text: str = "hello", number: int = 1, **more: Any) -> InboundMessage:
        return InboundMessage(
            provider="twilio",
            provider_id=f"SM{new_id()}",
            channel="whatsapp",
            address=AddressRef(kind="whatsapp", value=f"+91000000{number:04}"),
            **{"kind": Kind.TEXT, "text": text, **more},
        )

    async def accept(self, text: str = "hello", number: int = 1, **more: Any) -> Accepted:
        return await self.intake.accept(self.event(text, number, **more))

    async def turn(self, text: str = "hello", number: int = 1, **more: Any) -> list[str]:
        """A whole turn; returns what it added for the contact."""
        accepted = await self.accept(text, number, **more)
        before = await self.lines(accepted.conversation_id)
        await self.runner.answer(accepted.conversation_id, first_turn_id(accepted.message_id))
        return (await self.lines(accepted.conversation_id))[len(before) :]

    async def lines(self, conversation_id: str) -> list[str]:
        """Texts of everything that is said to the contact."""
        async with self.db.reading() as session:
            found = await conversations.transcript(session, conversation_id)
        return [str((line.content or {}).get("text")) for line in found if line.author != "contact"]

    async def post(self, conversation_id: str, *texts: str) -> None:
        async with self.db.transaction() as session:
            contents = [OutboundContent(text=text) for text in texts]
            await outbox.post(session, conversation_id, f"t{new_id()}", contents, author="bot", now=self.clock.now())

    async def states(self, conversation_id: str) -> list[DeliveryState]:
        """States of the outbound rows, in order."""
        async with self.db.reading() as session:
            by_line = (await outbox.delivery_states(session, [conversation_id])).get(conversation_id, {})
        return [state for _, (state, _) in sorted(by_line.items())]


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(bot_token=SecretStr("token"), send_rate=1000, send_burst=1000)


@pytest.fixture
async def world(tmp_path: Path, settings: GatewaySettings) -> AsyncIterator[World]:
    install(Keyring({1: bytes(range(32))}, bytes(32)))
    made = World(tmp_path, settings)
    async with made.db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield made
    await made.db.close()
