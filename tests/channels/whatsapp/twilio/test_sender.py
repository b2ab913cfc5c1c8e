"""What becomes of a request to the provider: accepted, to be sent again, refused, or not known."""

import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from channels.whatsapp.twilio.sender import TwilioSender
from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery
from core.events import WINDOW_CLOSED, Button, OutboundContent
from tests.channels.whatsapp.twilio.conftest import Stub
from tests.simulators.conftest import free_port

TO, OURS = "+910000000101", "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SID = "SM" + "0" * 32
HELLO = OutboundContent(text="नमस्ते <b>*&*</b> 🙏", language="hi")
CHOICE = OutboundContent(
    text="Shall I?", buttons=(Button(title="Yes", payload="/affirm"), Button(title="No", payload="/deny"))
)
SINCE = datetime(2026, 11, 23, tzinfo=UTC)


def send(sender: TwilioSender, content: OutboundContent = HELLO) -> Awaitable[str]:
    return sender.send(TO, content, OURS)


async def test_what_the_provider_is_asked(stub: Stub, sender: TwilioSender) -> None:
    stub.says(201, {"sid": SID, "status": "queued"})
    assert await send(sender) == SID
    ((method, path, form),) = stub.requests
    assert (method, path) == ("POST", f"/2010-04-01/Accounts/{sender._settings.account_sid}/Messages.json")
    asked = {name: value[0] for name, value in form.items()}
    assert asked == {
        "To": f"whatsapp:{TO}",
        "From": "whatsapp:+910000000001",
        "Body": HELLO.text,
        "StatusCallback": f"https://sahayak.example/front/webhooks/whatsapp/status?outbound={OURS}",
    }


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("7", 7.0), ("0", 0.0), ("soon", None), ("-1", None), ("", None), ("9" * 50, None)],
)
async def test_busy_may_be_sent_again_after_the_time_the_provider_says(
    stub: Stub, sender: TwilioSender, status: int, header: str | None, seconds: float | None
) -> None:
    stub.says(status, {"code": 20000 + status}, **({} if header is None else {"Retry_After": header}))
    with pytest.raises(RetryableDelivery) as error:
        await send(sender)
    assert error.value.retry_after == seconds
    assert len(stub.requests) == 1


async def test_busy_in_a_proxys_words_may_be_sent_again(stub: Stub, sender: TwilioSender) -> None:
    stub.says(503, "<html>Service Unavailable</html>", Retry_After="3")
    with pytest.raises(RetryableDelivery):
        await send(sender)


async def test_a_refusal_because_the_contact_has_not_written_has_a_name_of_ours(
    stub: Stub, sender: TwilioSender
) -> None:
    stub.says(400, {"code": 63016, "message": "outside the allowed window", "status": 400})
    with pytest.raises(FinalDelivery) as error:
        await send(sender)
    assert error.value.code == WINDOW_CLOSED


@pytest.mark.parametrize(
    ("status", "code"), [(400, 21211), (401, 20003), (404, 20404), (403, 63024), (410, 1), (301, 1)]
)
async def test_a_refusal_is_final_and_keeps_its_code(stub: Stub, sender: TwilioSender, status: int, code: int) -> None:
    stub.says(status, {"code": code, "message": "no", "status": status})
    with pytest.raises(FinalDelivery) as error:
        await send(sender)
    assert error.value.code == str(code)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"code": 20500, "message": "x", "status": 500}),
        (502, "<html>Bad Gateway</html>"),
        (504, ""),
        (201, "<html>"),
        (201, ""),
        (201, '{"sid": "SM'),
        (201, {}),
        (201, {"sid": None}),
        (201, {"sid": "nonsense"}),
        (201, []),
        (201, "null"),
        (201, "7"),
        (200, {"messages": []}),
    ],
)
async def test_an_answer_that_is_none_leaves_it_uncertain(
    stub: Stub, sender: TwilioSender, status: int, body: object
) -> None:
    stub.says(status, body)
    with pytest.raises(UncertainDelivery):
        await send(sender)
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 201 Cr", b"HTTP/1.1 201 X\r\nContent-Length: 999\r\n\r\n{", b"\x00\x01garbage\r\n\r\n"],
    ids=["nothing", "half a head", "half a body", "no HTTP"],
)
async def test_a_connection_that_ends_after_the_request_leaves_it_uncertain(
    stub: Stub, sender: TwilioSender, answer: bytes | None
) -> None:
    stub.answers.append(answer)
    with pytest.raises(UncertainDelivery):
        await send(sender)
    assert len(stub.requests) == 1, "it is never sent again by itself"


