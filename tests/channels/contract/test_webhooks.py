"""What comes in: only what the provider sent, each thing once, whatever else is tried."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from channels.base import Sender
from core.conversations import service as conversations
from core.db import Database
from core.events import DeliveryState, Kind, OutboundContent
from core.ids import new_id
from core.outbox import service as outbox
from tests.channels.contract.conftest import Door, MovingClock
from tests.channels.contract.rigs import Rig, numbers
from tests.core.conversing import opened, posted

TEXTS = [
    "Namaste",
    "मेरा खरीदार 3 महीने से पैसे नहीं दे रहा",
    "🙏👨‍👩‍👧‍👦",
    "\u202eabc\u200b\u200d",
    "a+b & c=d % e",
    "<script>alert(1)</script> *bold* {{1}}",
    "one\ntwo",
    "क" * 5000,
    "/restart",
]
SENT, DELIVERED, READ, FAILED = (
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
    DeliveryState.FAILED,
)


def taken(status: int) -> bool:
    return 200 <= status < 300


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_a_genuine_message_is_taken_in_as_it_is(rig: Rig, door: Door, text: str) -> None:
    number = next(numbers)
    assert taken(await door.post(rig.message(text, number)))
    (event,) = door.events
    assert (event.text, event.kind) == (text, Kind.TEXT)
    assert (event.channel, event.provider_id) == (rig.channel.manifest.name, rig.provider_id(number))
    assert (event.address.kind, event.address.value) == (rig.channel.manifest.address_kind, rig.contact)
    assert len(door.started) == 1


async def test_an_empty_message_is_taken_in(rig: Rig, door: Door) -> None:
    assert taken(await door.post(rig.message("", next(numbers))))
    assert [event.kind for event in door.events] == [Kind.EMPTY]


async def test_what_does_not_prove_the_provider_is_refused(rig: Rig, door: Door) -> None:
    hooks = [rig.message("नमस्ते", next(numbers)), rig.receipt(READ, rig.provider_id(1), new_id())]
    answers = {
        (hook.path, name): await door.post(forged) for hook in hooks for name, forged in rig.forged(hook).items()
    }
    assert set(answers.values()) == {403}, answers
    assert (door.events, door.started, door.moved) == ([], [], [])


async def test_what_cannot_be_read_is_refused_and_breaks_nothing(rig: Rig, door: Door) -> None:
    number = next(numbers)
    answers = {name: await door.post(hook) for name, hook in rig.unreadable(number).items()}
    assert all(400 <= status < 500 for status in answers.values()), answers
    assert door.events == []
    assert taken(await door.post(rig.message("after all that", number)))


async def test_a_body_cut_anywhere_is_refused(rig: Rig, door: Door) -> None:
    hook = rig.message("मेरा नाम मीरा है", next(numbers))
    for length in range(0, len(hook.body) - 1, 11):
        assert 400 <= await door.post(replace(hook, body=hook.body[:length])) < 500
    assert door.events == []


async def test_the_same_message_again_is_acknowledged_and_taken_in_once(rig: Rig, door: Door) -> None:
    hook = rig.message("नमस्ते", next(numbers))
    answers = await asyncio.gather(*(door.post(hook) for _ in range(6)))
    answers += [await door.post(hook) for _ in range(3)]
    assert all(taken(status) for status in answers)
    assert [result.duplicate for result in door.results].count(False) == 1
    assert len({result.message_id for result in door.results}) == 1
    assert len(door.started) == 1


@pytest.mark.parametrize("later", [timedelta(minutes=5), timedelta(days=1), timedelta(days=6)])
async def test_a_message_replayed_later_is_still_the_same(
    rig: Rig, door: Door, clock: MovingClock, later: timedelta
) -> None:
    hook = rig.message("नमस्ते", next(numbers))
    await door.post(hook)
    clock.ahead = later
    assert taken(await door.post(hook))
    assert [result.duplicate for result in door.results] == [False, True]
    assert len(door.started) == 1


async def test_more_than_may_wait_is_to_be_sent_later(rig: Rig, door: Door) -> None:
    answers = [await door.post(rig.message(f"message {i}", next(numbers))) for i in range(12)]
    assert answers[10:] == [429, 429]
    assert all(taken(status) for status in answers[:10])
    assert len(door.started) == 10


async def test_what_cannot_be_stored_is_not_acknowledged(rig: Rig, door: Door) -> None:
    message = rig.message("नमस्ते", next(numbers))
    receipt = rig.receipt(READ, rig.provider_id(1), new_id())
    door.refuse = OSError("no space left on device")
    assert await door.post(message) >= 500
    assert await door.post(receipt) >= 500
    door.refuse = None
    assert taken(await door.post(message))
    assert len(door.started) == 1


async def test_what_no_webhook_told_is_in_the_providers_list(rig: Rig, door: Door, senders: dict[str, Sender]) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    ids = [rig.write_unreported(text) for text in ("पहला", "second 🙏", "third")]
    for sender in senders.values():
        events = [event async for event in sender.list_inbound(since) if event.provider_id in ids]
        assert [event.provider_id for event in events] == ids
        assert [event.text for event in events] == ["पहला", "second 🙏", "third"]
        assert {event.address.value for event in events} == {rig.contact}
        assert all(event.sent_at is not None and event.sent_at >= since for event in events)
        for event in events:
            await door.accept(event)
    assert len(door.started) == len(ids)
    assert [result.duplicate for result in door.results[: len(ids)]] == [False] * len(ids)


async def sending_row(db: Database, clock: MovingClock, rig: Rig) -> str:
    """A row that was sent, and of which no receipt came yet."""
    view = await opened(db, clock.now())
    (outbound_id,) = await posted(db, view.id, new_id(), clock.now(), OutboundContent(text="An answer."))
    async with db.transaction() as session:
        await outbox.begin_sending(session, outbound_id, "gateway-1", clock.now())
    return outbound_id


async def state_of(db: Database, outbound_id: str) -> DeliveryState:
    async with db.reading() as session:
        return (await outbox.get(session, outbound_id)).state


@pytest.mark.parametrize("order", list(permutations([SENT, DELIVERED, READ])), ids=lambda order: "-".join(order))
async def test_receipts_move_forward_only_in_any_order(
    rig: Rig, door: Door, db: Database, clock: MovingClock, order: tuple[DeliveryState, ...]
) -> None:
    outbound_id = await sending_row(db, clock, rig)
    furthest = -1
    forward = [SENT, DELIVERED, READ]
    for state in order:
        for _ in range(2):
            assert taken(await door.post(rig.receipt(state, rig.provider_id(7), outbound_id)))
            furthest = max(furthest, forward.index(state))
            assert await state_of(db, outbound_id) is forward[furthest]
    async with db.transaction() as session:
        # The sender's own answer comes last, as it may.
        await outbox.settle(session, outbound_id, SENT, clock.now(), provider_id=rig.provider_id(7))
    assert await state_of(db, outbound_id) is READ


async def test_what_was_read_does_not_fail_any_more_and_what_failed_stays_so(
    rig: Rig, door: Door, db: Database, clock: MovingClock
) -> None:
    read, failed = await sending_row(db, clock, rig), await sending_row(db, clock, rig)
    for outbound_id, order in ((read, [READ, FAILED]), (failed, [FAILED, SENT, DELIVERED, READ])):
        for state in order:
            assert taken(await door.post(rig.receipt(state, rig.provider_id(8), outbound_id)))
    assert (await state_of(db, read), await state_of(db, failed)) == (READ, FAILED)


async def test_a_receipt_of_something_unknown_is_taken_and_moves_nothing(rig: Rig, door: Door, db: Database) -> None:
    assert taken(await door.post(rig.receipt(READ, rig.provider_id(9), new_id())))
    assert door.moved == [False]
    async with db.reading() as session:
        assert await conversations.open_since(session, door.clock.now()) == []
