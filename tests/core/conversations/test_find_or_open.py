"""One contact, one address and one open conversation, however many messages come at once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.clock import FixedClock
from core.conversations import service as conversations
from core.conversations.opening import IDLE_LIMIT
from core.conversations.schemas import ConversationView
from core.conversations.state import Move, State
from core.db import Database
from core.errors import NotFound
from core.turns import service as turns
from core.turns.service import Intake
from tests.core.conftest import NOON
from tests.core.conversing import CONTACT, OTHER, opened, written

SOON = timedelta(minutes=1)


async def counts(db: Database) -> tuple[int, ...]:
    async with db.reading() as session:
        tables = ("contact", "address", "conversation")
        return tuple([await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables])


async def nothing(_conversation_id: str, _turn_id: str) -> None:
    pass


@pytest.mark.parametrize("crowd", [20])
async def test_a_crowd_of_first_messages_opens_one_conversation(db: Database, clock: FixedClock, crowd: int) -> None:
    intake = Intake(db, clock, nothing)
    accepted = await asyncio.gather(*(intake.accept(written(f"line {number}")) for number in range(crowd)))
    assert await counts(db) == (1, 1, 1)
    assert len({one.conversation_id for one in accepted}) == 1
    assert len({one.message_id for one in accepted}) == crowd
    async with db.reading() as session:
        lines = await conversations.transcript(session, accepted[0].conversation_id)
    assert [line.id for line in lines] == sorted(one.message_id for one in accepted)


async def test_different_addresses_are_different_contacts(db: Database) -> None:
    one, other = await opened(db, NOON), await opened(db, NOON, OTHER)
    assert one.contact_id != other.contact_id
    assert await counts(db) == (2, 2, 2)
    telegram = CONTACT.model_copy(update={"kind": "telegram"})
    assert (await opened(db, NOON, telegram)).contact_id != one.contact_id


async def test_the_next_message_finds_the_open_conversation(db: Database) -> None:
    first = await opened(db, NOON)
    again = await opened(db, NOON + SOON)
    assert again.id == first.id
    assert again.last_message_at == NOON + SOON
    assert again.contact_name == "Meera"
    async with db.reading() as session:
        address = await conversations.find_address(session, CONTACT)
        assert address is not None
        assert address.value == CONTACT.value
        assert address.last_inbound_at == NOON + SOON
        assert await conversations.find_address(session, OTHER) is None


@pytest.mark.parametrize(("rest", "same"), [(IDLE_LIMIT, True), (IDLE_LIMIT + timedelta(seconds=1), False)])
async def test_after_the_idle_limit_a_new_conversation_begins(db: Database, rest: timedelta, same: bool) -> None:
    first = await opened(db, NOON)
    again = await opened(db, NOON + rest)
    assert (again.id == first.id) is same
    assert again.contact_id == first.contact_id
    async with db.reading() as session:
        before = await conversations.get(session, first.id)
    assert before.state is (State.BOT if same else State.CLOSED)
    assert (before.version > first.version) is not same


@pytest.mark.parametrize("moves", [[Move.REQUEST_OFFICER], [Move.REQUEST_OFFICER, Move.CLAIM]])
async def test_what_waits_for_a_person_is_never_closed_by_rest(db: Database, moves: list[Move]) -> None:
    first = await opened(db, NOON)
    async with db.transaction() as session:
        for move in moves:
            await conversations.move(session, first.id, move, now=NOON)
    assert (await opened(db, NOON + 10 * IDLE_LIMIT)).id == first.id


async def test_an_idle_conversation_with_an_unanswered_line_stays_open(db: Database, clock: FixedClock) -> None:
    """The gateway was away for a day: what it had acknowledged must still be answered by the bot."""
    first = await Intake(db, clock, nothing).accept(written("before the night"))
    clock.at += 2 * IDLE_LIMIT
    again = await Intake(db, clock, nothing).accept(written("after it"))
    assert again.conversation_id == first.conversation_id
    async with db.transaction() as session:
        claim = await turns.claim(session, first.conversation_id, "m1", clock.now())
    assert claim is not None
    assert claim.conversation.state is State.BOT
    assert [message.id for message in claim.messages] == [first.message_id, again.message_id]


async def test_a_closed_conversation_is_followed_by_a_new_one(db: Database) -> None:
    first = await opened(db, NOON)
    async with db.transaction() as session:
        await conversations.set_language(session, first.contact_id, "hi", fixed=True)
        await conversations.move(session, first.id, Move.CLOSE, now=NOON)
    again = await opened(db, NOON + SOON)
    assert again.id != first.id
    assert (again.language, again.language_fixed) == ("hi", True)


async def test_what_is_not_there_is_not_found(db: Database) -> None:
    async with db.reading() as session:
        for looking in (conversations.get(session, "x"), conversations.get_address(session, "x")):
            with pytest.raises(NotFound):
                await looking
        with pytest.raises(NotFound):
            await conversations.get_message(session, 1)


async def views(db: Database, state: State) -> list[ConversationView]:
    async with db.reading() as session:
        return await conversations.list_by_state(session, state)


async def test_lists_by_state_begin_with_the_longest_waiting(db: Database) -> None:
    late, early = await opened(db, NOON + SOON), await opened(db, NOON, OTHER)
    assert [view.id for view in await views(db, State.BOT)] == [early.id, late.id]
    assert await views(db, State.WAITING) == []


async def test_the_database_holds_no_number_and_no_name(db: Database) -> None:
    await opened(db, NOON)
    async with db.reading() as session:
        for table in ("contact", "address", "conversation"):
            for row in await session.execute(text(f"SELECT * FROM {table}")):
                stored = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
                assert b"0000000101" not in stored
                assert b"Meera" not in stored
