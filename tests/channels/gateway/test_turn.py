"""Turns: who answers, what the gateway says itself, and that a repeated turn changes nothing."""

import pytest

from channels.gateway.rasa_client import BotMessage
from channels.gateway.turn import AGREE
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.state import Move, State
from core.events import Button, Kind, MediaRef
from core.turns.service import first_turn_id
from grievances.drafts import service as drafts
from grievances.drafts.schemas import Kind as DraftKind
from handoff.queue import service as queue
from rights import service as rights
from rights.settings import RightsSettings
from tests.channels.gateway.conftest import World

NOTICE = "Before we go on"


async def _agreed(world: World) -> str:
    accepted = await world.accept()
    await world.runner.answer(accepted.conversation_id, first_turn_id(accepted.message_id))
    async with world.db.transaction() as session:
        view = await conversations.get(session, accepted.conversation_id)
        await consents.give(session, view.contact_id, locale="en", channel="whatsapp", now=world.clock.now())
    return accepted.conversation_id


async def test_the_first_answer_is_followed_by_the_notice_and_later_ones_are_not(world: World) -> None:
    first, second = await world.turn(), await world.turn()
    assert first[0] == "an answer"
    assert first[1].startswith(NOTICE)
    assert second == ["an answer"]


async def test_a_repeated_turn_says_nothing_twice(world: World) -> None:
    accepted = await world.accept()
    for _ in range(3):
        await world.runner.answer(accepted.conversation_id, first_turn_id(accepted.message_id))
    assert len(await world.lines(accepted.conversation_id)) == 2
    assert len(world.rasa.asked) == 1


async def test_a_turn_that_died_before_posting_asks_under_the_same_id(world: World) -> None:
    accepted = await world.accept()
    turn_id = first_turn_id(accepted.message_id)

    async def die() -> None:
        world.rasa.meanwhile = None
        raise RuntimeError("power cut")

    world.rasa.meanwhile = die
    with pytest.raises(RuntimeError):
        await world.runner.answer(accepted.conversation_id, turn_id)
    await world.runner.answer(accepted.conversation_id, turn_id)
    assert [request["turn_id"] for request in world.rasa.asked] == [turn_id, turn_id]
    assert len(await world.lines(accepted.conversation_id)) == 2


async def test_texts_that_wait_are_asked_together(world: World) -> None:
    first = await world.accept("mera buyer")
    await world.accept("paisa nahi de raha")
    await world.runner.answer(first.conversation_id, first_turn_id(first.message_id))
    assert world.rasa.asked[0]["text"] == "mera buyer\npaisa nahi de raha"


async def test_only_a_button_that_was_offered_is_obeyed(world: World) -> None:
    await _agreed(world)
    world.rasa.says = (
        BotMessage(text="which?", buttons=(Button(title="PMEGP", payload='/ask_scheme{"scheme": "pmegp"}'),)),
    )
    await world.turn("schemes")
    await world.turn("1")
    assert world.rasa.asked[-1]["button"] == '/ask_scheme{"scheme": "pmegp"}'
    await world.turn("pmegp")
    assert world.rasa.asked[-1]["button"] == '/ask_scheme{"scheme": "pmegp"}'
    await world.turn("Press", kind=Kind.BUTTON, button="/erase_everything", reply_to="SM" + "9" * 32)
    assert world.rasa.asked[-1]["button"] is None


async def test_a_late_message_is_answered_with_an_apology(world: World) -> None:
    await _agreed(world)
    sent_at = world.clock.now()
    world.pass_time(minutes=20)
    lines = await world.turn("what is udyam", sent_at=sent_at)
    assert "late" in lines[0]
    assert lines[1] == "an answer"
    assert world.rasa.asked[-1]["late_minutes"] == 20


async def test_an_assistant_that_is_down_is_said_with_the_way_to_an_officer(world: World) -> None:
    await _agreed(world)
    world.rasa.down = True
    assert "technical problem" in (await world.turn())[0]


