"""Sender and webhooks against the simulated provider, which speaks Twilio's protocol and nothing of ours."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.sender import TwilioSender
from channels.whatsapp.twilio.webhook import make_routes
from core.errors import FinalDelivery, ProviderError, RetryableDelivery, UncertainDelivery
from core.events import Button, DeliveryState, InboundMessage, OutboundContent, Receipt
from tests.simulators.conftest import (
    CONTACT,
    PUBLIC,
    SID,
    TOKEN,
    Running,
    Served,
    free_port,
    run_simulator,
    settings_for,
    wait_for,
)
from tests.simulators.conftest import Gateway as Recorder

OURS = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
HELLO = OutboundContent(text="नमस्ते 🙏 <b>*loan*</b>", language="hi")
CHOICE = OutboundContent(
    text="Shall I?", buttons=(Button(title="Yes", payload="/affirm"), Button(title="No", payload="/deny"))
)


def simulator_for(gateway: Served, **more: Any) -> Running:
    port = free_port()
    public_url = f"http://127.0.0.1:{port}"
    return run_simulator(settings_for(Recorder(url=gateway.url), port=port, public_url=public_url, **more))


class Pair:
    """A simulated provider and our webhooks, each knowing the other's address only."""

    def __init__(self) -> None:
        self.accepted: list[InboundMessage] = []
        self.receipts: list[Receipt] = []
        values = {"account_sid": SID, "auth_token": TOKEN, "sender": "+910000000001", "public_url": PUBLIC}
        app = FastAPI()
        app.include_router(make_routes(WhatsAppSettings.model_validate(values), self.accept, self.record))
        self.gateway = Served(app)
        self.provider: Running = simulator_for(self.gateway)
        more = {"api_url": self.provider.url, "content_url": self.provider.url, "timeout": 2.5}
        self.settings = WhatsAppSettings.model_validate({**values, **more})

    async def accept(self, event: InboundMessage) -> None:
        self.accepted.append(event)

    async def record(self, receipt: Receipt) -> bool:
        self.receipts.append(receipt)
        return True

    def stop(self) -> None:
        self.provider.stop()
        self.gateway.stop()


@pytest.fixture(scope="module")
def one_pair() -> Any:
    pair = Pair()
    yield pair
    pair.stop()


@pytest.fixture
def pair(one_pair: Pair) -> Pair:
    one_pair.provider.control.post("/control/reset", params={"contents": True}).raise_for_status()
    one_pair.accepted.clear()
    one_pair.receipts.clear()
    return one_pair


@pytest.fixture
async def sender(pair: Pair) -> AsyncIterator[TwilioSender]:
    sender = TwilioSender(pair.settings)
    yield sender
    await sender.close()


async def test_a_message_and_its_receipts(pair: Pair, sender: TwilioSender) -> None:
    pair.provider.write()
    sid = await sender.send(CONTACT, HELLO, OURS)
    (shown,) = pair.provider.outbound()
    assert (shown["sid"], shown["body"]) == (sid, HELLO.text)
    wait_for(lambda: len(pair.receipts) == 3)
    assert {(receipt.outbound_id, receipt.provider_id) for receipt in pair.receipts} == {(OURS, sid)}
    assert {receipt.state for receipt in pair.receipts} == {
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.READ,
    }


async def test_buttons_and_the_press_on_one(pair: Pair, sender: TwilioSender) -> None:
    pair.provider.write()
    sid = await sender.send(CONTACT, CHOICE, OURS)
    assert await sender.send(CONTACT, CHOICE.model_copy(update={"text": "And now?"}), OURS)
    assert [message["body"] for message in pair.provider.outbound()] == ["Shall I?", "And now?"]
    pair.provider.write("", kind="button", button={"payload": "2", "text": "No"}, replied_sid=sid)
    event = pair.accepted[-1]
    assert (event.kind, event.button, event.text, event.reply_to) == ("button", "2", "No", sid)


FAULTS: list[tuple[dict[str, Any], type[ProviderError], bool]] = [
    ({"kind": "429", "retry_after": 7}, RetryableDelivery, False),
    ({"kind": "429"}, RetryableDelivery, False),
    ({"kind": "503", "retry_after": 2}, RetryableDelivery, False),
    ({"kind": "500"}, UncertainDelivery, False),
    ({"kind": "cut_before"}, UncertainDelivery, False),
    ({"kind": "cut_after"}, UncertainDelivery, True),
    ({"kind": "garbage"}, UncertainDelivery, True),
    ({"kind": "timeout", "seconds": 6}, UncertainDelivery, False),
    ({"kind": "timeout_after", "seconds": 6}, UncertainDelivery, True),
]


