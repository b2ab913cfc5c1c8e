"""What officers do: exactly one wins a claim, a reply is said once, rooms are kept apart, every act is kept."""

import asyncio

import pytest
from sqlalchemy import select

from core.audit import service as audit
from core.audit.models import Audit
from core.conversations import service as conversations
from core.conversations.state import State
from core.db import Database
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.events import DeliveryState
from core.ids import new_id
from core.outbox import service as outbox
from handoff.desk.acts import LONGEST_REPLY, Acts, Disposition, SaidOtherwise, clean_reply
from handoff.officers.schemas import Role
from handoff.queue import service as queue
from tests.handoff.conftest import Scene


@pytest.fixture
def acts(scene: Scene) -> Acts:
    return Acts(scene.db, scene.clock, scene.wake)


async def state_of(db: Database, conversation_id: str) -> State:
    async with db.reading() as session:
        return (await conversations.get(session, conversation_id)).state


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_the_whole_way(scene: Scene, acts: Acts, db: Database) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    conversation = asked.conversation_id
    await acts.claim(asha, asked.id)
    assert await state_of(db, conversation) is State.OFFICER
    await acts.reply(asha, asked.id, new_id(), "नमस्ते")
    await acts.resolve(asha, asked.id, "answered")
    assert await state_of(db, conversation) is State.CLOSED
    said = await scene.lines(conversation)
    assert [author for author, _ in said] == ["contact", "system", "officer", "system"]
    assert "Asha Verma" in said[1][1]
    assert "अधिकारी" in said[1][1]
    assert scene.woken == [conversation] * 3
    async with db.reading() as session:
        acts_kept = list(
            await session.scalars(select(Audit.act).where(Audit.subject == conversation).order_by(Audit.id))
        )
        assert await audit.first_broken(session) is None
        assert [row.state for row in await outbox.lane(session, conversation)] == [DeliveryState.QUEUED] * 3
    assert acts_kept == ["handover.request", "handover.claim", "conversation.reply", "handover.resolve"]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_of_many_officers_exactly_one_gets_each(scene: Scene, acts: Acts) -> None:
    people = [await scene.officer(f"officer{i}") for i in range(5)]
    asked = [await scene.waits(i) for i in range(8)]
    outcomes = await asyncio.gather(
        *(acts.claim(one, handover.id) for handover in asked for one in people), return_exceptions=True
    )
    assert sum(isinstance(one, str) for one in outcomes) == 8
    assert sum(isinstance(one, Conflict) for one in outcomes) == 32
    for handover in asked:
        notices = [text for author, text in await scene.lines(handover.conversation_id) if author == "system"]
        assert len(notices) == 1


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_a_reply_sent_many_times_is_said_once(scene: Scene, acts: Acts) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    await acts.claim(asha, asked.id)
    key = new_id()
    outcomes = await asyncio.gather(
        *(acts.reply(asha, asked.id, key, "once") for _ in range(5)), return_exceptions=True
    )
    assert outcomes == [asked.conversation_id] * 5
    assert [text for author, text in await scene.lines(asked.conversation_id) if author == "officer"] == ["once"]


async def test_a_key_is_never_used_for_other_words_or_another_conversation(scene: Scene, acts: Acts) -> None:
    asha = await scene.officer("asha")
    first, second = await scene.waits(1), await scene.waits(2)
    await acts.claim(asha, first.id)
    await acts.claim(asha, second.id)
    key = new_id()
    await acts.reply(asha, first.id, key, "yes")
    for handover, text in ((first, "no"), (second, "yes")):
        with pytest.raises(SaidOtherwise):
            await acts.reply(asha, handover.id, key, text)
    assert [author for author, _ in await scene.lines(second.conversation_id)] == ["contact", "system"]


async def test_nobody_acts_on_what_is_not_theirs(scene: Scene, acts: Acts) -> None:
    asha, ravi, asked = await scene.officer("asha"), await scene.officer("ravi"), await scene.waits()
    with pytest.raises(Conflict):
        await acts.reply(asha, asked.id, new_id(), "not claimed yet")
    await acts.claim(asha, asked.id)
    for act in (
        acts.reply(ravi, asked.id, new_id(), "me too"),
        acts.give_back(ravi, asked.id),
        acts.resolve(ravi, asked.id, "answered"),
        acts.claim(ravi, asked.id),
    ):
        with pytest.raises(Conflict):
            await act
    await acts.resolve(asha, asked.id, "answered")
    with pytest.raises(Conflict):
        await acts.reply(asha, asked.id, new_id(), "too late")
    assert [author for author, _ in await scene.lines(asked.conversation_id)] == ["contact", "system", "system"]