async def test_a_kept_connection_that_was_closed_meanwhile_is_not_used_to_send_twice(
    stub: Stub, sender: TwilioSender
) -> None:
    stub.says(201, {"sid": SID})
    stub.says(201, {"sid": SID})
    await send(sender)
    await send(sender)
    with pytest.raises(UncertainDelivery):
        await send(sender)
    assert len(stub.requests) <= 3


async def test_silence_is_uncertain_within_the_set_time(stub: Stub, make: Callable[..., TwilioSender]) -> None:
    stub.pause = 30
    began = time.monotonic()
    with pytest.raises(UncertainDelivery):
        await send(make(timeout=0.3))
    assert time.monotonic() - began < 5
    assert len(stub.requests) == 1


async def test_a_refused_connection_may_be_sent_again(make: Callable[..., TwilioSender]) -> None:
    with pytest.raises(RetryableDelivery) as error:
        await send(make(f"http://127.0.0.1:{free_port()}"))
    assert error.value.code == "connection"


async def test_a_name_that_does_not_exist_may_be_sent_again(make: Callable[..., TwilioSender]) -> None:
    with pytest.raises(RetryableDelivery):
        await send(make("http://provider.invalid"))


def contents(*items: dict[str, str]) -> dict[str, Any]:
    return {"contents": list(items), "meta": {"key": "contents", "next_page_url": None, "url": "x", "page_size": 50}}


async def test_buttons_go_as_a_template_that_is_made_once(stub: Stub, sender: TwilioSender) -> None:
    stub.says(200, contents())
    stub.says(201, {"sid": "HX" + "1" * 32})
    stub.says(201, {"sid": SID})
    stub.says(201, {"sid": SID})
    assert await send(sender, CHOICE) == SID
    assert await send(sender, CHOICE.model_copy(update={"text": "Other?"})) == SID
    methods = [(method, path.split("?")[0].rsplit("/", 1)[-1]) for method, path, _ in stub.requests]
    assert methods == [("GET", "Content"), ("POST", "Content"), ("POST", "Messages.json"), ("POST", "Messages.json")]
    template = json.loads(stub.bodies[1])
    assert [one["id"] for one in template["types"]["twilio/quick-reply"]["actions"]] == ["1", "2"]
    form = stub.requests[3][2]
    assert form["ContentSid"] == ["HX" + "1" * 32]
    assert json.loads(form["ContentVariables"][0]) == {"1": "Other?"}
    assert "Body" not in form
    assert b"/affirm" not in b"".join(stub.bodies)


async def test_a_template_that_is_there_is_used(stub: Stub, sender: TwilioSender) -> None:
    stub.says(200, contents({"friendly_name": "quick_reply:Yes|No", "sid": "HX" + "2" * 32}))
    stub.says(201, {"sid": SID})
    await send(sender, CHOICE)
    assert stub.requests[1][2]["ContentSid"] == ["HX" + "2" * 32]


