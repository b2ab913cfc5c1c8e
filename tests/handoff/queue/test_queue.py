"""The queue on both databases: placing, load, drop, transfer, spill-over, telling, leaving."""

import asyncio
from datetime import timedelta

import pytest

from core.conversations import service as conversations
from core.conversations.state import State
from core.db import Database
from core.dues import service as dues
from core.errors import Conflict, InvalidInput, NotPermitted
from core.events import OutboundContent
from core.ids import new_id
from core.outbox import service as outbox
from handoff.officers.schemas import Role
from handoff.queue import notices
from handoff.queue import service as queue
from handoff.queue.schemas import SaidPlace
from handoff.queue.service import TooManyOpen
from handoff.queue.settings import settings
from tests.handoff.conftest import Scene
from tests.handoff.queue.conftest import LIMITS, Line

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
KANPUR, PATNA = "dfo-kanpur", "dfo-patna"


async def state_of(db: Database, conversation_id: str) -> State:
    async with db.reading() as session:
        return (await conversations.get(session, conversation_id)).state


async def ask(scene: Scene, number: int, said: SaidPlace | None = None) -> queue.HandoverView:
    asked = await scene.waits(number)
    async with scene.db.transaction() as session:
        await queue.leave(session, asked.conversation_id, now=scene.clock.now())
        return await queue.request_handover(
            session, conversation_id=asked.conversation_id, turn_id=new_id(), reason="asked", said=said,
            now=scene.clock.now(),
        )  # fmt: skip


@BOTH
async def test_the_place_that_was_said_chooses_the_room_and_is_kept_with_it(scene: Scene, db: Database) -> None:
    asked = await ask(scene, 1, SaidPlace(district="Patna", state="Bihar"))
    assert asked.room == PATNA
    async with db.reading() as session:
        carried = await queue.carried(session, asked.id)
        assert (await conversations.get(session, asked.conversation_id)).room == PATNA
    (step,) = carried.steps
    assert (step.why, step.source, step.state, step.skipped) == ("nearest", "said", "BR", ())
    assert carried.summary["language"] == "hi"


async def test_a_shared_location_chooses_the_room(scene: Scene, db: Database) -> None:
    conversation = await scene.says(7, "hello")
    async with db.transaction() as session:
        place = {"latitude": 25.61, "longitude": 85.14, "label": None}
        await conversations.append(
            session, conversation, author="contact", kind="location", content={"text": "", "location": place},
            now=scene.clock.now(),
        )  # fmt: skip
    asked = await scene.waits(7)
    assert asked.room == PATNA


async def test_an_unknown_place_is_the_hubs(scene: Scene) -> None:
    for number, said in enumerate((None, SaidPlace(pincode="999999"), SaidPlace(district="Bilaspur"))):
        assert (await ask(scene, number, said)).room == "hub"


async def test_what_was_asked_last_is_carried(scene: Scene, db: Database) -> None:
    conversation = await scene.says(1, "hello")
    await scene.bot_says(conversation, "Which bank is it?")
    asked = await scene.waits(1)
    async with db.reading() as session:
        assert (await queue.carried(session, asked.id)).summary["asked"] == "Which bank is it?"


@BOTH
async def test_nobody_has_more_than_he_may_even_when_all_come_at_once(scene: Scene, line: Line) -> None:
    asha = await scene.officer("asha")
    asked = [await scene.waits(number) for number in range(6)]
    outcomes = await asyncio.gather(*(line.acts.claim(asha, one.id) for one in asked), return_exceptions=True)
    assert sum(isinstance(one, str) for one in outcomes) == LIMITS.most_at_once
    assert all(isinstance(one, str | TooManyOpen) for one in outcomes)
    assert len(await line.order("hub")) == 4


