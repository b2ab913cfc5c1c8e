"""Approval of templates and the window as a test moves them: nothing passes that WhatsApp would not take."""

import json
from functools import partial
from typing import Any

import pytest

from simulators.twilio.templates import fits_a_variable, rejection
from tests.simulators.conftest import ADDRESS, BUSINESS, CONTACT, SID, Gateway, Running, wait_for

TEXT = {"twilio/text": {"body": "Your grievance {{1}} has news."}}


def made(simulator: Running, name: str = "news", variables: dict[str, str] | None = None) -> str:
    document = {"friendly_name": name, "language": "en", "types": TEXT, "variables": variables or {"1": "26"}}
    answer = simulator.api.post("/v1/Content", json=document)
    assert answer.status_code == 201
    return str(answer.json()["sid"])


def handed_in(simulator: Running, sid: str, name: str = "news") -> int:
    document = {"name": name, "category": "UTILITY"}
    return simulator.api.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json=document).status_code


def status(simulator: Running) -> list[tuple[str, str]]:
    listed = simulator.twilio().content.v1.content_and_approvals.list()
    return [(str(one.friendly_name), str((one.approval_requests or {})["status"])) for one in listed]


@pytest.mark.parametrize("decision", ["approved", "pending", "rejected"])
def test_what_is_handed_in_is_decided_as_told(simulator: Running, decision: str) -> None:
    sid = made(simulator)
    assert status(simulator) == [("news", "unsubmitted")]
    simulator.behave(approval=decision)
    assert handed_in(simulator, sid) == 201
    assert status(simulator) == [("news", decision)]
    assert handed_in(simulator, sid) == 400, "handed in before"


def came(gateway: Gateway, sid: str, end: str) -> bool:
    return end in gateway.statuses(sid)


def test_a_decision_can_be_taken_later_and_back(simulator: Running, gateway: Gateway) -> None:
    simulator.behave(approval="pending")
    sid = made(simulator)
    handed_in(simulator, sid)
    for decision, end in (("approved", "read"), ("rejected", "failed")):
        answer = simulator.control.put("/control/templates", json={"name": "news", "status": decision})
        assert answer.json()["templates"] == [{"sid": sid, "name": "news", "language": "en", "status": decision}]
        sent = simulator.twilio().messages.create(
            to=ADDRESS, from_=BUSINESS, content_sid=sid, content_variables='{"1": "26"}'
        )
        wait_for(partial(came, gateway, str(sent.sid), end))
    unknown = simulator.control.put("/control/templates", json={"name": "other", "status": "approved"})
    assert unknown.status_code == 404


@pytest.mark.parametrize("name", ["News", "news!", "", "समाचार"])
def test_names_that_whatsapp_does_not_take(simulator: Running, name: str) -> None:
    assert handed_in(simulator, made(simulator), name) == 400


@pytest.mark.parametrize(
    ("body", "variables", "taken"),
    [
        ("About {{1}} there is news.", {"1": "26"}, True),
        ("News.", {}, True),
        ("{{1}} has news.", {"1": "26"}, False),
        ("News about {{1}}", {"1": "26"}, False),
        ("News {{1}} {{2}} today.", {"1": "26", "2": "x"}, False),
        ("About {{1}} there is news.", {}, False),
        ("About {{1}} there is news.", {"1": " "}, False),
        ("News.", {"1": "26"}, False),
        ("x" * 1025, {}, False),
    ],
)
def test_what_is_rejected(body: str, variables: dict[str, str], taken: bool) -> None:
    assert (rejection({"twilio/text": {"body": body}}, variables) == "") is taken


@pytest.mark.parametrize(
    ("value", "fits"), [("26", True), ("a  b", True), ("a\nb", False), ("a\tb", False), ("a     b", False), ("", False)]
)
def test_values_in_approved_templates(simulator: Running, value: str, fits: bool) -> None:
    assert fits_a_variable(value) is fits
    sid = made(simulator)
    handed_in(simulator, sid)
    form = {"To": ADDRESS, "From": BUSINESS, "ContentSid": sid, "ContentVariables": json.dumps({"1": value})}
    answer = simulator.api.post(f"/2010-04-01/Accounts/{SID}/Messages.json", data=form)
    assert answer.status_code == (201 if fits else 400)


@pytest.mark.parametrize(("hours", "opened"), [(0, True), (23.9, True), (24.01, False), (72, False)])
def test_the_window_is_moved(simulator: Running, hours: float, opened: bool) -> None:
    answer = simulator.control.put("/control/window", json={"contact": CONTACT, "hours_ago": hours})
    assert answer.json() == {"contact": ADDRESS, "open": opened}


@pytest.mark.parametrize("more", [{}, {"open": True, "hours_ago": 1}, {"hours_ago": -1}, {"hours_ago": "soon"}])
def test_a_window_that_makes_no_sense(simulator: Running, more: dict[str, Any]) -> None:
    assert simulator.control.put("/control/window", json={"contact": CONTACT, **more}).status_code == 422
