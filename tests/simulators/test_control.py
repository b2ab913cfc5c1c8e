"""The control API: who may use it, what it breaks, what it remembers."""

import json
import time
from pathlib import Path

import httpx
import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from tests.simulators.conftest import (
    ADDRESS,
    BUSINESS,
    CONTACT,
    Gateway,
    Running,
    run_simulator,
    settings_for,
    wait_for,
)


def send(simulator: Running, body: str = "x") -> str:
    return str(simulator.twilio().messages.create(to=ADDRESS, from_=BUSINESS, body=body).sid)


def test_the_token_is_needed(simulator: Running) -> None:
    for headers in ({}, {"X-Control-Token": "wrong"}):
        answer = httpx.get(f"{simulator.url}/control/outbound", headers=headers, trust_env=False)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "order", [{}, {"sender": ""}, {"sender": CONTACT, "kind": "media"}, {"sender": CONTACT, "x": 1}]
)
def test_orders_that_make_no_sense(simulator: Running, order: dict[str, object]) -> None:
    assert simulator.control.post("/control/inbound", json=order).status_code == 422
    bad = {"sender": CONTACT, "kind": "media", "media": [{"content_type": "image/png", "data": "***"}]}
    assert simulator.control.post("/control/inbound", json=bad).status_code == 422
    assert simulator.control.post("/control/faults", json={"kind": "earthquake"}).status_code == 422
    assert simulator.control.patch("/control/behaviour", json={"mood": 1}).status_code == 422
    assert simulator.control.post("/control/inbound/SMx/redeliver").status_code == 404


def test_refusals_and_then_success(simulator: Running) -> None:
    simulator.write()
    simulator.fault("429", retry_after=2)
    simulator.fault("503", count=2)
    codes = []
    for _ in range(3):
        with pytest.raises(TwilioRestException) as caught:
            send(simulator)
        codes.append(caught.value.code)
    assert codes == [20429, 20503, 20503]
    assert send(simulator)
    assert len(simulator.outbound()) == 1


def test_faults_spare_other_calls_unless_told(simulator: Running) -> None:
    simulator.fault("500")
    assert simulator.twilio().messages.list() == []
    simulator.control.delete("/control/faults")
    simulator.fault("500", target="any")
    with pytest.raises(TwilioException):
        simulator.twilio().messages.list()
    assert simulator.control.get("/control/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("kind", "accepted"), [("cut_before", 0), ("cut_after", 1), ("timeout", 0), ("timeout_after", 1)]
)
def test_cut_connections(simulator: Running, gateway: Gateway, kind: str, accepted: int) -> None:
    simulator.write()
    simulator.fault(kind, seconds=0.1)
    with pytest.raises(requests.exceptions.ConnectionError):
        send(simulator)
    assert len(simulator.outbound()) == accepted
    if accepted:
        wait_for(lambda: gateway.statuses() == ["sent", "delivered", "read"])
    assert send(simulator)


def test_an_answer_that_is_not_json(simulator: Running) -> None:
    simulator.write()
    simulator.fault("garbage")
    with pytest.raises((json.JSONDecodeError, TwilioRestException)):
        send(simulator)
    assert len(simulator.outbound()) == 1


def test_a_message_that_fails_later(simulator: Running, gateway: Gateway) -> None:
    simulator.write()
    simulator.fault("undelivered", error_code=63003)
    sid = send(simulator)
    wait_for(lambda: gateway.statuses(sid) == ["failed"])
    assert gateway.hooks[-1].parameters["ErrorCode"] == "63003"


def test_latency(simulator: Running) -> None:
    simulator.write()
    simulator.behave(api_latency_ms=120)
    started = time.perf_counter()
    send(simulator)
    assert time.perf_counter() - started >= 0.12


def test_outbound_is_listed_in_order_of_acceptance(simulator: Running) -> None:
    simulator.write()
    sids = [send(simulator, str(number)) for number in range(5)]
    found = simulator.outbound()
    assert [message["sid"] for message in found] == sids
    assert [message["accepted_at"] for message in found] == sorted(message["accepted_at"] for message in found)
    later = simulator.control.get("/control/outbound", params={"after": found[2]["sequence"], "contact": ADDRESS})
    assert [message["body"] for message in later.json()["messages"]] == ["3", "4"]


def test_reset(simulator: Running) -> None:
    simulator.write()
    send(simulator)
    simulator.fault("500")
    simulator.behave(strict=False)
    assert simulator.control.post("/control/reset").status_code == 204
    assert simulator.outbound() == []
    assert simulator.control.get("/control/faults").json() == {"faults": []}
    assert simulator.control.get("/control/behaviour").json()["strict"] is True


def test_history_and_templates_survive_a_restart(gateway: Gateway, tmp_path: Path) -> None:
    settings = settings_for(gateway, in_memory=False, data_dir=tmp_path / "deep" / "simulator")
    first = run_simulator(settings)
    first.write("before", kind="media", media=[{"content_type": "image/png", "data": "AAAA"}])
    first.behave(sent_after_ms=60_000)
    sid = send(first)
    first.stop()
    assert gateway.statuses(sid) == []
    second = run_simulator(settings)
    listed = second.twilio().messages.list()
    assert [message.body for message in listed] == ["x", "before"]
    assert second.twilio().messages(listed[1].sid).media.list()[0].content_type == "image/png"
    wait_for(lambda: gateway.statuses(sid) == ["sent", "delivered", "read"])
    second.stop()
