"""The real queue behind the actions, on a temporary database."""

import importlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from actions.app import create_executor
from actions.conversation import read
from actions.handoff import QueueDesk
from actions.ledger import Filing, Kept, LedgerDesk
from core.clock import SystemClock
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.state import State
from core.db import Base, Database
from core.events import AddressRef
from core.privacy.encryption import Keyring, install
from grievances.drafts.schemas import Kind
from grievances.schemas import Particulars, Place
from handoff.queue import service as queue
from tests.actions.conftest import FakeKnowledge, call, desks_of, keys, tracker_of, user

_FEATURES = ("core.audit", "core.conversations", "core.media", "core.outbox", "core.turns", "grievances.drafts")
for _feature in (*_FEATURES, "handoff.queue"):
    importlib.import_module(f"{_feature}.models")


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    install(Keyring({1: bytes(range(32))}, b"i" * 32))
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'actions.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def conversation(db: Database) -> tuple[str, str]:
    async with db.transaction() as session:
        ref = AddressRef(kind="whatsapp", value="+910000000123")
        view = await conversations.find_or_open(
            session, ref, channel="whatsapp", profile_name="Asha", now=SystemClock().now()
        )
        return view.id, view.contact_id


@pytest.fixture
def ask(db: Database, conversation: tuple[str, str]) -> Callable[..., Any]:
    executor = create_executor(desks_of(officers=QueueDesk(db, SystemClock())), 0.15)

    async def asking(turn_id: str = "turn-1") -> list[str]:
        metadata = {"conversation_id": conversation[0], "turn_id": turn_id}
        result = await executor.run(call("action_hand_over", user("officer", "talk_to_officer", metadata=metadata)))
        assert result is not None
        return keys(result.responses)

    return asking


async def test_conversation_waits_for_an_officer_once(
    db: Database, conversation: tuple[str, str], ask: Callable[..., Any]
) -> None:
    now = SystemClock().now()
    async with db.transaction() as session:
        await consents.give(session, conversation[1], locale="en", channel="whatsapp", now=now)
    assert await ask() == ["utter_handover_waiting"]
    assert await ask() == ["utter_handover_waiting"]
    assert await ask("turn-2") == ["utter_handover_waiting"]
    async with db.reading() as session:
        assert (await conversations.get(session, conversation[0])).state is State.WAITING
        assert [view.reason for view in await queue.waiting(session, rooms=None)] == ["asked"]


async def test_no_officer_without_consent(db: Database, conversation: tuple[str, str], ask: Callable[..., Any]) -> None:
    assert await ask() == ["utter_handover_consent"]
    async with db.reading() as session:
        assert (await conversations.get(session, conversation[0])).state is State.BOT


async def test_unknown_conversation(db: Database, ask: Callable[..., Any], conversation: tuple[str, str]) -> None:
    executor = create_executor(desks_of(officers=QueueDesk(db, SystemClock())), 0.15)
    metadata = {"conversation_id": "01J0000000000000000000NONE"}
    result = await executor.run(call("action_hand_over", user("officer", "talk_to_officer", metadata=metadata)))
    assert result is not None
    assert keys(result.responses) == ["utter_handover_failed"]


@pytest.mark.parametrize(
    ("amount", "state", "room"), [(20_000, State.BOT, None), (10_000_000, State.WAITING, "dfo-patna")]
)
async def test_a_grievance_of_a_large_amount_goes_to_an_officer_near_its_place_too(
    db: Database, conversation: tuple[str, str], amount: int, state: State, room: str | None
) -> None:
    clock = SystemClock()
    async with db.transaction() as session:
        await consents.give(session, conversation[1], locale="en", channel="whatsapp", now=clock.now())
    desk = LedgerDesk(db, clock, FakeKnowledge())
    asked = {"turn_id": "turn-7", "conversation_id": conversation[0]}
    turn = read(tracker_of(user("file it", "grievance_answer", metadata=asked)))
    told = Particulars(what_happened="The buyer took 200 brass handles and does not pay.", amount_rupees=amount)
    filing = Filing("delayed_payment", told, Place(district="Patna", state="BR"), (), "en")

    async def file() -> None:
        situation = await desk.situation(turn, Kind.FILING)
        await desk.file(situation, turn.turn_id, filing, lambda _said: Kept(None, None, []))

    await file()
    async with db.reading() as session:
        view = await conversations.get(session, conversation[0])
        asked_for = await queue.open_for(session, conversation[0])
        carried = await queue.carried(session, asked_for.id) if asked_for else None
    assert view.state is state
    assert (asked_for.room if asked_for else None) == room
    if asked_for and carried:
        assert (asked_for.reason, asked_for.priority) == ("amount", 1)
        assert len(carried.summary["grievances"]) == 1
