"""What the gateway is told, and how it is signed."""

import pytest
from twilio.request_validator import RequestValidator

from tests.simulators.conftest import (
    ADDRESS,
    BUSINESS,
    CONTACT,
    PUBLIC,
    SID,
    TOKEN,
    Gateway,
    Hook,
    Running,
    run_simulator,
    settings_for,
    wait_for,
)

PNG = "iVBORw0KGgo="


def genuine(hook: Hook, token: str = TOKEN) -> bool:
    url = f"{PUBLIC}{hook.path}" + (f"?{hook.query}" if hook.query else "")
    return bool(RequestValidator(token).validate(url, hook.parameters, hook.headers["x-twilio-signature"]))


def test_text_is_reported_signed_over_the_public_url(simulator: Running, gateway: Gateway) -> None:
    sent = simulator.write("मेरा खरीदार 3 महीने से पैसे नहीं दे रहा 🙏 <b>&amp;</b>")
    hook = gateway.hooks[0]
    assert sent["webhook"]["status_code"] == 200
    assert genuine(hook)
    assert not genuine(hook, "another-token")
    parameters = hook.parameters
    assert parameters["Body"] == "मेरा खरीदार 3 महीने से पैसे नहीं दे रहा 🙏 <b>&amp;</b>"
    assert (parameters["From"], parameters["To"], parameters["WaId"]) == (ADDRESS, BUSINESS, CONTACT[1:])
    assert (parameters["ProfileName"], parameters["MessageType"]) == ("Meera", "text")
    assert parameters["MessageSid"] == parameters["SmsSid"] == parameters["SmsMessageSid"] == sent["sid"]
    assert (parameters["AccountSid"], parameters["NumMedia"], parameters["SmsStatus"]) == (SID, "0", "received")
    assert hook.headers["i-twilio-idempotency-token"]