@BOTH
async def test_an_officer_who_is_gone_puts_the_conversation_back_at_the_front(scene: Scene, line: Line) -> None:
    asha = await scene.officer("asha")
    first, second = await scene.waits(1), await scene.waits(2)
    await line.acts.claim(asha, second.id)
    await line.passes(LIMITS.dropped_after - 1)
    assert (await line.now(second)).officer_id == asha.id
    await line.on_duty(asha)
    await line.passes(LIMITS.dropped_after)
    assert (await line.now(second)).officer_id == asha.id
    await line.passes(2)
    assert (await line.now(second)).officer_id is None
    assert await line.order("hub") == [second.id, first.id]
    assert await state_of(scene.db, second.conversation_id) is State.WAITING
    assert (await line.steps(second))[-1] == ("dropped", "hub")
    assert "कनेक्शन" in (await line.told(second))[-1]
    with pytest.raises(Conflict):
        await line.acts.reply(asha, second.id, new_id(), "too late")
    assert await line.rounds.requeue_dropped() == 0


async def test_a_deactivated_officer_is_gone_at_once(scene: Scene, line: Line) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    await line.acts.claim(asha, asked.id)
    await scene.officers.set_active(asha.id, active=False, by="system")
    await line.passes(1)
    assert (await line.now(asked)).officer_id is None


@BOTH
async def test_transfer_to_a_room_with_a_reason_loses_nothing(scene: Scene, line: Line, db: Database) -> None:
    asha, ravi = await scene.officer("asha", room=KANPUR), await scene.officer("ravi", room=PATNA)
    waiting, asked = await scene.waits(1, room=PATNA), await scene.waits(2, room=KANPUR)
    await line.acts.claim(asha, asked.id)
    await line.acts.reply(asha, asked.id, new_id(), "one moment")
    await scene.says(2, "in flight")
    await line.acts.transfer(asha, asked.id, f"room:{PATNA}", "lives in\nPatna ")
    await scene.says(2, "after it")
    moved = await line.now(asked)
    assert (moved.room, moved.officer_id, moved.requested_at) == (PATNA, None, asked.requested_at)
    assert await line.order(PATNA) == [asked.id, waiting.id]
    assert "पटना" in (await line.told(asked))[-1]
    async with db.reading() as session:
        last = (await queue.carried(session, asked.id)).steps[-1]
    assert (last.cause, last.reason, last.by, last.from_room) == ("transfer", "lives in Patna", asha.id, KANPUR)
    with pytest.raises(Conflict):
        await line.acts.reply(asha, asked.id, new_id(), "too late")
    await line.acts.claim(ravi, asked.id)
    texts = [text for _author, text in await scene.lines(asked.conversation_id)]
    assert {"one moment", "in flight", "after it"} <= set(texts)


@BOTH
async def test_transfer_to_an_officer(scene: Scene, line: Line) -> None:
    asha, ravi = await scene.officer("asha"), await scene.officer("ravi", room=PATNA)
    asked = await scene.waits()
    await line.acts.claim(asha, asked.id)
    with pytest.raises(InvalidInput):
        await line.acts.transfer(asha, asked.id, f"officer:{ravi.id}", "not on duty")
    await line.on_duty(asha, ravi)
    await line.acts.transfer(asha, asked.id, f"officer:{ravi.id}", "knows exports")
    moved = await line.now(asked)
    assert (moved.officer_id, moved.room) == (ravi.id, PATNA)
    assert await state_of(scene.db, asked.conversation_id) is State.OFFICER
    assert "Ravi Verma" in (await line.told(asked))[-1]
    await line.acts.reply(ravi, asked.id, new_id(), "hello")


@pytest.mark.parametrize(
    ("target", "reason"),
    [("room:atlantis", "why not"), ("room:hub", "same room"), ("room:dfo-patna", "x"), ("room:dfo-patna", " \n "),
     ("planet:mars", "why not"), ("", "why not"), ("officer:nobody", "why not"), ("room:dfo-patna", "x" * 301)],
)  # fmt: skip
async def test_transfers_that_make_no_sense_change_nothing(scene: Scene, line: Line, target: str, reason: str) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    await line.acts.claim(asha, asked.id)
    before = await line.now(asked)
    with pytest.raises(InvalidInput):
        await line.acts.transfer(asha, asked.id, target, reason)
    assert await line.now(asked) == before


