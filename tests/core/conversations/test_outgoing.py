"""Where a contact may be written to unasked."""

from datetime import datetime, timedelta

import pytest

from core.clock import FixedClock
from core.conversations import consents, outgoing
from core.conversations import service as conversations
from core.conversations.opening import IDLE_LIMIT
from core.conversations.schemas import ConversationView
from core.conversations.state import Move, State
from core.db import Database
from tests.core.conftest import NOON
from tests.core.conversing import opened

LATER = NOON + timedelta(minutes=5)


async def found(db: Database, contact_id: str, now: datetime = LATER) -> ConversationView | None:
    async with db.transaction() as session:
        return await outgoing.find_or_open(session, contact_id, now=now)


async def answer(db: Database, contact_id: str, *answers: str, now: datetime = NOON) -> None:
    for number, said in enumerate(answers):
        at = now + timedelta(seconds=number)
        async with db.transaction() as session:
            if said == "noticed":
                await consents.note_notice(session, contact_id, locale="en", channel="whatsapp", now=at)
            elif said == "given":
                await consents.give(session, contact_id, locale="en", channel="whatsapp", now=at)
            elif said == "declined":
                await consents.decline(session, contact_id, now=at)
            else:
                await consents.withdraw(session, contact_id, now=at)


async def test_the_conversation_that_is_open(db: Database) -> None:
    here = await opened(db, NOON)
    there = await found(db, here.contact_id)
    assert there is not None
    assert (there.id, there.channel, there.contact_id) == (here.id, "whatsapp", here.contact_id)


@pytest.mark.parametrize("state", [State.WAITING, State.OFFICER])
async def test_also_while_an_officer_has_it(db: Database, state: State) -> None:
    here = await opened(db, NOON)
    async with db.transaction() as session:
        await conversations.move(session, here.id, Move.REQUEST_OFFICER, now=NOON)
        if state is State.OFFICER:
            await conversations.move(session, here.id, Move.CLAIM, now=NOON)
    there = await found(db, here.contact_id, NOON + 2 * IDLE_LIMIT)
    assert there is not None
    assert there.id == here.id


async def test_a_new_one_where_none_is_open_and_the_contact_is_not_taken_to_have_written(db: Database) -> None:
    here = await opened(db, NOON)
    async with db.transaction() as session:
        await conversations.move(session, here.id, Move.CLOSE, now=NOON)
    there = await found(db, here.contact_id)
    assert there is not None
    assert (there.id != here.id, there.state, there.channel) == (True, State.BOT, "whatsapp")
    assert (await found(db, here.contact_id)) == there
    async with db.reading() as session:
        assert (await conversations.get_address(session, here.address_id)).last_inbound_at == NOON


async def test_one_that_has_rested_is_over(db: Database, clock: FixedClock) -> None:
    here = await opened(db, NOON)
    there = await found(db, here.contact_id, NOON + IDLE_LIMIT + timedelta(seconds=1))
    assert there is not None
    assert there.id != here.id
    async with db.reading() as session:
        assert (await conversations.get(session, here.id)).state is State.CLOSED


async def test_never_to_an_address_that_was_stopped(db: Database) -> None:
    here = await opened(db, NOON)
    async with db.transaction() as session:
        await conversations.set_stopped(session, here.address_id, NOON)
    assert await found(db, here.contact_id) is None
    async with db.transaction() as session:
        await conversations.set_stopped(session, here.address_id, None)
    assert await found(db, here.contact_id) is not None


@pytest.mark.parametrize(
    ("answers", "may"),
    [
        ((), True),
        (("noticed",), True),
        (("noticed", "given"), True),
        (("noticed", "declined"), False),
        (("noticed", "declined", "given"), True),
        (("noticed", "given", "withdrawn"), False),
        (("noticed", "given", "withdrawn", "given"), True),
        (("noticed", "given", "withdrawn", "noticed"), False),
    ],
)
async def test_never_against_the_contacts_last_answer(db: Database, answers: tuple[str, ...], may: bool) -> None:
    here = await opened(db, NOON)
    await answer(db, here.contact_id, *answers)
    assert (await found(db, here.contact_id) is not None) is may


async def test_a_contact_without_an_address(db: Database) -> None:
    assert await found(db, "01ARZ3NDEKTSV4RRFFQ69G5FAV") is None