def test_status_callbacks_are_signed_with_their_query(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    callback = f"{PUBLIC}/webhooks/whatsapp/status?row=1"
    simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x", status_callback=callback)
    wait_for(lambda: len(gateway.hooks) == 4)
    assert all(genuine(hook) for hook in gateway.hooks)


def test_location_media_and_buttons(simulator: Running, gateway: Gateway) -> None:
    place = {"latitude": 26.4499, "longitude": 80.3319, "label": "Kanpur"}
    simulator.write(kind="location", text="", location=place)
    simulator.write("my shop", kind="media", media=[{"content_type": "image/png", "data": PNG}])
    simulator.write(kind="button", button={"payload": '/ask{"a":1}', "text": "हाँ"}, replied_sid="MM" + "1" * 32)
    simulator.write(kind="list", button={"payload": "row-1", "text": "PMEGP"})
    location, media, button, listed = gateway.inbound()
    assert (location["Latitude"], location["Label"], location["Body"]) == ("26.4499", "Kanpur", "")
    assert "Address" not in location
    assert (media["NumMedia"], media["MediaContentType0"], media["Body"]) == ("1", "image/png", "my shop")
    assert media["MessageType"] == "image"
    assert media["MessageSid"].startswith("MM")
    assert (button["ButtonPayload"], button["ButtonText"], button["Body"]) == ('/ask{"a":1}', "हाँ", "हाँ")
    assert (button["ButtonType"], button["MessageType"]) == ("REPLY", "interactive")
    assert button["OriginalRepliedMessageSid"] == "MM" + "1" * 32
    assert (listed["ListId"], listed["ListTitle"]) == ("row-1", "PMEGP")
    assert all(genuine(hook) for hook in gateway.hooks)


def test_media_is_had_with_the_password_by_way_of_a_link(simulator: Running, gateway: Gateway) -> None:
    simulator.write(kind="media", media=[{"content_type": "image/png", "data": PNG, "filename": "a.png"}])
    url = gateway.inbound()[0]["MediaUrl0"]
    assert url.startswith(f"{simulator.url}/2010-04-01/Accounts/{SID}/Messages/MM")
    assert simulator.control.get(url).status_code == 401
    led = simulator.api.get(url)
    assert led.status_code == 307
    file = simulator.control.get(led.headers["location"])
    assert (file.content, file.headers["content-type"]) == (b"\x89PNG\r\n\x1a\n", "image/png")
    assert simulator.control.get(led.headers["location"][:-1] + "x").status_code == 403
    assert simulator.api.get(url + ".json").json()["content_type"] == "image/png"
    assert simulator.api.delete(url).status_code == 204
    assert simulator.api.get(url).status_code == 404


def test_media_without_the_detour(gateway: Gateway) -> None:
    running = run_simulator(settings_for(gateway, media_redirect=False))
    sent = running.write(kind="media", media=[{"content_type": "application/pdf", "data": PNG}])
    path = sent["parameters"]["MediaUrl0"].removeprefix(running.url)
    assert running.api.get(path).content == b"\x89PNG\r\n\x1a\n"
    assert sent["parameters"]["MessageType"] == "document"
    running.stop()


@pytest.mark.parametrize(("answers", "posted"), [([500], 2), ([503, 503, 200], 2), ([403], 1), ([400], 1)])
def test_a_failed_webhook_is_tried_once_more(
    simulator: Running, gateway: Gateway, answers: list[int], posted: int
) -> None:
    gateway.answers = list(answers)
    sent = simulator.write()
    assert len(gateway.hooks) == posted
    tokens = {hook.headers["i-twilio-idempotency-token"] for hook in gateway.hooks}
    assert len(tokens) == 1
    wanted = "delivered" if answers == [500] else "sent"
    assert sent["receipt"] == wanted


def test_no_gateway_at_all() -> None:
    running = run_simulator(settings_for(Gateway(url="http://127.0.0.1:9")))
    sent = running.write()
    assert sent["webhook"]["status_code"] is None
    assert sent["webhook"]["attempt"] == 2
    assert [found["sid"] for found in running.api.get(f"/2010-04-01/Accounts/{SID}/Messages.json").json()["messages"]]
    running.stop()


def test_withheld_and_doubled_webhooks_and_redelivery(simulator: Running, gateway: Gateway) -> None:
    simulator.behave(withhold_inbound=1, duplicate_inbound=1)
    withheld = simulator.write("one")
    assert withheld["webhook"] is None
    simulator.write("two")
    assert [hook["Body"] for hook in gateway.inbound()] == ["two", "two"]
    assert len({hook["MessageSid"] for hook in gateway.inbound()}) == 1
    simulator.write("three", deliver=False)
    assert len(simulator.twilio().messages.list(to=BUSINESS)) == 3
    simulator.control.post(f"/control/inbound/{withheld['sid']}/redeliver").raise_for_status()
    assert gateway.inbound()[-1]["MessageSid"] == withheld["sid"]


def test_a_contacts_messages_are_reported_in_order(simulator: Running, gateway: Gateway) -> None:
    for number in range(20):
        simulator.write(str(number), wait=False)
    wait_for(lambda: len(gateway.inbound()) == 20)
    assert [hook["Body"] for hook in gateway.inbound()] == [str(number) for number in range(20)]


def test_callbacks_go_to_the_gateway_only(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    foreign = "https://sahayak.example.evil.example/webhooks/whatsapp/status"
    simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body="x", status_callback=foreign)
    found = wait_for(lambda: simulator.control.get("/control/webhooks?kind=status").json()["webhooks"])
    assert found[0]["error"] == "foreign"
    assert gateway.statuses() == []


def test_parameters_can_be_added_replaced_and_removed(simulator: Running, gateway: Gateway) -> None:
    simulator.write(parameters={"WaId": None, "NumMedia": "99", "NewThing": "1"})
    simulator.write(sender="ID.4566", profile_name="")
    first, second = gateway.inbound()
    assert "WaId" not in first
    assert (first["NumMedia"], first["NewThing"]) == ("99", "1")
    assert second["From"] == "whatsapp:ID.4566"
    assert "WaId" not in second
    assert all(genuine(hook) for hook in gateway.hooks)
    assert simulator.twilio().messages.create(to="whatsapp:ID.4566", from_=BUSINESS, body="x").sid