async def test_the_bot_is_silent_while_an_officer_has_the_conversation(world: World) -> None:
    lane = await _agreed(world)
    asked = len(world.rasa.asked)
    async with world.db.transaction() as session:
        await conversations.move(session, lane, Move.REQUEST_OFFICER, now=world.clock.now())
    assert await world.turn() == []
    async with world.db.transaction() as session:
        await conversations.move(session, lane, Move.CLAIM, now=world.clock.now())
    assert await world.turn() == []
    assert len(world.rasa.asked) == asked


async def test_an_officer_who_takes_over_while_the_bot_thinks_is_not_talked_over(world: World) -> None:
    lane = await _agreed(world)

    async def take_over() -> None:
        async with world.db.transaction() as session:
            await conversations.move(session, lane, Move.REQUEST_OFFICER, now=world.clock.now())
            await conversations.move(session, lane, Move.CLAIM, now=world.clock.now())

    world.rasa.meanwhile = take_over
    assert await world.turn() == []


async def test_stop_and_start_and_withdrawal_need_no_assistant(world: World) -> None:
    lane = await _agreed(world)
    asked = len(world.rasa.asked)
    assert "no more messages" in (await world.turn("Stop!"))[0]
    assert "Welcome back" in (await world.turn("START"))[0]
    assert "erased" in (await world.turn("सहमति वापस"))[0]
    assert len(world.rasa.asked) == asked
    async with world.db.reading() as session:
        kept = [line.content for line in await conversations.transcript(session, lane) if line.author == "contact"]
        consent = await consents.latest(session, (await conversations.get(session, lane)).contact_id)
    assert kept[:-1] == [None] * (len(kept) - 1)
    assert consent is not None
    assert not consent.is_given


@pytest.mark.parametrize("said", ["Cancel erasure!", "मिटाना रद्द करें", "mitana radd karo"])
async def test_an_erasure_is_cancelled_whoever_has_the_conversation(world: World, said: str) -> None:
    lane = await _agreed(world)
    asked = len(world.rasa.asked)
    async with world.db.transaction() as session:
        await rights.request_erasure(session, lane, settings=RightsSettings(), now=world.clock.now())
        await queue.request_handover(session, conversation_id=lane, turn_id="t1", reason="asked", now=world.clock.now())
    assert await _state(world, lane) is State.WAITING
    assert await world.turn(said) == ["The erasure is cancelled. Nothing was erased."]
    async with world.db.reading() as session:
        view = await conversations.get(session, lane)
        assert await rights.waiting(session, view.contact_id) is None
    assert await world.turn(said) == ["No erasure is waiting, so there is nothing to cancel."]
    assert len(world.rasa.asked) == asked


async def test_the_assistant_is_told_what_became_of_a_file(world: World) -> None:
    await _agreed(world)
    world.sender.files = {"u": b"%PDF-1.4\n" + b"x" * 100, "v": b"MZ program"}
    for url, state, recognised in (
        ("u", "kept", "application/pdf"),
        ("v", "unknown_type", None),
        ("gone", "unreachable", None),
    ):
        file = MediaRef(url=url, declared_type="image/png")
        assert await world.turn("see this", kind=Kind.MEDIA, media=(file,)) == ["an answer"]
        asked = world.rasa.asked[-1]
        assert asked["kind"] == "media"
        assert [(one["state"], one["content_type"]) for one in asked["files"]] == [(state, recognised)]
        assert set(asked["files"][0]) == {"id", "state", "content_type"}


async def test_without_the_assistant_a_file_is_kept_once_and_a_bad_one_is_named(world: World) -> None:
    lane = await _agreed(world)
    world.rasa.down = True
    world.sender.files = {"u": b"%PDF-1.4\n" + b"x" * 100, "v": b"MZ program"}
    lines = await world.turn("", kind=Kind.MEDIA, media=(MediaRef(url="u", declared_type="application/pdf"),))
    assert "received your file" in lines[0]
    for url in ("v", "gone"):
        lines = await world.turn("", kind=Kind.MEDIA, media=(MediaRef(url=url, declared_type="image/png"),))
        assert "cannot keep it" in lines[0]
    assert (await _state(world, lane)) is State.BOT


