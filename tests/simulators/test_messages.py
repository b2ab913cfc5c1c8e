"""The Messages resource, asked by Twilio's own client."""

import functools
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.simulators.conftest import ADDRESS, BUSINESS, CONTACT, PUBLIC, SID, Gateway, Running, wait_for

PATH = f"/2010-04-01/Accounts/{SID}/Messages"


def refused(simulator: Running, **parameters: object) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        simulator.twilio().messages.create(**{"to": ADDRESS, "from_": BUSINESS, "body": "x", **parameters})
    return caught.value.status, caught.value.code


def failed(gateway: Gateway, sid: str) -> bool:
    return gateway.statuses(sid) == ["failed"]


def test_a_message_is_accepted_with_twilios_resource(simulator: Running) -> None:
    simulator.write()
    made = simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="नमस्ते *दुनिया* 🙏")
    assert made.sid.startswith("SM")
    assert len(made.sid) == 34
    assert (made.status, made.direction, made.body) == ("queued", "outbound-api", "नमस्ते *दुनिया* 🙏")
    assert (made.to, made.from_, made.num_media, made.error_code) == (ADDRESS, BUSINESS, "0", None)
    raw = simulator.api.get(f"{PATH}/{made.sid}.json").json()
    assert parsedate_to_datetime(raw["date_created"]).tzinfo is not None
    assert raw["date_created"].endswith("+0000")
    assert raw["uri"] == f"{PATH}/{made.sid}.json"


def test_receipts_come_in_order_and_move_the_message(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    callback = f"{PUBLIC}/webhooks/whatsapp/status?outbound=17&seal=ab%2Fc"
    made = simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x", status_callback=callback)
    wait_for(lambda: len(gateway.statuses()) == 3)
    assert gateway.statuses(made.sid) == ["sent", "delivered", "read"]
    hook = gateway.hooks[-1]
    assert hook.query == "outbound=17&seal=ab%2Fc"
    assert hook.parameters["ChannelToAddress"] == "+91000000XXXX"
    assert hook.parameters["EventType"] == "READ"
    assert made.fetch().status == "read"


def test_without_a_callback_address_the_senders_own_is_used(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x")
    wait_for(lambda: len(gateway.statuses()) == 3)


def test_receipts_can_come_out_of_order_doubled_and_not_at_all(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    simulator.behave(scramble_statuses=True)
    simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x")
    wait_for(lambda: len(gateway.statuses()) == 3)
    assert sorted(gateway.statuses()) == ["delivered", "read", "sent"]
    assert gateway.statuses() != ["sent", "delivered", "read"]
    simulator.behave(scramble_statuses=False, duplicate_statuses=1, withhold_statuses=2)
    made = simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="y")
    wait_for(lambda: len(gateway.statuses(made.sid)) == 2)
    assert gateway.statuses(made.sid) == ["read", "read"]


def test_read_receipts_can_be_switched_off(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    simulator.behave(read_after_ms=-1)
    made = simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x")
    wait_for(lambda: gateway.statuses() == ["sent", "delivered"])
    assert made.fetch().status == "delivered"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"to": "whatsapp:12"}, (400, 21211)),
        ({"to": "whatsapp:+91 00000 00101"}, (400, 21211)),
        ({"to": "telegram:+910000000101"}, (400, 21211)),
        ({"to": ""}, (400, 21604)),
        ({"from_": ""}, (400, 21603)),
        ({"from_": "whatsapp:+910000000999"}, (400, 21606)),
        ({"from_": "+910000000001"}, (400, 21910)),
        ({"body": "x" * 1601}, (400, 21617)),
        ({"body": ""}, (400, 21619)),
        ({"body": " \n"}, (400, 21619)),
        ({"media_url": ["file:///etc/passwd"]}, (400, 21620)),
        ({"media_url": ["https://a.example/x"] * 11}, (400, 21623)),
        ({"status_callback": "nowhere"}, (400, 21609)),
        ({"persistent_action": ["geo:here"]}, (400, 20001)),
        ({"content_sid": "HX" + "0" * 32}, (400, 21655)),
    ],
)
def test_twilios_refusals(simulator: Running, parameters: dict[str, object], expected: tuple[int, int]) -> None:
    assert refused(simulator, **parameters) == expected
    assert simulator.outbound() == []


def test_the_longest_body_passes(simulator: Running) -> None:
    simulator.write()
    assert simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="ह" * 1600).sid


def test_wrong_password_and_foreign_account(simulator: Running) -> None:
    with pytest.raises(TwilioRestException) as caught:
        simulator.twilio("wrong").messages.create(to=ADDRESS, from_=BUSINESS, body="x")
    assert (caught.value.status, caught.value.code) == (401, 20003)
    foreign = simulator.api.get(f"/2010-04-01/Accounts/AC{'9' * 32}/Messages.json")
    assert (foreign.status_code, foreign.json()["code"]) == (401, 20003)
    assert simulator.api.get(f"{PATH}.json", auth=("é", "ü")).status_code == 401
    assert simulator.api.get(f"{PATH}.json", headers={"Authorization": "Basic !!"}, auth=None).status_code == 401