async def test_given_back_it_stands_in_front_and_can_be_claimed_again(scene: Scene, acts: Acts, db: Database) -> None:
    asha, ravi = await scene.officer("asha"), await scene.officer("ravi")
    first, second = await scene.waits(1), await scene.waits(2)
    await acts.claim(asha, first.id)
    await acts.give_back(asha, first.id)
    async with db.reading() as session:
        assert [one.id for one in await queue.waiting(session, rooms=None)] == [first.id, second.id]
    await acts.claim(ravi, first.id)
    notices = [text for author, text in await scene.lines(first.conversation_id) if author == "system"]
    assert len(notices) == 3


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_rooms_are_kept_apart(scene: Scene, acts: Acts, db: Database) -> None:
    here, there = await scene.officer("asha", room="dfo-kanpur"), await scene.officer("ravi", room="dfo-patna")
    hub = await scene.officer("hub", Role.HUB)
    asked, nowhere = await scene.waits(1, room="dfo-kanpur"), await scene.waits(2)
    async with db.reading() as session:
        seen = {one.login: [h.id for h in await queue.waiting(session, rooms=one.rooms)] for one in (here, there, hub)}
    assert seen == {"asha": [asked.id], "ravi": [], "hub": [asked.id, nowhere.id]}
    with pytest.raises(NotFound):
        await acts.claim(there, asked.id)
    await acts.claim(here, asked.id)
    async with db.reading() as session:
        with pytest.raises(NotFound):
            await queue.latest_visible(session, asked.conversation_id, rooms=there.rooms, officer_id=there.id)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.EDITOR])
async def test_some_roles_do_not_answer(scene: Scene, acts: Acts, role: Role) -> None:
    one, asked = await scene.officer("asha", role), await scene.waits()
    for act in (
        acts.claim(one, asked.id),
        acts.reply(one, asked.id, new_id(), "x"),
        acts.give_back(one, asked.id),
        acts.resolve(one, asked.id, "answered"),
        acts.mark_seen(one, "x"),
    ):
        with pytest.raises(NotPermitted):
            await act


@pytest.mark.parametrize("language", ["en", "hi", "hi-Latn"])
@pytest.mark.parametrize("disposition", list(Disposition))
async def test_the_contact_is_told_in_their_language(scene: Scene, acts: Acts, language: str, disposition: str) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits(language=language)
    await acts.claim(asha, asked.id)
    await acts.resolve(asha, asked.id, disposition)
    notices = [text for author, text in await scene.lines(asked.conversation_id) if author == "system"]
    devanagari = [any("\u0900" <= c <= "\u097f" for c in text) for text in notices]
    assert devanagari == [language == "hi"] * 2


async def test_an_unknown_disposition(scene: Scene, acts: Acts) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    await acts.claim(asha, asked.id)
    with pytest.raises(InvalidInput):
        await acts.resolve(asha, asked.id, "bored")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("  a\r\nb\rc  ", "a\nb\nc"),
        ("x\x00\x1b[31my\u202e", "x[31my"),
        ("क्\u200dष", "क्\u200dष"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("😀", "😀"),
    ],
)
def test_what_is_typed_and_what_is_sent(typed: str, sent: str) -> None:
    assert clean_reply(typed) == sent


@pytest.mark.parametrize("typed", ["", " \n ", "\u202e\x00", "x" * (LONGEST_REPLY + 1)])
def test_what_cannot_be_sent(typed: str) -> None:
    with pytest.raises(InvalidInput):
        clean_reply(typed)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_messages_in_trouble_are_listed_by_room_until_seen(scene: Scene, acts: Acts, db: Database) -> None:
    here, there = await scene.officer("asha", room="dfo-kanpur"), await scene.officer("ravi", room="dfo-patna")
    asked = await scene.waits(room="dfo-kanpur")
    ids = [await scene.bot_says(asked.conversation_id, f"line {i}") for i in range(3)]
    now = scene.clock.now()
    async with db.transaction() as session:
        for outbound_id, state in zip(
            ids, (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.SENT), strict=True
        ):
            await outbox.begin_sending(session, outbound_id, "test", now)
            await outbox.settle(session, outbound_id, state, now, error_code="63016")
    async with db.reading() as session:
        assert [one.id for one in await outbox.needing_attention(session, rooms=here.rooms)] == [ids[1], ids[0]]
        assert await outbox.needing_attention(session, rooms=there.rooms) == []
    with pytest.raises(NotFound):
        await acts.mark_seen(there, ids[0])
    with pytest.raises(NotFound):
        await acts.mark_seen(here, ids[2])
    await acts.mark_seen(here, ids[0])
    with pytest.raises(NotFound):
        await acts.mark_seen(here, ids[0])
    async with db.reading() as session:
        assert [one.id for one in await outbox.needing_attention(session, rooms=None)] == [ids[1]]
        assert [one.id for one in await outbox.failed(session)] == []