@pytest.mark.parametrize(
    "answers",
    [
        [(500, {"code": 1})],
        [(429, {})],
        [(503, "<html>")],
        [(404, {})],
        [(200, "<html>")],
        [(200, [])],
        [(200, contents()), (400, {"code": 1})],
        [(200, contents()), (201, {})],
        [(200, contents()), (201, [])],
        [(200, contents()), (429, "")],
        [(200, contents()), (502, "<html>")],
    ],
)
async def test_without_a_template_choices_are_numbered(
    stub: Stub, sender: TwilioSender, answers: list[tuple[int, object]]
) -> None:
    for status, body in answers:
        stub.says(status, body)
    stub.says(201, {"sid": SID})
    assert await send(sender, CHOICE) == SID
    assert stub.requests[-1][2]["Body"] == ["Shall I?\n\n1. Yes\n2. No"]
    assert "ContentSid" not in stub.requests[-1][2]


async def test_quick_replies_can_be_switched_off(stub: Stub, make: Callable[..., TwilioSender]) -> None:
    stub.says(201, {"sid": SID})
    await send(make(quick_replies=False), CHOICE)
    ((_, _, form),) = stub.requests
    assert form["Body"] == ["Shall I?\n\n1. Yes\n2. No"]


def listed(*messages: dict[str, object]) -> dict[str, object]:
    return {"messages": list(messages), "next_page_uri": None, "page": 0, "page_size": 50}


def message(number: int, body: str, **more: object) -> dict[str, object]:
    return {
        "sid": f"SM{number:032x}",
        "body": body,
        "direction": "outbound-api",
        "from": "whatsapp:+910000000001",
        "to": f"whatsapp:{TO}",
        "date_sent": "Mon, 23 Nov 2026 06:30:00 +0000",
        **more,
    }


async def test_what_was_sent_is_found_by_its_words(stub: Stub, sender: TwilioSender) -> None:
    stub.says(
        200,
        listed(
            message(1, "Shall I?"),
            message(2, "Shall I?\n\n1. Yes\n2. No"),
            message(3, "Shall I? Not."),
            message(4, "Shall I?", direction="inbound"),
            message(5, ""),
        ),
    )
    assert await sender.find(TO, CHOICE, SINCE) == [f"SM{number:032x}" for number in (1, 2)]
    ((method, path, _),) = stub.requests
    asked = parse_qs(path.partition("?")[2])
    assert method == "GET"
    assert asked["To"] == [f"whatsapp:{TO}"]
    assert asked["DateSent>"] == ["2026-11-23T00:00:00Z"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {}, RetryableDelivery),
        (500, {"code": 1}, UncertainDelivery),
        (200, "<", UncertainDelivery),
        (401, {"code": 1}, UncertainDelivery),
    ],
)
async def test_asking_may_fail_in_the_same_ways(
    stub: Stub, sender: TwilioSender, status: int, body: object, error: type[Exception]
) -> None:
    stub.says(status, body)
    with pytest.raises(error):
        await sender.find(TO, HELLO, SINCE)
    stub.says(status, body)
    with pytest.raises(error):
        _ = [event async for event in sender.list_inbound(SINCE)]


async def test_the_providers_list_of_what_came_in_the_oldest_first(stub: Stub, sender: TwilioSender) -> None:
    came = {"from": f"whatsapp:{TO}", "to": "whatsapp:+910000000001", "direction": "inbound"}
    later = {**came, "date_sent": "Mon, 23 Nov 2026 06:31:00 +0000"}
    stub.says(
        200,
        listed(
            message(3, "second", **later),
            message(2, "by SMS", **{**came, "from": "+910000000101"}),
            {"sid": "nonsense", "body": "x", "from": "whatsapp:+1"},
            message(1, "first", **came),
        ),
    )
    events = [event async for event in sender.list_inbound(SINCE)]
    assert [(event.text, event.provider_id) for event in events] == [
        ("first", f"SM{1:032x}"),
        ("second", f"SM{3:032x}"),
    ]
    assert events[0].sent_at == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert events[1].sent_at == events[0].sent_at + timedelta(minutes=1)
    asked = parse_qs(stub.requests[0][1].partition("?")[2])
    assert asked["To"] == ["whatsapp:+910000000001"]
