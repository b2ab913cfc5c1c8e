"""What goes out: every fault of a provider has its one meaning, and no row is ever sent twice."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from pydantic import SecretStr

from channels.base import Sender
from channels.gateway.delivery import Delivery
from channels.gateway.settings import GatewaySettings
from core.db import Database
from core.errors import FinalDelivery, ProviderError, RetryableDelivery, UncertainDelivery
from core.events import AddressRef, Button, DeliveryState, OutboundContent
from core.ids import new_id
from core.outbox import service as outbox
from core.outbox.service import OutboundView
from simulators.faults import FaultKind
from tests.channels.contract.conftest import MovingClock
from tests.channels.contract.rigs import Rig
from tests.core.conversing import opened, posted

ANSWER = OutboundContent(text="45 दिन में भुगतान होना चाहिए 🙏 <b>*45*</b>", language="hi")
CHOICE = OutboundContent(
    text="क्या मैं शिकायत दर्ज करूँ?",
    language="hi",
    buttons=(Button(title="हाँ", payload="/affirm"), Button(title="नहीं", payload="/deny")),
)
CONTENTS = {"text": ANSWER, "buttons": CHOICE}
FAULTS: dict[str, tuple[type[ProviderError], int]] = {
    "429": (RetryableDelivery, 0),
    "503": (RetryableDelivery, 0),
    "500": (UncertainDelivery, 0),
    "timeout": (UncertainDelivery, 0),
    "timeout_after": (UncertainDelivery, 1),
    "cut_before": (UncertainDelivery, 0),
    "cut_after": (UncertainDelivery, 1),
    "garbage": (UncertainDelivery, 1),
}
"""What a sender makes of each fault, and how many messages the provider took."""
SLOW = 6.0
"""Seconds of a provider that is too slow for the senders of these tests."""


def test_every_fault_of_the_simulators_has_its_meaning() -> None:
    assert set(FAULTS) == set(get_args(FaultKind)) - {"undelivered"}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
async def test_what_is_sent_arrives_once_and_is_found(
    rig: Rig, senders: dict[str, Sender], content: OutboundContent
) -> None:
    since = datetime.now(UTC) - timedelta(seconds=5)
    ids = [await sender.send(rig.contact, content, new_id()) for sender in senders.values()]
    assert len(set(ids)) == len(senders)
    taken = rig.taken()
    assert len(taken) == len(senders)
    assert all(body.startswith(content.text) for body in taken)
    for sender in senders.values():
        assert sorted(await sender.find(rig.contact, content, since)) == sorted(ids)
        assert await sender.find(rig.contact, ANSWER.model_copy(update={"text": "Something else"}), since) == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_has_its_one_meaning(rig: Rig, senders: dict[str, Sender], fault: str) -> None:
    error, taken = FAULTS[fault]
    since = datetime.now(UTC) - timedelta(seconds=5)
    for number, sender in enumerate(senders.values(), start=1):
        rig.break_next(fault, SLOW)
        with pytest.raises(ProviderError) as raised:
            await sender.send(rig.contact, ANSWER, new_id())
        assert type(raised.value) is error
        assert len(rig.taken()) == taken * number
        assert len(await sender.find(rig.contact, ANSWER, since)) == taken * number


@pytest.mark.parametrize(
    ("to", "text"), [("nobody", "An answer."), ("", "An answer."), ("contact", ""), ("contact", "x" * 20_000)]
)
async def test_what_can_never_be_sent_is_refused_for_good(
    rig: Rig, senders: dict[str, Sender], to: str, text: str
) -> None:
    for sender in senders.values():
        with pytest.raises(FinalDelivery):
            await sender.send(rig.contact if to == "contact" else to, OutboundContent(text=text), new_id())
    assert rig.taken() == []


async def test_a_provider_that_is_not_there_took_nothing(rig: Rig) -> None:
    sender = rig.sender_at("http://127.0.0.1:9")
    try:
        with pytest.raises(RetryableDelivery):
            await sender.send(rig.contact, ANSWER, new_id())
        for ask in (sender.find(rig.contact, ANSWER, datetime.now(UTC)), _all_of(sender)):
            with pytest.raises((RetryableDelivery, UncertainDelivery)):
                await ask
    finally:
        await sender.close()


async def _all_of(sender: Sender) -> list[object]:
    return [event async for event in sender.list_inbound(datetime.now(UTC))]


class Row:
    """One answer to one contact, and the deliveries of two processes for it."""

    def __init__(self, rig: Rig, db: Database, clock: MovingClock, sender: Sender) -> None:
        self._rig, self._db, self._clock = rig, db, clock
        names = ("gateway-1", "gateway-2")
        channel = rig.channel.manifest.name
        self.deliveries = [
            Delivery(db, clock, {channel: sender}, GatewaySettings(bot_token=SecretStr("x" * 16), executor_id=name))
            for name in names
        ]
        self.conversation_id = self.outbound_id = ""

    async def post(self, content: OutboundContent) -> None:
        kind = self._rig.channel.manifest.address_kind
        view = await opened(self._db, self._clock.now(), AddressRef(kind=kind, value=self._rig.contact))
        self.conversation_id = view.id
        (self.outbound_id,) = await posted(self._db, view.id, new_id(), self._clock.now(), content)

    async def now(self) -> OutboundView:
        async with self._db.reading() as session:
            return await outbox.get(session, self.outbound_id)

    async def everything_that_is_ever_done(self) -> None:
        """Both processes deliver and ask, again and again, over some hours."""
        for _ in range(3):
            for delivery in self.deliveries:
                await delivery.deliver(self.conversation_id)
                await delivery.settle_uncertain()
            self._clock.ahead += timedelta(minutes=40)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("fault", ["none", *FAULTS])
async def test_a_row_is_never_sent_twice_whatever_happens(
    rig: Rig, senders: dict[str, Sender], db: Database, clock: MovingClock, fault: str, content: OutboundContent
) -> None:
    error, taken = FAULTS.get(fault, (None, 1))
    row = Row(rig, db, clock, next(iter(senders.values())))
    await row.post(content)
    if error is not None:
        rig.break_next(fault, SLOW)
    await row.everything_that_is_ever_done()
    again = 1 if error is RetryableDelivery else 0
    assert len(rig.taken()) == taken + again
    wanted = DeliveryState.SENT if taken + again else DeliveryState.UNCERTAIN
    assert (await row.now()).state is wanted
    assert (await row.now()).attempts == 1 + again


async def test_processes_at_the_same_row_at_once_send_it_once(
    rig: Rig, senders: dict[str, Sender], db: Database, clock: MovingClock
) -> None:
    row = Row(rig, db, clock, next(iter(senders.values())))
    await row.post(ANSWER)
    await asyncio.gather(*(delivery.deliver(row.conversation_id) for delivery in row.deliveries * 4))
    await row.everything_that_is_ever_done()
    assert len(rig.taken()) == 1
    assert (await row.now()).state is DeliveryState.SENT


async def test_two_rows_with_the_same_words_are_told_apart(
    rig: Rig, senders: dict[str, Sender], db: Database, clock: MovingClock
) -> None:
    """The first was sent, the answer to the second was lost: asking must not take the first for the second."""
    first = Row(rig, db, clock, next(iter(senders.values())))
    await first.post(ANSWER)
    await first.deliveries[0].deliver(first.conversation_id)
    second = Row(rig, db, clock, next(iter(senders.values())))
    await second.post(ANSWER)
    rig.break_next("cut_before", SLOW)
    await second.everything_that_is_ever_done()
    assert len(rig.taken()) == 1
    assert (await first.now()).state is DeliveryState.SENT
    assert (await second.now()).state is DeliveryState.UNCERTAIN
