"""Our webhooks and our sender against `emulate`, a stateful Twilio written by others, with signatures of its own."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr

from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.sender import TwilioSender
from channels.whatsapp.twilio.webhook import make_routes
from core.errors import FinalDelivery
from core.events import Button, DeliveryState, InboundMessage, Kind, OutboundContent, Receipt
from tests.channels.whatsapp import signing
from tests.integration.peers import Peers
from tests.simulators.conftest import Served, free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

CONTACT, OTHER = "+910000000101", "+910000000102"
NUMBER, SILENT, FOREIGN = "+910000000001", "+910000000002", "+910000000009"
OURS = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
INBOUND = "/webhooks/whatsapp/inbound"
Pairs = list[tuple[str, str]]
Change = Callable[[str, Pairs], tuple[str, Pairs]]


def unchanged(path: str, pairs: Pairs) -> tuple[str, Pairs]:
    return path, pairs


def with_value(name: str, value: str) -> Change:
    return lambda path, pairs: (path, [(key, value if key == name else old) for key, old in pairs])


def without(name: str) -> Change:
    return lambda path, pairs: (path, [(key, value) for key, value in pairs if key != name])


@dataclass
class Front:
    """The public address: passes webhooks on to the gateway behind it, changed on the way where a test says so."""

    url: str = ""
    inner: str = ""
    change: Change = unchanged
    answers: list[tuple[str, int]] = field(default_factory=list)

    def app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with httpx.AsyncClient(timeout=10, trust_env=False) as app.state.client:
                yield

        app = FastAPI(lifespan=lifespan)

        @app.post("/{path:path}")
        async def passed(request: Request) -> Response:
            pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
            path, pairs = self.change(f"{request.url.path}?{request.url.query}".rstrip("?"), pairs)
            names = ("content-type", "x-twilio-signature")
            headers = {name: request.headers[name] for name in names if name in request.headers}
            answer = await request.app.state.client.post(self.inner + path, content=urlencode(pairs), headers=headers)
            self.answers.append((path, answer.status_code))
            return Response(answer.content, status_code=answer.status_code)

        return app


class Doors:
    """Writes down what was let in."""

    def __init__(self) -> None:
        self.accepted: list[InboundMessage] = []
        self.receipts: list[Receipt] = []

    async def accept(self, event: InboundMessage) -> None:
        self.accepted.append(event)

    async def record(self, receipt: Receipt) -> bool:
        self.receipts.append(receipt)
        return True


@dataclass
class World:
    """The provider, the public address, and our gateway behind it."""

    provider: httpx.Client
    settings: WhatsAppSettings
    front: Front
    doors: Doors

    def write(self, body: str, *, sender: str = CONTACT, to: str = NUMBER) -> dict[str, Any]:
        form = {"From": f"whatsapp:{sender}", "To": f"whatsapp:{to}", "Body": body}
        answer = self.provider.post("/_twilio/simulate/inbound-message", data=form)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def report(self, sid: str, status: str) -> None:
        form = {"MessageSid": sid, "Status": status}
        self.provider.post("/_twilio/simulate/message-status", data=form).raise_for_status()


@pytest.fixture(scope="module")
def one_world(peers: Peers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("emulate")
    port = free_port()
    front, doors = Front(), Doors()
    public = Served(front.app())
    front.url = public.url
    api = f"http://127.0.0.1:{port}"
    settings = signing.settings(public_url=public.url, api_url=api, content_url=api, sender=NUMBER, quick_replies=False)
    app = FastAPI()
    app.include_router(make_routes(settings, doors.accept, doors.record))
    gateway = Served(app)
    front.inner = gateway.url
    numbers = [
        {"phone_number": f"whatsapp:{NUMBER}", "sms_url": public.url + INBOUND},
        {"phone_number": f"whatsapp:{SILENT}"},
    ]
    account = {"sid": signing.SID, "auth_token": signing.TOKEN}
    seed = folder / "seed.json"
    seed.write_text(json.dumps({"twilio": {"account": account, "phone_numbers": numbers}}))
    arguments = ["start", "-p", str(port), "-s", "twilio", "--seed", str(seed)]
    with (
        peers.running("emulate/dist/index.js", arguments, port, folder / "log"),
        httpx.Client(base_url=api, auth=(signing.SID, signing.TOKEN), trust_env=False, timeout=20) as provider,
    ):
        yield World(provider, settings, front, doors)
    gateway.stop()
    public.stop()


@pytest.fixture
def world(one_world: World) -> World:
    one_world.front.change = unchanged
    one_world.front.answers.clear()
    one_world.doors.accepted.clear()
    one_world.doors.receipts.clear()
    return one_world


@pytest.fixture
async def sender(world: World) -> AsyncIterator[TwilioSender]:
    sender = TwilioSender(world.settings)
    yield sender
    await sender.close()


TEXTS = [
    "Namaste",
    "मेरा खरीदार 3 महीने से पैसे नहीं दे रहा",
    "🙏👨‍👩‍👧‍👦",
    "\u202eabc\u200b\u200d",
    "a+b & c=d % e",
    "<script>alert(1)</script> *bold*",
    "line\nline\r\nline",
    "क" * 1600,
    " leading and trailing ",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_its_messages_are_genuine_and_read(world: World, text: str) -> None:
    sid = world.write(text)["sid"]
    assert world.front.answers == [(INBOUND, 200)]
    (event,) = world.doors.accepted
    assert (event.provider_id, event.kind, event.text) == (sid, Kind.TEXT, text)
    assert event.address.value == CONTACT


def test_its_empty_message_is_genuine_and_empty(world: World) -> None:
    world.write("")
    assert [event.kind for event in world.doors.accepted] == [Kind.EMPTY]


CHANGES: dict[str, Change] = {
    "body": with_value("Body", "नमस्ते!"),
    "body emptied": with_value("Body", ""),
    "sender": with_value("From", f"whatsapp:{OTHER}"),
    "less": without("NumSegments"),
    "nothing left": lambda path, _pairs: (path, []),
    "more": lambda path, pairs: (path, [*pairs, ("ButtonPayload", "1")]),
    "doubled": lambda path, pairs: (path, [*pairs, ("Body", "another")]),
    "query": lambda path, pairs: (path + "?x=1", pairs),
    "other webhook": lambda _path, pairs: ("/webhooks/whatsapp/status", [*pairs, ("MessageStatus", "read")]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_on_the_way_is_refused(world: World, what: str) -> None:
    world.front.change = CHANGES[what]
    world.write("नमस्ते")
    assert [status for _, status in world.front.answers] == [403]
    assert (world.doors.accepted, world.doors.receipts) == ([], [])


def test_with_another_token_its_messages_are_forged(world: World) -> None:
    other = WhatsAppSettings.model_validate(
        {**world.settings.model_dump(), "auth_token": SecretStr("another-token-of-the-tests")}
    )
    app = FastAPI()
    app.include_router(make_routes(other, world.doors.accept, world.doors.record))
    gateway, inner = Served(app), world.front.inner
    try:
        world.front.inner = gateway.url
        world.write("नमस्ते")
    finally:
        world.front.inner = inner
        gateway.stop()
    assert [status for _, status in world.front.answers] == [403]
    assert world.doors.accepted == []


async def test_what_we_send_is_kept_there_as_it_is(world: World, sender: TwilioSender) -> None:
    content = OutboundContent(text="क्या आप शिकायत दर्ज करना चाहेंगे? 🙏", buttons=(Button(title="हाँ", payload="/affirm"),))
    sid = await sender.send(CONTACT, content, OURS)
    kept = world.provider.get(f"/2010-04-01/Accounts/{signing.SID}/Messages/{sid}.json").json()
    assert kept["body"] == f"{content.text}\n\n1. हाँ"
    assert (kept["to"], kept["from"]) == (f"whatsapp:{CONTACT}", f"whatsapp:{NUMBER}")
    # It reports `queued` at once, which says nothing new.
    assert world.front.answers == [(f"/webhooks/whatsapp/status?outbound={OURS}", 200)]
    assert world.doors.receipts == []


RECEIPTS = [
    ("sent", DeliveryState.SENT),
    ("delivered", DeliveryState.DELIVERED),
    ("read", DeliveryState.READ),
    ("undelivered", DeliveryState.FAILED),
    ("failed", DeliveryState.FAILED),
    ("canceled", DeliveryState.FAILED),
]


async def test_its_status_callbacks_are_genuine_and_carry_our_id(world: World, sender: TwilioSender) -> None:
    sid = await sender.send(CONTACT, OutboundContent(text="उत्तर", language="hi"), OURS)
    for status, _ in RECEIPTS:
        world.report(sid, status)
    assert [(receipt.provider_id, receipt.outbound_id, receipt.state) for receipt in world.doors.receipts] == [
        (sid, OURS, state) for _, state in RECEIPTS
    ]


async def test_a_receipt_led_to_another_row_is_refused(world: World, sender: TwilioSender) -> None:
    sid = await sender.send(CONTACT, OutboundContent(text="Answer"), OURS)
    world.front.change = lambda path, pairs: (path.replace(OURS, OURS[:-1] + "W"), pairs)
    world.report(sid, "delivered")
    world.front.change = with_value("MessageStatus", "read")
    world.report(sid, "sent")
    assert [status for _, status in world.front.answers[-2:]] == [403, 403]
    assert world.doors.receipts == []


async def test_what_was_sent_is_found_and_nothing_else(world: World, sender: TwilioSender) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    wanted = OutboundContent(text="खोजा जाए", language="hi")
    sids = [await sender.send(OTHER, wanted, OURS) for _ in range(2)]
    await sender.send(OTHER, wanted.model_copy(update={"text": "खोजा जाए?"}), OURS)
    await sender.send(CONTACT, wanted, OURS)
    world.write(wanted.text, sender=OTHER)
    assert sorted(await sender.find(OTHER, wanted, since)) == sorted(sids)


async def test_the_whole_list_of_what_came_in_is_read_page_by_page(world: World) -> None:
    numbers = range(1, 206)
    sids = [world.write(f"संदेश {number}", to=SILENT)["sid"] for number in numbers]
    silent = TwilioSender(world.settings.model_copy(update={"sender": SILENT}))
    try:
        listed = [event async for event in silent.list_inbound(datetime.now(UTC) - timedelta(minutes=5))]
    finally:
        await silent.close()
    assert world.doors.accepted == []
    # Its second page forgets whose messages were asked for, and holds those of other tests too; Twilio's does not.
    found = [event for event in listed if event.text.startswith("संदेश ")]
    assert [event.provider_id for event in found] == sids
    assert [event.text for event in found] == [f"संदेश {number}" for number in numbers]
    assert all(event.sent_at is not None and event.sent_at.tzinfo is not None for event in found)


@pytest.mark.parametrize(
    ("more", "to", "code"),
    [
        ({"auth_token": SecretStr("another-token-of-the-tests")}, CONTACT, "20003"),
        ({"account_sid": "AC" + "f" * 32}, CONTACT, "20003"),
        ({"sender": FOREIGN}, CONTACT, "21606"),
        ({}, "nobody", "21201"),
        ({}, "+91", "21201"),
    ],
)
async def test_its_refusals_are_final_and_keep_its_code(
    world: World, more: dict[str, object], to: str, code: str
) -> None:
    sender = TwilioSender(world.settings.model_copy(update=more))
    try:
        with pytest.raises(FinalDelivery) as raised:
            await sender.send(to, OutboundContent(text="Answer"), OURS)
    finally:
        await sender.close()
    assert raised.value.code == code
