"""The webhooks' answers: only what is genuine gets in, and the provider is told what to do with the rest."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from channels.whatsapp.twilio.webhook import MAX_BODY, make_routes
from core.errors import StorageUnavailable, TooMany
from core.events import DeliveryState, InboundMessage, Receipt
from tests.channels.whatsapp.signing import FORM, encoded, fixture, settings, signature

INBOUND, STATUS = "/webhooks/whatsapp/inbound", "/webhooks/whatsapp/status"
OURS = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
CASES = {case["name"]: case["parameters"] for case in fixture("inbound") + fixture("status")}
TEXT = list(CASES["text_hindi"].items())
READ = list(CASES["read"].items())


class Doors:
    """Writes down what was let in."""

    def __init__(self) -> None:
        self.accepted: list[InboundMessage] = []
        self.receipts: list[Receipt] = []
        self.refuse: Exception | None = None

    async def accept(self, event: InboundMessage) -> None:
        if self.refuse:
            raise self.refuse
        self.accepted.append(event)

    async def record(self, receipt: Receipt) -> bool:
        if self.refuse:
            raise self.refuse
        self.receipts.append(receipt)
        return False


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
async def client(doors: Doors) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(make_routes(settings(), doors.accept, doors.record))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        yield http


async def post(
    client: httpx.AsyncClient,
    pairs: list[tuple[str, str]],
    *,
    path: str = INBOUND,
    body: Any = None,
    signed: str | None = None,
    content_type: str = FORM,
) -> httpx.Response:
    headers = {"Content-Type": content_type, "X-Twilio-Signature": signature(path, pairs) if signed is None else signed}
    return await client.post(path, content=encoded(pairs) if body is None else body, headers=headers)


@pytest.mark.parametrize("name", [case["name"] for case in fixture("inbound")])
async def test_a_genuine_message_is_let_in_behind_a_proxy(client: httpx.AsyncClient, doors: Doors, name: str) -> None:
    answer = await post(client, list(CASES[name].items()))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert [event.provider_id for event in doors.accepted] == [CASES[name]["MessageSid"]]


async def test_the_same_message_again_is_answered_in_the_same_way(client: httpx.AsyncClient) -> None:
    assert [(await post(client, TEXT)).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("signed", ["", "x", "é".encode("latin-1").decode("latin-1"), signature(STATUS, TEXT)])
async def test_a_forged_message_is_refused_and_told_nothing(
    client: httpx.AsyncClient, doors: Doors, signed: str
) -> None:
    headers = {b"Content-Type": FORM.encode(), b"X-Twilio-Signature": signed.encode("latin-1")}
    answer = await client.post(INBOUND, content=encoded(TEXT), headers=headers)
    assert (answer.status_code, answer.text, doors.accepted) == (403, "", [])


async def test_without_a_signature_nothing_gets_in(client: httpx.AsyncClient, doors: Doors) -> None:
    answer = await client.post(INBOUND, content=encoded(TEXT), headers={"Content-Type": FORM})
    assert (answer.status_code, doors.accepted) == (403, [])


async def test_a_message_signed_for_the_inner_address_is_forged(client: httpx.AsyncClient, doors: Doors) -> None:
    signed = signature(INBOUND, TEXT, public_url="http://127.0.0.1:8080")
    assert (await post(client, TEXT, signed=signed)).status_code == 403
    assert doors.accepted == []


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Forwarded-Prefix"])
async def test_headers_of_the_request_do_not_choose_the_signed_address(client: httpx.AsyncClient, header: str) -> None:
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature(INBOUND, TEXT), header: "evil.example"}
    assert (await client.post(INBOUND, content=encoded(TEXT), headers=headers)).status_code == 200


async def test_a_body_in_small_parts_is_put_together(client: httpx.AsyncClient, doors: Doors) -> None:
    body = encoded(TEXT)

    async def parts() -> AsyncIterator[bytes]:
        for place in range(0, len(body), 7):
            yield body[place : place + 7]

    assert (await post(client, TEXT, body=parts())).status_code == 200
    assert doors.accepted[0].text == CASES["text_hindi"]["Body"]


async def test_a_body_up_to_the_limit_is_read_and_a_longer_one_refused(client: httpx.AsyncClient, doors: Doors) -> None:
    spare = MAX_BODY - len(encoded([*TEXT, ("Padding", "")]))
    fits, too_long = [*TEXT, ("Padding", "x" * spare)], [*TEXT, ("Padding", "x" * (spare + 1))]
    assert (await post(client, fits)).status_code == 200
    answer = await post(client, too_long)
    assert (answer.status_code, len(doors.accepted)) == (400, 1)
    assert str(MAX_BODY) in answer.text


async def test_a_flood_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 100_000
            yield b"x" * 100_000

    assert (await post(client, [], body=flood())).status_code == 400
    assert sent < 2 * MAX_BODY


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (encoded(TEXT), "application/json"),
        (encoded(TEXT), ""),
        (encoded(TEXT), f"{FORM}; charset=utf-16"),
        (b"Body=%E0%A4", FORM),
        (b"\xff\xfe", FORM),
        (b"a=1&" * 1000, FORM),
    ],
)
async def test_what_cannot_be_read_is_refused(
    client: httpx.AsyncClient, doors: Doors, body: bytes, content_type: str
) -> None:
    assert (await post(client, TEXT, body=body, content_type=content_type)).status_code == 400
    assert doors.accepted == []


async def test_a_truncated_body_is_forged_or_unreadable(client: httpx.AsyncClient, doors: Doors) -> None:
    body = encoded(TEXT)
    for length in range(0, len(body) - 1, 13):
        assert (await post(client, TEXT, body=body[:length])).status_code in {400, 403}
    assert doors.accepted == []


async def test_genuine_and_unreadable_is_named_and_genuine_and_foreign_is_taken_silently(
    client: httpx.AsyncClient, doors: Doors
) -> None:
    unreadable = [("MessageSid", "x"), ("From", "whatsapp:+910000000101")]
    answer = await post(client, unreadable)
    assert (answer.status_code, answer.text) == (400, "MessageSid: expected SM or MM and 32 hexadecimal digits")
    foreign = [("MessageSid", "SM" + "0" * 32), ("From", "sms:+910000000101")]
    assert (await post(client, foreign)).status_code == 200
    assert doors.accepted == []


async def test_too_many_messages_are_to_be_sent_later(client: httpx.AsyncClient, doors: Doors) -> None:
    doors.refuse = TooMany("too many", retry_after=60)
    answer = await post(client, TEXT)
    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (429, "60", "")


@pytest.mark.parametrize(
    ("error", "status"), [(StorageUnavailable("OperationalError"), 503), (OSError("no space left on device"), 500)]
)
async def test_what_could_not_be_stored_is_not_acknowledged(
    client: httpx.AsyncClient, doors: Doors, error: Exception, status: int
) -> None:
    doors.refuse = error
    for path, pairs in ((INBOUND, TEXT), (STATUS, READ)):
        answer = await post(client, pairs, path=path)
        assert answer.status_code == status
        assert "space" not in answer.text
        assert "Operational" not in answer.text


async def test_a_receipt_carries_our_id_from_its_own_address(client: httpx.AsyncClient, doors: Doors) -> None:
    answer = await post(client, READ, path=f"{STATUS}?outbound={OURS}")
    assert answer.status_code == 204
    (receipt,) = doors.receipts
    assert (receipt.outbound_id, receipt.state) == (OURS, DeliveryState.READ)


async def test_a_receipt_moved_to_another_message_is_forged(client: httpx.AsyncClient, doors: Doors) -> None:
    signed = signature(f"{STATUS}?outbound={OURS}", READ)
    other = f"{STATUS}?outbound={OURS[:-1]}W"
    for path in (other, STATUS, f"{STATUS}?outbound={OURS}&outbound={OURS[:-1]}W"):
        assert (await post(client, READ, path=path, signed=signed)).status_code == 403
    assert doors.receipts == []


async def test_states_that_move_nothing_are_taken_silently(client: httpx.AsyncClient, doors: Doors) -> None:
    queued = [("MessageSid", "SM" + "0" * 32), ("MessageStatus", "queued")]
    assert (await post(client, queued, path=STATUS)).status_code == 200
    assert (await post(client, [("MessageSid", "SM" + "0" * 32)], path=STATUS)).status_code == 400
    assert doors.receipts == []


async def test_a_message_signed_for_one_webhook_does_not_pass_at_the_other(client: httpx.AsyncClient) -> None:
    assert (await post(client, READ, path=STATUS, signed=signature(INBOUND, READ))).status_code == 403


@pytest.mark.parametrize("path", [INBOUND, STATUS])
async def test_only_posts_are_webhooks(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 405