def test_unknown_and_repeated_keys_only_in_strict_mode(simulator: Running) -> None:
    simulator.write()
    form = {"To": ADDRESS, "From": BUSINESS, "Body": "x", "Bodyy": "y"}
    answer = simulator.api.post(f"{PATH}.json", data=form)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert "Bodyy" in answer.json()["message"]
    simulator.behave(strict=False)
    assert simulator.api.post(f"{PATH}.json", data=form).status_code == 201


def test_forms_that_cannot_be_read(simulator: Running) -> None:
    assert simulator.api.post(f"{PATH}.json", json={"To": ADDRESS}).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert simulator.api.post(f"{PATH}.json", content=b"Body=%ff", headers=form).status_code == 400
    assert simulator.api.post(f"{PATH}.json", content=b"Body=\xff", headers=form).status_code == 400
    assert simulator.api.post(f"{PATH}.json", content=b"Body=" + b"x" * 2_000_000, headers=form).status_code == 413


def test_outside_the_window_the_message_fails_later(simulator: Running, gateway: Gateway) -> None:
    made = simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x")
    assert made.status == "queued"
    wait_for(lambda: gateway.statuses() == ["failed"])
    assert gateway.hooks[-1].parameters["ErrorCode"] == "63016"
    assert made.fetch().error_code == 63016
    simulator.write()
    simulator.control.put("/control/window", json={"contact": CONTACT, "open": False})
    again = simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x")
    wait_for(lambda: again.fetch().status == "failed")


def test_lists_hold_both_directions_and_filter(simulator: Running) -> None:
    for number in range(3):
        simulator.write(f"in {number}")
    client = simulator.twilio()
    client.messages.create(to=ADDRESS, from_=BUSINESS, body="out")
    assert [found.body for found in client.messages.list()] == ["out", "in 2", "in 1", "in 0"]
    inbound = client.messages.list(to=BUSINESS)
    assert {found.direction for found in inbound} == {"inbound"}
    assert inbound[0].date_sent is not None
    assert [found.body for found in client.messages.list(from_=BUSINESS)] == ["out"]
    now = datetime.now(UTC)
    assert len(client.messages.list(date_sent_after=now - timedelta(minutes=5))) == 4
    assert client.messages.list(date_sent_after=now + timedelta(minutes=5)) == []
    assert client.messages.list(date_sent_before=now - timedelta(minutes=5)) == []
    assert len(client.messages.list(date_sent=datetime.fromtimestamp(now.timestamp(), UTC).date())) == 4
    bad = simulator.api.get(f"{PATH}.json", params={"DateSent>": "yesterday"})
    assert (bad.status_code, bad.json()["code"]) == (400, 20001)


def test_lists_are_paged(simulator: Running) -> None:
    for number in range(5):
        simulator.write(f"{number}")
    client = simulator.twilio()
    assert [found.body for found in client.messages.list(to=BUSINESS, page_size=2)] == ["4", "3", "2", "1", "0"]
    first = simulator.api.get(f"{PATH}.json", params={"PageSize": 2}).json()
    simulator.write("written between two pages")
    second = simulator.api.get(first["next_page_uri"]).json()
    assert [found["body"] for found in second["messages"]] == ["2", "1"]
    assert simulator.api.get(f"{PATH}.json", params={"PageSize": "many"}).json()["code"] == 20001
    assert simulator.api.get(f"{PATH}.json", params={"PageToken": "PA²"}).json()["code"] == 20001


def test_fetch_redact_delete(simulator: Running) -> None:
    sid = simulator.write("secret")["sid"]
    client = simulator.twilio()
    assert client.messages(sid).fetch().direction == "inbound"
    assert client.messages(sid).update(body="").body == ""
    assert client.messages(sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        client.messages(sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_sent_files_are_fetched_from_the_gateway_only(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    client = simulator.twilio()
    made = client.messages.create(to=ADDRESS, from_=BUSINESS, media_url=[f"{PUBLIC}/media/leaf.png"])
    assert made.sid.startswith("MM")
    wait_for(lambda: "sent" in gateway.statuses(made.sid))
    assert client.messages(made.sid).media.list()[0].content_type == "image/png"
    for url in (f"{PUBLIC}/nothing", "https://elsewhere.example/x.png"):
        lost = client.messages.create(to=ADDRESS, from_=BUSINESS, body="x", media_url=[url])
        wait_for(functools.partial(failed, gateway, str(lost.sid)))
        assert lost.fetch().error_code == 63019


def test_typing_indicator_marks_as_read(simulator: Running) -> None:
    sid = simulator.write()["sid"]
    form = {"messageId": sid, "channel": "whatsapp"}
    assert simulator.api.post("/v2/Indicators/Typing.json", data=form).json() == {"success": True}
    assert simulator.control.get("/control/inbound").json()["messages"][0]["receipt"] == "read"
    assert simulator.api.post("/v2/Indicators/Typing.json", data={"channel": "whatsapp"}).status_code == 400
