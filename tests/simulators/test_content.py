"""Content templates: made by API, filled with variables, refused when WhatsApp would."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from simulators.twilio.templates import card, shows_on_whatsapp
from tests.simulators.conftest import ADDRESS, BUSINESS, Gateway, Running, wait_for

QUICK = {
    "twilio/quick-reply": {
        "body": "{{1}}",
        "actions": [{"type": "QUICK_REPLY", "title": "{{2}}", "id": "{{3}}"}, {"title": "No", "id": "no"}],
    }
}

ROWS = [{"item": "i"}] * 11
LINKS = [{"type": "URL", "title": "t", "url": "https://a.example"}]


def make(simulator: Running, types: dict[str, Any], **more: Any) -> str:
    document = {"friendly_name": "t", "language": "hi", "types": types, **more}
    answer = simulator.api.post("/v1/Content", json=document)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def send(simulator: Running, sid: str, variables: str = "{}") -> Any:
    return simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, content_sid=sid, content_variables=variables)


def test_quick_replies_are_filled_and_shown(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    sid = make(simulator, QUICK, variables={"1": "sample"})
    assert sid.startswith("HX")
    made = send(simulator, sid, '{"1": "क्या यह सही है?", "2": "हाँ", "3": "/affirm"}')
    assert made.body == "क्या यह सही है?"
    shown = simulator.outbound()[0]
    assert shown["content_sid"] == sid
    assert shown["card"]["buttons"] == [{"title": "हाँ", "id": "/affirm"}, {"title": "No", "id": "no"}]
    wait_for(lambda: gateway.statuses() == ["sent", "delivered", "read"])


def test_twilios_client_makes_lists_and_deletes(simulator: Running) -> None:
    sid = make(simulator, {"twilio/text": {"body": "hello"}})
    client = simulator.twilio()
    assert client.content.v1.contents(sid).fetch().types == {"twilio/text": {"body": "hello"}}
    assert [found.sid for found in client.content.v1.contents.list()] == [sid]
    assert client.content.v1.contents(sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        client.content.v1.contents(sid).fetch()
    assert caught.value.code == 20404


def test_only_approved_templates_pass_outside_the_window(simulator: Running, gateway: Gateway) -> None:
    sid = make(simulator, {"twilio/text": {"body": "Your grievance {{1}} has news."}}, variables={"1": "41"})
    first = send(simulator, sid, '{"1": "42"}')
    wait_for(lambda: gateway.statuses(first.sid) == ["failed"])
    assert simulator.twilio().content.v1.contents(sid).approval_fetch().fetch().whatsapp["status"] == "unsubmitted"
    approval = {"name": "news", "category": "UTILITY"}
    assert simulator.api.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json=approval).status_code == 201
    second = send(simulator, sid, '{"1": "42"}')
    wait_for(lambda: "delivered" in gateway.statuses(second.sid))
    assert second.body == "Your grievance 42 has news."
    assert simulator.twilio().content.v1.contents(sid).approval_fetch().fetch().whatsapp["status"] == "approved"


@pytest.mark.parametrize("variables", ["[1]", "{", '{"1": 2}', "nonsense"])
def test_bad_variables(simulator: Running, variables: str) -> None:
    with pytest.raises(TwilioRestException) as caught:
        send(simulator, make(simulator, QUICK), variables)
    assert caught.value.code == 21656


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"language": "en"},
        {"language": "en", "types": {}},
        {"language": "en", "types": {"twilio/hologram": {}}},
        {"language": "en", "types": {"twilio/quick-reply": {"body": "x"}}},
        {"language": "en", "types": {"twilio/quick-reply": {"body": "x", "actions": [{"id": "1"}]}}},
        {
            "language": "en",
            "types": {"twilio/list-picker": {"body": "x", "button": "b", "items": [{"item": "i"}] * 11}},
        },
        {"language": "en", "types": {"twilio/text": {"body": "x"}}, "variables": {"1": 2}},
        [],
    ],
)
def test_templates_that_are_refused(simulator: Running, document: Any) -> None:
    answer = simulator.api.post("/v1/Content", json=document)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_a_title_too_long_fails_later(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    made = send(simulator, make(simulator, QUICK), '{"1": "x", "2": "a title of more than twenty", "3": "y"}')
    wait_for(lambda: gateway.statuses(made.sid) == ["failed"])
    assert made.fetch().error_code == 63021


def buttons(count: int, **more: str) -> dict[str, Any]:
    actions = [{"title": f"t{number}", "id": f"i{number}", **more} for number in range(count)]
    return {"twilio/quick-reply": {"body": "b", "actions": actions}}


@pytest.mark.parametrize(
    ("types", "approved", "shown"),
    [
        (buttons(3), False, True),
        (buttons(4), False, False),
        (buttons(4), True, True),
        (buttons(2, id="same"), False, False),
        (buttons(1, id="x" * 201), False, False),
        ({"twilio/quick-reply": {"body": "b" * 1025, "actions": [{"title": "t"}]}}, False, False),
        ({"twilio/list-picker": {"body": "b", "button": "Show", "items": [{"item": "i" * 24}]}}, False, True),
        ({"twilio/list-picker": {"body": "b", "button": "Show", "items": [{"item": "i" * 25}]}}, False, False),
        ({"twilio/list-picker": {"body": "b", "button": "S" * 21, "items": [{"item": "i"}]}}, False, False),
        (
            {"twilio/call-to-action": {"body": "b", "actions": LINKS}},
            False,
            True,
        ),
    ],
)
def test_what_whatsapp_shows(types: dict[str, Any], approved: bool, shown: bool) -> None:
    assert shows_on_whatsapp(card(types, {}), approved=approved) is shown