@pytest.mark.parametrize(
    ("fault", "error", "taken"), FAULTS, ids=lambda value: str(value.get("kind", "")) if isinstance(value, dict) else ""
)
async def test_faults(
    pair: Pair, sender: TwilioSender, fault: dict[str, Any], error: type[ProviderError], taken: bool
) -> None:
    pair.provider.write()
    since = datetime.now(UTC) - timedelta(seconds=5)
    pair.provider.fault(**fault)
    with pytest.raises(error) as raised:
        await sender.send(CONTACT, HELLO, OURS)
    if isinstance(raised.value, RetryableDelivery):
        assert raised.value.retry_after == fault.get("retry_after")
    assert len(pair.provider.outbound()) == taken
    found = await sender.find(CONTACT, HELLO, since)
    assert found == [message["sid"] for message in pair.provider.outbound()]


async def test_outside_its_rules_the_provider_refuses_for_good(pair: Pair, sender: TwilioSender) -> None:
    with pytest.raises(FinalDelivery):
        await sender.send("nobody", HELLO, OURS)
    with pytest.raises(FinalDelivery):
        await sender.send(CONTACT, HELLO.model_copy(update={"text": "x" * 1601}), OURS)
    with pytest.raises(FinalDelivery):
        await sender.send(CONTACT, HELLO.model_copy(update={"text": ""}), OURS)


async def test_a_message_with_buttons_is_found_as_template_and_as_list(pair: Pair, sender: TwilioSender) -> None:
    pair.provider.write()
    since = datetime.now(UTC) - timedelta(seconds=5)
    template = await sender.send(CONTACT, CHOICE, OURS)
    plain = TwilioSender(pair.settings.model_copy(update={"quick_replies": False}))
    numbered = await plain.send(CONTACT, CHOICE, OURS)
    await plain.close()
    assert sorted(await sender.find(CONTACT, CHOICE, since)) == sorted([template, numbered])


async def test_what_never_reached_us_is_in_the_providers_list(pair: Pair, sender: TwilioSender) -> None:
    since = datetime.now(UTC) - timedelta(seconds=5)
    pair.provider.behave(withhold_inbound=1)
    pair.provider.control.post("/control/inbound", json={"sender": CONTACT, "text": "lost"}).raise_for_status()
    pair.provider.write("second")
    events = [event async for event in sender.list_inbound(since)]
    assert [event.text for event in events] == ["lost", "second"]
    wait_for(lambda: len(pair.accepted) == 1)
    assert pair.accepted[0].provider_id == events[1].provider_id
    assert pair.accepted[0].text == "second"
    assert events[0].sent_at is not None
    assert abs(datetime.now(UTC) - events[0].sent_at) < timedelta(seconds=30)


@pytest.mark.parametrize(
    "order",
    [
        {"text": ""},
        {"text": "क" * 1500},
        {"text": "🙏👨‍👩‍👧‍👦"},
        {"text": "\u202eabc\u200b"},
        {"text": "<script>alert(1)</script>"},
        {"kind": "location", "location": {"latitude": 28.6, "longitude": 77.2, "label": "Shop"}},
        {"kind": "media", "media": [{"content_type": "image/webp", "data": "UklGRg=="}]},
        {"text": "hello", "parameters": {"WaId": None, "NewParameter": "x", "Empty": ""}},
        {"text": "hello", "profile_name": "نام‌خانوادگی"},
    ],
)
async def test_the_providers_webhooks_are_genuine_and_read(pair: Pair, order: dict[str, Any]) -> None:
    pair.provider.write(**order)
    wait_for(lambda: len(pair.accepted) == 1)
    assert pair.accepted[0].text == order.get("text", pair.accepted[0].text)


async def test_a_simulator_with_another_secret_is_a_forger(pair: Pair) -> None:
    forger = simulator_for(pair.gateway, auth_token="another-token-0000000001")
    try:
        forger.control.post("/control/inbound", json={"sender": CONTACT, "text": "x", "wait": True})
        hooks = forger.control.get("/control/webhooks").json()
    finally:
        forger.stop()
    assert pair.accepted == []
    assert "403" in str(hooks)
