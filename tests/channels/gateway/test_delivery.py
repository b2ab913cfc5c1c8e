"""Delivery: in order, at most once, and honest about what nobody knows."""

import pytest

from channels.gateway.delivery import ContactBuckets, TokenBucket, backoff
from core.conversations import service as conversations
from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery
from core.events import DeliveryState as S
from core.outbox import service as outbox
from tests.channels.gateway.conftest import World


async def _queued(world: World, *texts: str) -> str:
    conversation_id = (await world.accept()).conversation_id
    await world.post(conversation_id, *texts)
    return conversation_id


async def test_rows_go_out_in_order(world: World) -> None:
    lane = await _queued(world, "one", "two", "three")
    await world.delivery.deliver(lane)
    assert [text for _, text in world.sender.sent] == ["one", "two", "three"]
    assert await world.states(lane) == [S.SENT] * 3


async def test_a_refusal_is_final_and_the_lane_goes_on(world: World) -> None:
    lane = await _queued(world, "one", "two")
    world.sender.outcomes = [FinalDelivery("21211")]
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [S.FAILED, S.SENT]
    await world.delivery.deliver(lane)
    assert world.sender.tries["one"] == 1


async def test_what_was_not_accepted_waits_and_is_not_overtaken(world: World) -> None:
    lane = await _queued(world, "one", "two")
    world.sender.outcomes = [RetryableDelivery("20429", retry_after=5)]
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [S.QUEUED, S.QUEUED]
    await world.delivery.deliver(lane)
    assert world.sender.tries["one"] == 1, "tried again before its time"
    world.pass_time(seconds=6)
    await world.delivery.deliver(lane)
    assert [text for _, text in world.sender.sent] == ["one", "two"]


async def test_no_row_holds_its_lane_longer_than_the_patience(world: World) -> None:
    lane = await _queued(world, "one", "two")
    world.sender.outcomes = [RetryableDelivery("20503", retry_after=400)]
    await world.delivery.deliver(lane)
    world.pass_time(seconds=world.settings.lane_patience + 1)
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [S.QUEUED, S.SENT]


async def test_trying_ends_after_its_time(world: World) -> None:
    lane = await _queued(world, "one")
    world.pass_time(seconds=world.settings.give_up_after + 1)
    world.sender.outcomes = [RetryableDelivery("20503")]
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [S.FAILED]


async def test_an_unanswered_request_is_uncertain_and_never_sent_again(world: World) -> None:
    lane = await _queued(world, "one", "two")
    world.sender.outcomes = [UncertainDelivery("timeout")]
    await world.delivery.deliver(lane)
    for _ in range(3):
        world.pass_time(minutes=10)
        await world.delivery.deliver(lane)
        await world.delivery.settle_uncertain()
    assert await world.states(lane) == [S.UNCERTAIN, S.SENT]
    assert world.sender.tries["one"] == 1


async def test_asking_the_provider_settles_what_is_uncertain(world: World) -> None:
    lane = await _queued(world, "one")
    world.sender.outcomes = [UncertainDelivery("timeout")]
    await world.delivery.deliver(lane)
    world.sender.found = ["SM" + "f" * 32]
    await world.delivery.settle_uncertain()
    assert await world.states(lane) == [S.SENT]


async def test_a_message_that_belongs_to_another_row_settles_nothing(world: World) -> None:
    lane = await _queued(world, "one", "one")
    world.sender.outcomes = [UncertainDelivery("timeout")]
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [S.UNCERTAIN, S.SENT]
    world.sender.found = [f"SM{1:032x}"]
    await world.delivery.settle_uncertain()
    assert await world.states(lane) == [S.UNCERTAIN, S.SENT]


@pytest.mark.parametrize(("executor", "seconds", "expected"), [
    ("gateway-1", 0, S.UNCERTAIN), ("gateway-2", 0, S.SENDING), ("gateway-2", 60, S.UNCERTAIN),
])  # fmt: skip
async def test_a_row_found_in_sending(world: World, executor: str, seconds: float, expected: S) -> None:
    lane = await _queued(world, "one")
    async with world.db.transaction() as session:
        row = (await outbox.lane(session, lane))[0]
        assert await outbox.begin_sending(session, row.id, executor, world.clock.now())
    world.pass_time(seconds=seconds)
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [expected]
    assert world.sender.sent == []


async def test_a_stopped_address_gets_nothing_but_the_confirmation(world: World) -> None:
    lane = await _queued(world, "an officer's words")
    async with world.db.transaction() as session:
        view = await conversations.get(session, lane)
        await conversations.set_stopped(session, view.address_id, world.clock.now())
    await world.delivery.deliver(lane)
    assert await world.states(lane) == [S.FAILED]
    assert world.sender.sent == []


async def test_a_flood_to_one_contact_is_spread(world: World) -> None:
    lane = await _queued(world, *[f"line {i}" for i in range(world.settings.contact_burst + 5)])
    await world.delivery.deliver(lane)
    assert len(world.sender.sent) == world.settings.contact_burst
    assert S.FAILED not in await world.states(lane)


def test_backoff_doubles_has_a_ceiling_and_obeys_the_provider() -> None:
    assert 0.4 <= backoff(1, None) <= 0.6
    assert backoff(30, None) <= 72
    assert backoff(1, 30) == 30


async def test_buckets_hold_their_rate() -> None:
    bucket = TokenBucket(rate=1000, burst=2)
    assert [bucket.try_take(), bucket.try_take()] == [0, 0]
    assert 0 < bucket.try_take() <= 0.001
    await bucket.take()
    many = ContactBuckets(rate=0.001, burst=1, most=2)
    assert many.try_take("a") == 0
    assert many.try_take("a") > 0
    assert many.try_take("b") == 0
