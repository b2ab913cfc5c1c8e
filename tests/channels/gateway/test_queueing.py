"""Words of distress, and the choices of somebody who waits: what the gateway does itself about the officers' queue."""

import pytest

from channels.gateway import queueing
from channels.gateway.turn import AGREE
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.state import State
from core.outbox import service as outbox
from core.turns import service as turns
from core.turns.service import first_turn_id
from handoff.queue import notices
from handoff.queue import service as queue
from tests.channels.gateway.conftest import World

DISTRESS = "mai to mar jaunga, bank wale roz aate hain"


async def agreed(world: World) -> str:
    """A contact who agreed; the conversation's id."""
    lane = (await world.accept("hello")).conversation_id
    async with world.db.transaction() as session:
        view = await conversations.get(session, lane)
        await consents.give(session, view.contact_id, locale="en", channel="whatsapp", now=world.clock.now())
    await world.turn("hello")
    return lane


async def state_of(world: World, lane: str) -> State:
    async with world.db.reading() as session:
        return (await conversations.get(session, lane)).state


async def waits(world: World, lane: str) -> queue.HandoverView:
    """The contact waits, and was asked whether to wait on."""
    now = world.clock.now()
    async with world.db.transaction() as session:
        asked = await queue.request_handover(session, conversation_id=lane, turn_id="t1", reason="asked", now=now)
        await notices.tell(session, lane, ("waited",), now=now, choices=True, minutes=15)
    return asked


async def test_distress_goes_to_an_officer_before_everybody_and_helplines_are_said(world: World) -> None:
    lane = await agreed(world)
    asked = len(world.rasa.asked)
    (said,) = await world.turn(DISTRESS)
    assert "14416" in said
    assert "112" in said
    async with world.db.reading() as session:
        handover = await queue.open_for(session, lane)
    assert handover is not None
    assert (handover.reason, handover.priority) == ("distress", 9)
    assert await state_of(world, lane) is State.WAITING
    assert len(world.rasa.asked) == asked


async def test_distress_of_somebody_who_waits_already_raises_the_priority(world: World) -> None:
    lane = await agreed(world)
    asked = await waits(world, lane)
    assert "14416" in (await world.turn(DISTRESS))[0]
    async with world.db.reading() as session:
        assert (await queue.get(session, asked.id)).priority == 9


async def test_distress_without_consent_is_heard_in_the_language_it_is_written_in(world: World) -> None:
    accepted = await world.accept(DISTRESS)
    lane = accepted.conversation_id
    for _ in range(2):  # a repeated turn says nothing twice
        await world.runner.answer(lane, first_turn_id(accepted.message_id))
    lines = await world.lines(lane)
    assert len(lines) == 2
    assert "14416" in lines[0]
    assert "Kripya" in lines[0]
    assert await state_of(world, lane) is State.BOT
    async with world.db.reading() as session:
        offered = (await outbox.lane(session, lane))[-1].content.buttons
    assert offered[0].payload == f"{AGREE}:/talk_to_officer"
    await world.turn("1")
    assert world.rasa.asked[-1]["button"] == "/talk_to_officer"
    assert world.rasa.asked[-1]["consent"] is True


async def test_an_officer_who_has_the_conversation_is_not_talked_over(world: World) -> None:
    lane = await agreed(world)
    asked = await waits(world, lane)
    async with world.db.transaction() as session:
        await queue.claim(session, asked.id, officer_id="o" * 26, now=world.clock.now())
    assert await world.turn(DISTRESS) == []


async def test_a_complaint_instead_of_waiting(world: World) -> None:
    lane = await agreed(world)
    asked = await waits(world, lane)
    assert await world.turn("1") == ["an answer"]
    assert world.rasa.asked[-1]["button"] == "/file_grievance"
    assert await state_of(world, lane) is State.BOT
    async with world.db.reading() as session:
        assert (await queue.get(session, asked.id)).disposition == queue.LEFT


async def test_waiting_on(world: World) -> None:
    lane = await agreed(world)
    await waits(world, lane)
    before = len(world.rasa.asked)
    (said,) = await world.turn("2")
    assert "number 1" in said
    assert await state_of(world, lane) is State.WAITING
    assert len(world.rasa.asked) == before


@pytest.mark.parametrize("choice", ["1", "2"])
async def test_a_choice_that_comes_after_an_officer_is_the_officers(world: World, choice: str) -> None:
    lane = await agreed(world)
    asked = await waits(world, lane)
    async with world.db.transaction() as session:
        await queue.claim(session, asked.id, officer_id="o" * 26, now=world.clock.now())
    assert await world.turn(choice) == []
    assert await state_of(world, lane) is State.OFFICER


async def test_an_officer_who_claims_while_the_contact_leaves_wins(world: World) -> None:
    lane = await agreed(world)
    asked = await waits(world, lane)
    accepted = await world.accept("1")
    async with world.db.transaction() as session:
        claim = await turns.claim(session, lane, first_turn_id(accepted.message_id), world.clock.now())
        assert claim is not None
        question = await world.runner._question(session, claim)
        await queue.claim(session, asked.id, officer_id="o" * 26, now=world.clock.now())
    _, reply = await queueing.lead(world.db, question, world.runner._notice)
    assert reply is not None
    assert reply.contents == ()
    assert await state_of(world, lane) is State.OFFICER