async def test_only_the_owner_transfers(scene: Scene, line: Line) -> None:
    asha, ravi = await scene.officer("asha"), await scene.officer("ravi")
    auditor = await scene.officer("audit", Role.AUDITOR)
    asked = await scene.waits()
    await line.acts.claim(asha, asked.id)
    with pytest.raises(Conflict):
        await line.acts.transfer(ravi, asked.id, f"room:{PATNA}", "why not")
    with pytest.raises(NotPermitted):
        await line.acts.transfer(auditor, asked.id, f"room:{PATNA}", "why not")


async def test_a_transfer_to_an_officer_who_has_enough_is_refused(scene: Scene, line: Line) -> None:
    asha, ravi = await scene.officer("asha"), await scene.officer("ravi")
    for number in range(settings().most_at_once):
        held = await scene.waits(number + 10)
        async with scene.db.transaction() as session:
            await queue.claim(session, held.id, officer_id=ravi.id, now=scene.clock.now())
    asked = await scene.waits()
    await line.acts.claim(asha, asked.id)
    await line.on_duty(ravi)
    with pytest.raises(TooManyOpen):
        await line.acts.transfer(asha, asked.id, f"officer:{ravi.id}", "why not")
    assert (await line.now(asked)).officer_id == asha.id


@BOTH
async def test_after_a_wait_a_room_with_an_officer_then_the_hub(scene: Scene, line: Line) -> None:
    agra, hub = await scene.officer("agra", room="dfo-agra"), await scene.officer("hub", Role.HUB, room=None)
    asked = await ask(scene, 1, SaidPlace(state="UP", district="Kanpur Nagar"))
    assert asked.room == KANPUR
    scene.clock.at += timedelta(seconds=LIMITS.spill_after - 1)
    await line.on_duty(agra, hub)
    await line.passes(0)
    assert (await line.now(asked)).room == KANPUR
    await line.passes(1)
    moved = await line.now(asked)
    assert (moved.room, moved.requested_at, moved.returned_at) == ("dfo-agra", asked.requested_at, None)
    assert "आगरा" in (await line.told(asked))[-1]
    await line.passes(LIMITS.hub_after - LIMITS.spill_after)
    assert await line.steps(asked) == [("request", KANPUR), ("spill", "dfo-agra"), ("spill", "hub")]


async def test_the_hub_is_asked_last(scene: Scene, line: Line) -> None:
    asked = await ask(scene, 1, SaidPlace(state="UP", district="Kanpur Nagar"))
    await line.passes(LIMITS.hub_after)
    assert (await line.now(asked)).room == "hub"
    assert await line.steps(asked) == [("request", KANPUR), ("spill", "hub")]


async def test_place_and_expected_wait_are_told_once(scene: Scene, line: Line) -> None:
    asha = await scene.officer("asha")
    for number in (11, 12):
        served = await scene.waits(number)
        await line.acts.claim(asha, served.id)
        scene.clock.at += timedelta(minutes=10)
        await line.acts.resolve(asha, served.id, "answered")
    for number in (13, 14):
        await line.acts.claim(asha, (await scene.waits(number)).id)
    first, second = await scene.waits(1), await scene.waits(2)
    await line.passes(LIMITS.tell_after)
    await line.passes(LIMITS.tell_after)
    assert [len(await line.told(one)) for one in (first, second)] == [1, 1]
    assert "नंबर 1" in (await line.told(first))[0]
    assert "5 मिनट" in (await line.told(first))[0]
    assert "नंबर 2" in (await line.told(second))[0]
    assert "10 मिनट" in (await line.told(second))[0]


