"""A choice means something only if it was really offered, to this address."""

from sqlalchemy import text

from core.conversations import service as conversations
from core.conversations.state import Move
from core.db import Database
from core.events import Button, DeliveryState, OutboundContent
from core.outbox import service as outbox
from tests.core.conftest import NOON
from tests.core.conversing import OTHER, opened, posted, said

YES, NO = Button(title="Yes, go on", payload="/affirm"), Button(title="नहीं", payload="/deny")
OFFER = OutboundContent(text="Shall I?", buttons=(YES, NO))


async def meant(db: Database, conversation_id: str, **how: str) -> Button | None:
    async with db.reading() as session:
        return await outbox.offered_button(session, conversation_id, **how)


async def sent(db: Database, row: str, sid: str) -> None:
    async with db.transaction() as session:
        await outbox.begin_sending(session, row, "gateway-1", NOON)
        await outbox.settle(session, row, DeliveryState.SENT, NOON, provider_id=sid)


MEANINGS: list[tuple[dict[str, str], Button | None]] = [
    ({"number": "1"}, YES),
    ({"number": "2"}, NO),
    ({"number": "3"}, None),
    ({"number": "0"}, None),
    ({"number": "-1"}, None),
    ({"number": "/affirm"}, None),
    ({"number": "9" * 5000}, None),
    ({"number": "²"}, None),
    ({"typed": "1"}, YES),
    ({"typed": " 2. "}, NO),
    ({"typed": "2)"}, NO),
    ({"typed": "२"}, NO),
    ({"typed": "২"}, NO),
    ({"typed": "3"}, None),
    ({"typed": "12"}, None),
    ({"typed": "yes, GO on"}, YES),
    ({"typed": "नहीं"}, NO),
    ({"typed": "Yes"}, None),
    ({"typed": "/affirm"}, None),
    ({"typed": ""}, None),
    ({"typed": " . "}, None),
    ({"typed": "1 2"}, None),
    ({"number": "2", "typed": "Yes, go on"}, NO),
    ({"number": "9", "typed": "नहीं"}, NO),
    ({}, None),
]


async def test_number_and_title(db: Database) -> None:
    view = await opened(db, NOON)
    await posted(db, view.id, "m1", NOON, OFFER)
    assert [(how, await meant(db, view.id, **how)) for how, _ in MEANINGS] == MEANINGS


async def test_titles_that_are_numbers_are_titles_first(db: Database) -> None:
    view = await opened(db, NOON)
    buttons = tuple(Button(title=title, payload=f"/pick{title}") for title in ("3", "2", "1"))
    await posted(db, view.id, "m1", NOON, OutboundContent(text="How many?", buttons=buttons))
    assert await meant(db, view.id, typed="1") == buttons[2]
    assert await meant(db, view.id, number="1", typed="3") == buttons[0]
    assert await meant(db, view.id, number="3", typed="1") == buttons[2]


async def test_a_press_belongs_to_the_message_it_was_made_on(db: Database) -> None:
    view = await opened(db, NOON)
    other = OutboundContent(text="Which?", buttons=(Button(title="PMEGP", payload="/ask_scheme"),))
    (old,) = await posted(db, view.id, "m1", NOON, OFFER)
    (new,) = await posted(db, view.id, "m2", NOON, other)
    await sent(db, old, "SM-old")
    await sent(db, new, "SM-new")
    assert await meant(db, view.id, reply_to="SM-old", number="1") == YES
    assert await meant(db, view.id, reply_to="SM-new", number="1") == other.buttons[0]
    assert await meant(db, view.id, reply_to="SM-new", number="2") is None
    assert await meant(db, view.id, reply_to="SM-none", number="1") is None
    assert await meant(db, view.id, number="1") == other.buttons[0]


async def test_only_the_latest_message_is_answered_by_typing(db: Database) -> None:
    view = await opened(db, NOON)
    await posted(db, view.id, "m1", NOON, OFFER, said("And another line."))
    assert await meant(db, view.id, typed="1") is None


async def test_a_button_may_be_pressed_when_its_conversation_is_over(db: Database) -> None:
    before = await opened(db, NOON)
    (row,) = await posted(db, before.id, "m1", NOON, OFFER)
    await sent(db, row, "SM-old")
    async with db.transaction() as session:
        await conversations.move(session, before.id, Move.CLOSE, now=NOON)
    now = await opened(db, NOON)
    assert now.id != before.id
    assert await meant(db, now.id, reply_to="SM-old", number="2") == NO
    assert await meant(db, now.id, typed="2") is None


async def test_nothing_of_another_address_is_ever_meant(db: Database) -> None:
    mine, theirs = await opened(db, NOON), await opened(db, NOON, OTHER)
    (row,) = await posted(db, theirs.id, "m1", NOON, OFFER)
    await sent(db, row, "SM-theirs")
    for how in ({"number": "1"}, {"typed": "1"}, {"typed": YES.title}, {"reply_to": "SM-theirs", "number": "1"}):
        assert await meant(db, mine.id, **how) is None
    assert await meant(db, theirs.id, reply_to="SM-theirs", number="1") == YES


async def test_an_erased_offer_means_nothing(db: Database) -> None:
    view = await opened(db, NOON)
    await posted(db, view.id, "m1", NOON, OFFER)
    async with db.transaction() as session:
        await session.execute(text("UPDATE outbound SET content = NULL"))
    assert await meant(db, view.id, number="1") is None