async def _draft(world: World, lane: str, asked: str) -> str:
    async with world.db.transaction() as session:
        contact_id = (await conversations.get(session, lane)).contact_id
        await drafts.save(
            session, contact_id, DraftKind.FILING, conversation_id=lane, content={"what": "secret"}, asked=asked,
            turn_id="t", reply=[], version=None, now=world.clock.now(),
        )  # fmt: skip
    return contact_id


async def test_agreeing_to_an_earlier_notice_goes_on_with_the_complaint_that_waits_for_it(world: World) -> None:
    first = await world.accept()
    await world.runner.answer(first.conversation_id, first_turn_id(first.message_id))
    await _draft(world, first.conversation_id, "consent")
    assert await world.turn("I agree") == ["an answer"]
    assert world.rasa.asked[-1]["button"] == '/grievance_answer{"question":"consent","choice":"agree"}'
    assert world.rasa.asked[-1]["consent"] is True


async def test_agreeing_while_nothing_waits_is_thanked(world: World) -> None:
    first = await world.accept()
    await world.runner.answer(first.conversation_id, first_turn_id(first.message_id))
    await _draft(world, first.conversation_id, "what")
    assert "Thank you" in (await world.turn("I agree"))[0]


async def test_a_withdrawn_consent_takes_an_unfinished_complaint_with_it(world: World) -> None:
    lane = await _agreed(world)
    contact_id = await _draft(world, lane, "what")
    await world.turn("withdraw consent")
    async with world.db.reading() as session:
        assert await drafts.of_contact(session, contact_id) == []


async def test_a_turn_that_is_given_up_is_a_dead_letter_and_the_lane_goes_on(world: World) -> None:
    accepted = await world.accept("one")
    turn_id = first_turn_id(accepted.message_id)
    world.rasa.meanwhile = _raise
    with pytest.raises(RuntimeError):
        await world.runner.answer(accepted.conversation_id, turn_id)
    await world.runner.give_up(turn_id, "RuntimeError")
    world.rasa.meanwhile = None
    assert (await world.turn("two"))[0] == "an answer"
    assert world.rasa.asked[-1]["text"] == "two"


async def _raise() -> None:
    raise RuntimeError("poison")


async def _state(world: World, lane: str) -> State:
    async with world.db.reading() as session:
        return (await conversations.get(session, lane)).state


@pytest.mark.parametrize("text", ["haan", "हाँ जी", "OK!", "yes, I agree", "2."])
async def test_a_plain_answer_to_the_notice_is_read_as_one(world: World, text: str) -> None:
    first = await world.accept()
    await world.runner.answer(first.conversation_id, first_turn_id(first.message_id))
    await world.turn(text)
    async with world.db.reading() as session:
        view = await conversations.get(session, first.conversation_id)
        consent = await consents.latest(session, view.contact_id)
    assert consent is not None
    assert consent.is_given is (text != "2.")
    assert len(world.rasa.asked) == 1, "the assistant is not asked what the gateway asked itself"


async def test_a_plain_answer_to_something_else_goes_to_the_assistant(world: World) -> None:
    first = await world.accept()
    await world.runner.answer(first.conversation_id, first_turn_id(first.message_id))
    await world.turn("what is pmegp")
    await world.turn("haan")
    assert world.rasa.asked[-1]["text"] == "haan"


async def test_a_complaint_asks_for_consent_once(world: World) -> None:
    agree = Button(title="I agree", payload=f'{AGREE}:/grievance_answer{{"choice":"agree"}}')
    world.rasa.says = (BotMessage(key="utter_form_consent", text="May we keep it?", language="en", buttons=(agree,)),)
    said = await world.turn("complaint")
    assert len(said) == 2
    assert "WITHDRAW CONSENT" in said[0]
    assert "Do you agree" not in said[0]
    assert said[1] == "May we keep it?"
    assert NOTICE not in (await world.turn("hello"))[-1], "the notice was given and is on record"