async def test_nobody_on_duty_is_said_with_the_next_opening(scene: Scene, line: Line) -> None:
    scene.clock.at = scene.clock.at.replace(hour=15)  # 20:30 in India, a Monday
    asked = await ask(scene, 1, SaidPlace(state="BR", district="Patna"))
    await line.passes(LIMITS.tell_after)
    (said,) = await line.told(asked)
    assert "पटना" in said
    assert "मंगलवार" in said
    assert "09:30" in said
    # Nothing more until it opens: no offer to file at midnight.
    await line.passes(3 * 3600)
    assert await line.told(asked) == [said]


async def test_an_open_room_without_officers_is_said(scene: Scene, line: Line) -> None:
    asked = await scene.waits()
    await line.passes(LIMITS.tell_after)
    assert "अभी कोई अधिकारी डेस्क पर नहीं" in (await line.told(asked))[0]


async def test_the_wait_limit_offers_a_complaint_or_to_wait_on(scene: Scene, line: Line, db: Database) -> None:
    asked = await scene.waits()
    await line.passes(LIMITS.wait_limit)
    async with db.reading() as session:
        last = (await outbox.lane(session, asked.conversation_id))[-1]
    assert isinstance(last.content, OutboundContent)
    assert [button.payload for button in last.content.buttons] == [notices.FILE_INSTEAD, notices.GO_ON]
    assert "15 मिनट" in last.content.text
    count = len(await line.told(asked))
    await line.passes(LIMITS.wait_limit)
    assert len(await line.told(asked)) == count


async def test_a_claim_ends_what_was_planned(scene: Scene, line: Line, db: Database) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    await line.acts.claim(asha, asked.id)
    async with db.reading() as session:
        assert await dues.of_subject(session, asked.id) == []
    told = await line.told(asked)
    await line.passes(60)
    assert await line.told(asked) == told


@BOTH
async def test_who_does_not_wait_is_the_assistants_again(scene: Scene, line: Line, db: Database) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    async with db.transaction() as session:
        assert await queue.leave(session, asked.conversation_id, now=scene.clock.now())
        assert not await queue.leave(session, asked.conversation_id, now=scene.clock.now())
    assert await state_of(db, asked.conversation_id) is State.BOT
    with pytest.raises(Conflict):
        await line.acts.claim(asha, asked.id)
    assert await line.passes(LIMITS.wait_limit) == 0


async def test_two_sweeps_at_once_say_everything_once(scene: Scene, line: Line) -> None:
    asked = await scene.waits()
    scene.clock.at += timedelta(seconds=LIMITS.tell_after)
    await asyncio.gather(*(line.rounds.sweep() for _ in range(4)))
    assert len(await line.told(asked)) == 1


async def test_asking_again_in_distress_comes_to_the_front(scene: Scene, line: Line, db: Database) -> None:
    first, second = await scene.waits(1), await scene.waits(2)
    async with db.transaction() as session:
        again = await queue.request_handover(
            session, conversation_id=second.conversation_id, turn_id=new_id(), reason="distress", priority=9,
            now=scene.clock.now(),
        )  # fmt: skip
    assert (again.id, again.priority) == (second.id, 9)
    assert await line.order("hub") == [second.id, first.id]


@BOTH
@pytest.mark.thorough
async def test_many_officers_race_for_many_conversations(scene: Scene, db: Database) -> None:
    people = [await scene.officer(f"officer{number}") for number in range(12)]
    asked = [await scene.waits(number) for number in range(60)]
    wins: dict[str, list[str]] = {one.id: [] for one in asked}

    async def work(officer_id: str, offset: int) -> None:
        for one in asked[offset:] + asked[:offset]:
            try:
                async with db.transaction() as session:
                    await queue.claim(session, one.id, officer_id=officer_id, now=scene.clock.now(), most=8)
            except Conflict:
                continue
            wins[one.id].append(officer_id)

    await asyncio.gather(*(work(one.id, 5 * number) for number, one in enumerate(people)))
    assert all(len(winners) == 1 for winners in wins.values())
    assert max(sum(one.id in winners for winners in wins.values()) for one in people) <= 8
