"""Taking in, answering and showing signs of life at the same moment, on PostgreSQL: no two wait for each other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import SystemClock
from core.conversations import service as conversations
from core.db import Database
from core.events import OutboundContent
from core.ids import new_id
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.turns import heartbeats
from core.turns.service import Intake
from tests.core.conftest import create_tables
from tests.core.conversing import CONTACT, opened, written

pytestmark = pytest.mark.integration

ANSWER = OutboundContent(text="An answer.")
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


async def _start(_conversation_id: str, _turn_id: str) -> None:
    """Start nothing: these tests are about the rows."""


@pytest.fixture
async def db(postgres_url: str) -> AsyncIterator[Database]:
    install(Keyring({1: bytes(range(32))}, bytes(32)))
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    create_tables(url)
    database = Database(url)
    yield database
    await database.close()


async def test_a_message_comes_in_while_the_answer_to_the_last_is_posted(db: Database) -> None:
    intake = Intake(db, SystemClock(), _start)
    view = await opened(db, NOW)
    async with db.transaction() as session:
        await conversations.lock(session, view.id)
        accepting = asyncio.create_task(intake.accept(written("again", address=CONTACT)))
        await asyncio.sleep(0.3)
        assert not accepting.done()
        await outbox.post(session, view.id, new_id(), [ANSWER], author="bot", now=NOW)
    assert not (await accepting).duplicate


async def test_messages_and_answers_of_one_contact_in_any_mixture(db: Database) -> None:
    intake = Intake(db, SystemClock(), _start, queue_cap=1000)
    view = await opened(db, NOW)

    async def answers() -> None:
        for _ in range(25):
            async with db.transaction() as session:
                await outbox.post(session, view.id, new_id(), [ANSWER, ANSWER], author="bot", now=NOW)

    async def messages() -> None:
        for _ in range(25):
            await intake.accept(written("again", address=CONTACT))

    await asyncio.gather(answers(), messages(), messages())
    async with db.reading() as session:
        assert len(await outbox.lane(session, view.id)) == 50


async def test_two_gateways_that_wake_together_take_each_other_for_silent_and_do_not_block(db: Database) -> None:
    names = ("gateway-1", "gateway-2")
    silence = timedelta(seconds=15)
    async with db.transaction() as session:
        for name in names:
            await heartbeats.beat(session, name, NOW)
    later = NOW + timedelta(hours=1)
    both_beat = asyncio.Barrier(2)

    async def wake(name: str) -> list[str]:
        async with db.transaction() as session:
            await heartbeats.beat(session, name, later)
            await both_beat.wait()
            return await heartbeats.claim_silent(session, name, later, silence)

    taken = await asyncio.gather(*(wake(name) for name in names))
    assert taken == [[], []]
