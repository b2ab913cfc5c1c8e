"""What is said is queued exactly once, in order, with its line in the transcript."""

import asyncio
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.conversations import service as conversations
from core.db import Database
from core.events import Button, DeliveryState, OutboundContent
from core.outbox import service as outbox
from tests.core.conftest import NOON
from tests.core.conversing import OTHER, opened, posted, said

LATER = NOON + timedelta(minutes=1)


async def rows(db: Database) -> int:
    async with db.reading() as session:
        return int(await session.scalar(text("SELECT count(*) FROM outbound")) or 0)


async def test_a_posted_answer_stands_in_the_outbox_and_in_the_transcript(db: Database) -> None:
    view = await opened(db, NOON)
    content = OutboundContent(
        text="नमस्ते 🙏", language="hi", key="a.b", params={"n": 3}, buttons=(Button(title="हाँ", payload="/affirm"),)
    )
    (outbound_id,) = await posted(db, view.id, "m1", NOON, content)
    async with db.reading() as session:
        row = await outbox.get(session, outbound_id)
        (line,) = await conversations.transcript(session, view.id)
    assert row.content == content
    assert (row.state, row.attempts, row.channel) == (DeliveryState.QUEUED, 0, "whatsapp")
    assert (row.conversation_id, row.address_id, row.message_id) == (view.id, view.address_id, line.id)
    assert (line.author, line.turn_id) == ("bot", "m1")
    assert line.content is not None
    assert line.content["text"] == "नमस्ते 🙏"


async def test_a_repeated_turn_adds_nothing(db: Database) -> None:
    view = await opened(db, NOON)
    first = await posted(db, view.id, "m1", NOON, said("one"), said("two"))
    again = await posted(db, view.id, "m1", LATER, said("other"), said("words"))
    assert again == first
    async with db.reading() as session:
        assert [row.content.text for row in await outbox.of_turn(session, "m1")] == ["one", "two"]
        assert len(await conversations.transcript(session, view.id)) == 2


async def test_a_turn_that_had_posted_a_part_posts_the_rest(db: Database) -> None:
    view = await opened(db, NOON)
    first = await posted(db, view.id, "m1", NOON, said("one"))
    assert (await posted(db, view.id, "m1", NOON, said("one"), said("two")))[0] == first[0]
    assert await rows(db) == 2


async def test_a_turn_that_posts_twice_at_once_posts_once(db: Database) -> None:
    view = await opened(db, NOON)

    async def post() -> list[str] | None:
        try:
            return await posted(db, view.id, "m1", NOON, said("one"), said("two"))
        except IntegrityError:
            return None

    results = [result for result in await asyncio.gather(*(post() for _ in range(8))) if result]
    assert results
    assert all(result == results[0] for result in results)
    assert await rows(db) == 2
    async with db.reading() as session:
        assert len(await conversations.transcript(session, view.id)) == 2


async def test_a_lane_lists_what_is_to_be_sent_in_the_order_it_was_said(db: Database) -> None:
    view, other = await opened(db, NOON), await opened(db, NOON, OTHER)
    one = await posted(db, view.id, "m1", NOON, said("1"), said("2"), said("3"))
    await posted(db, other.id, "m2", NOON, said("not mine"))
    two = await posted(db, view.id, "m3", NOON, said("4"))
    async with db.transaction() as session:
        await outbox.settle(session, one[1], DeliveryState.FAILED, NOON)
        await outbox.begin_sending(session, one[2], "gateway-1", NOON)
    async with db.reading() as session:
        assert [row.id for row in await outbox.lane(session, view.id)] == [one[0], one[2], two[0]]


async def test_one_process_begins_a_sending(db: Database) -> None:
    view = await opened(db, NOON)
    (row,) = await posted(db, view.id, "m1", NOON, said())

    async def begin(number: int) -> bool:
        async with db.transaction() as session:
            return await outbox.begin_sending(session, row, f"gateway-{number}", NOON)

    assert sum(await asyncio.gather(*(begin(number) for number in range(8)))) == 1
    async with db.reading() as session:
        found = await outbox.get(session, row)
    assert (found.state, found.attempts, found.sending_at) == (DeliveryState.SENDING, 1, NOON)


async def test_nothing_said_is_nothing_posted(db: Database) -> None:
    view = await opened(db, NOON)
    assert await posted(db, view.id, "m1", NOON) == []


async def test_the_database_holds_no_word_of_it(db: Database) -> None:
    view = await opened(db, NOON)
    await posted(db, view.id, "m1", NOON, said("a secret word"))
    async with db.reading() as session:
        for table in ("outbound", "message"):
            for row in await session.execute(text(f"SELECT * FROM {table}")):
                assert all(b"secret" not in value for value in row if isinstance(value, bytes))
                assert "secret" not in str([value for value in row if not isinstance(value, bytes)])
