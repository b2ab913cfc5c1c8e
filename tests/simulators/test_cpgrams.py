"""The stand-in for CPGRAMS: what it accepts and refuses, and every failure that it documents."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from simulators.app import create_app
from simulators.cpgrams.settings import CpgramsSettings
from tests.simulators.conftest import CONTROL, Gateway, settings_for
from tests.simulators.cpgrams import COMPLAINANT, SECRET, RunningCpgrams, Signed, filing, registration, running

NUMBER = re.compile(r"DMSME/E/\d{4}/\d{7}")


@pytest.fixture(scope="module")
def served() -> Iterator[RunningCpgrams]:
    with running() as standin:
        yield standin


@pytest.fixture
def cpgrams(served: RunningCpgrams) -> RunningCpgrams:
    served.reset()
    return served


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_registers_under_numbers_of_the_published_form(cpgrams: RunningCpgrams) -> None:
    first = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    second = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16231"))
    assert (first.status_code, second.status_code) == (201, 201)
    numbers = [answer.json()["registration_number"] for answer in (first, second)]
    assert all(NUMBER.fullmatch(number) for number in numbers)
    assert numbers[0].endswith("/0000001")
    assert numbers[1].endswith("/0000002")
    assert first.json()["status"] == "received"
    assert cpgrams.signed.is_signed(first)


def test_a_reference_is_registered_once(cpgrams: RunningCpgrams) -> None:
    number = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230")).json()["registration_number"]
    again = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    assert (again.status_code, code(again)) == (409, "already_registered")
    assert again.json()["error"]["registration_number"] == number
    assert len(cpgrams.held()) == 1


def test_a_careless_registry_registers_a_reference_twice(cpgrams: RunningCpgrams) -> None:
    cpgrams.behave(repeats_accepted=True)
    for _ in range(2):
        assert cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230")).status_code == 201
    found = cpgrams.signed.call("GET", "/grievances", query={"client_reference": "26-4815-16230"}).json()["grievances"]
    assert len(found) == 2


def test_finds_by_the_clients_reference(cpgrams: RunningCpgrams) -> None:
    assert cpgrams.signed.call("GET", "/grievances", query={"client_reference": "none-such"}).json() == {
        "grievances": []
    }
    missing = cpgrams.signed.call("GET", "/grievances")
    assert (missing.status_code, missing.json()["error"]["fields"]) == (400, {"client_reference": "missing"})


def test_names_every_field_that_cannot_be_used(cpgrams: RunningCpgrams) -> None:
    wrong = registration(
        "26-4815-16230",
        description="",
        complainant={**COMPLAINANT, "pincode": "011001", "name": " "},
        colour="blue",
    )
    answer = cpgrams.signed.call("POST", "/grievances", wrong)
    assert (answer.status_code, code(answer)) == (400, "invalid_fields")
    assert set(answer.json()["error"]["fields"]) == {
        "description", "complainant.name", "complainant.pincode", "colour",
    }  # fmt: skip
    assert cpgrams.held() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organisation": "GOVUP"}, "organisation"),
        ({"description": "x" * 4001}, "description"),
        ({"client_reference": "a b"}, "client_reference"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"complainant": {"name": "Meera"}}, "complainant.state"),
        ({"complainant": {**COMPLAINANT, "mobile": "12"}}, "complainant.mobile"),
    ],
)
def test_refuses_one_wrong_field(cpgrams: RunningCpgrams, change: dict[str, object], field: str) -> None:
    answer = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230", **change))
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])


def test_refuses_what_is_not_json_or_too_large(cpgrams: RunningCpgrams) -> None:
    assert code(cpgrams.signed.call("POST", "/grievances", raw=b"{not json")) == "malformed"
    assert cpgrams.signed.call("POST", "/grievances", raw=b" " * 70_000).status_code == 413


def test_status_and_closure(cpgrams: RunningCpgrams) -> None:
    number = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230")).json()["registration_number"]
    cpgrams.move(number, "under_process", officer="Nodal Grievance Officer")
    seen = cpgrams.signed.call("GET", "/grievances/status", query={"registration_number": number}).json()
    assert (seen["status"], seen["officer"]) == ("under_process", "Nodal Grievance Officer")
    closure = {
        "registration_number": number,
        "client_reference": "26-4815-16230",
        "outcome": "redressed",
        "reasons": "The buyer has paid the whole amount with interest.",
        "closed_at": "2026-12-01T10:00:00+05:30",
    }
    short = cpgrams.signed.call("POST", "/grievances/closure", {**closure, "reasons": "done"})
    assert (short.status_code, list(short.json()["error"]["fields"])) == (400, ["reasons"])
    closed = cpgrams.signed.call("POST", "/grievances/closure", closure)
    assert (closed.status_code, closed.json()["status"], closed.json()["closed_by"]) == (200, "closed", "26-4815-16230")
    again = cpgrams.signed.call("POST", "/grievances/closure", closure)
    assert (again.status_code, code(again)) == (409, "already_closed")
    unknown = cpgrams.signed.call("GET", "/grievances/status", query={"registration_number": "DMSME/E/2026/9999999"})
    assert (unknown.status_code, code(unknown)) == (404, "unknown_number")


def received(cpgrams: RunningCpgrams, **query: str) -> httpx.Response:
    return cpgrams.signed.call("GET", "/grievances/received", query={"since": "2026-01-01T00:00:00+00:00", **query})


def test_lists_what_citizens_filed_in_pages(cpgrams: RunningCpgrams) -> None:
    old = cpgrams.file(received_at="2025-12-31T00:00:00+00:00")
    numbers = [cpgrams.file(received_at=f"2026-02-0{day}T00:00:00+00:00") for day in (3, 1, 2)]
    cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    first = received(cpgrams, page_size="2").json()
    rest = received(cpgrams, page_size="2", page_token=first["next_page_token"]).json()
    found = [one["registration_number"] for one in first["grievances"] + rest["grievances"]]
    assert found == numbers
    assert old not in found
    assert rest["next_page_token"] is None
    assert first["grievances"][0]["complainant"]["name"] == COMPLAINANT["name"]


def test_the_list_comes_doubled_and_out_of_order_when_asked(cpgrams: RunningCpgrams) -> None:
    numbers = [cpgrams.file() for _ in range(6)]
    cpgrams.behave(duplicate_received=True, shuffle_received=True)
    found = [one["registration_number"] for one in received(cpgrams).json()["grievances"]]
    assert sorted(found) == sorted(numbers * 2)
    assert found != sorted(found)


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"page_size": "0"}, {"page_token": "x"}]
)
def test_refuses_an_unreadable_question(cpgrams: RunningCpgrams, query: dict[str, str]) -> None:
    assert received(cpgrams, **query).status_code == 400


@pytest.mark.parametrize(
    ("signed", "headers", "expected"),
    [
        ({"secret": "another secret than the right one"}, {}, "bad_signature"),
        ({"client_id": "somebody"}, {}, "unknown_client"),
        ({"skew": -301}, {}, "clock_skew"),
        ({"skew": 302}, {}, "clock_skew"),
        ({}, {"X-Signature": ""}, "bad_signature"),
        ({}, {"X-Timestamp": "now"}, "bad_signature"),
    ],
)
def test_a_call_that_does_not_prove_its_sender_changes_nothing(
    cpgrams: RunningCpgrams, signed: dict[str, object], headers: dict[str, str], expected: str
) -> None:
    caller = Signed(cpgrams.url, **signed)  # type: ignore[arg-type]
    answer = caller.call("POST", "/grievances", registration("26-4815-16230"), headers=headers)
    assert (answer.status_code, code(answer)) == (401, expected)
    assert cpgrams.held() == []
    # Only a proven sender gets a signed refusal: the time of the server is to be believed.
    assert cpgrams.signed.is_signed(answer) is (expected == "clock_skew")
    assert ("server_time" in answer.json()["error"]) is (expected == "clock_skew")


def test_a_recorded_call_is_not_taken_twice(cpgrams: RunningCpgrams) -> None:
    first = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    request = first.request
    headers = {name: value for name, value in request.headers.items() if name.startswith("x-")}

    def replay(content: bytes) -> httpx.Response:
        return httpx.post(str(request.url), content=content, headers=headers, trust_env=False)

    again = replay(request.content)
    assert (again.status_code, code(again)) == (401, "replayed")
    altered = replay(request.content + b" ")
    assert code(altered) == "bad_signature"


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("503", 503), ("refused", 400)])
def test_faults_that_come_before_anything_is_done(cpgrams: RunningCpgrams, kind: str, status: int) -> None:
    cpgrams.fault(kind, retry_after="7")
    answer = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("7" if status != 400 else None)
    assert cpgrams.signed.is_signed(answer)
    assert cpgrams.held() == []
    assert cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230")).status_code == 201


@pytest.mark.parametrize(("kind", "held"), [("timeout", 0), ("cut_before", 0), ("timeout_after", 1), ("cut_after", 1)])
def test_faults_without_an_answer(cpgrams: RunningCpgrams, kind: str, held: int) -> None:
    cpgrams.fault(kind, seconds=0.2)
    with pytest.raises(httpx.TransportError):
        cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    assert len(cpgrams.held()) == held


@pytest.mark.parametrize("kind", ["html", "wrong_shape", "wrong_signature", "unsigned", "huge"])
def test_faults_that_spoil_the_answer(cpgrams: RunningCpgrams, kind: str) -> None:
    cpgrams.fault(kind)
    answer = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230"))
    assert len(cpgrams.held()) == 1
    assert cpgrams.signed.is_signed(answer) is (kind in {"wrong_shape", "huge"})
    assert (answer.status_code == 502) is (kind == "html")
    assert (len(answer.content) > 4_000_000) is (kind == "huge")
    assert (answer.content.startswith(b'{"unexpected"')) is (kind == "wrong_shape")


def test_faults_of_the_number(cpgrams: RunningCpgrams) -> None:
    first = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230")).json()["registration_number"]
    cpgrams.fault("duplicate_number")
    cpgrams.fault("bad_number")
    twice = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16231")).json()["registration_number"]
    strange = cpgrams.signed.call("POST", "/grievances", registration("26-4815-16232")).json()["registration_number"]
    assert twice == first
    assert not NUMBER.fullmatch(strange)
    assert len({one["registration_number"] for one in cpgrams.held()}) == 3


def test_a_fault_waits_for_its_kind_of_call_and_runs_out(cpgrams: RunningCpgrams) -> None:
    cpgrams.fault("503", target="received", count=2)
    assert cpgrams.signed.call("POST", "/grievances", registration("26-4815-16230")).status_code == 201
    assert [received(cpgrams).status_code for _ in range(3)] == [503, 503, 200]
    assert cpgrams.control.get("/control/cpgrams/faults").json() == {"faults": []}


def test_habits_delay_and_clock(cpgrams: RunningCpgrams) -> None:
    cpgrams.behave(latency_ms=150)
    answer = received(cpgrams)
    assert answer.elapsed.total_seconds() >= 0.15
    cpgrams.behave(latency_ms=0, clock_offset_seconds=4000)
    assert code(received(cpgrams)) == "clock_skew"
    assert Signed(cpgrams.url, skew=4000).call("GET", "/grievances", query={"client_reference": "none"}).is_success
    refused = cpgrams.control.patch("/control/cpgrams/behaviour", json={"colour": "blue"})
    assert refused.status_code == 422


def test_the_control_api_is_guarded_and_remembers_the_calls(cpgrams: RunningCpgrams) -> None:
    bare = httpx.post(cpgrams.url + "/control/cpgrams/reset", trust_env=False)
    assert bare.status_code == 403
    received(cpgrams)
    Signed(cpgrams.url, secret="another secret than the right one").call("GET", "/grievances")
    assert [(one["call"], one["outcome"]) for one in cpgrams.calls()] == [
        ("received", "served"),
        ("find", "bad_signature"),
    ]
    assert cpgrams.control.put(
        "/control/cpgrams/grievances/status", json={"registration_number": "DMSME/E/2026/0000009", "status": "closed"}
    ).is_client_error
    assert cpgrams.control.post("/control/cpgrams/grievances", json=filing(organisation="GOVUP")).status_code == 422


def test_remembers_after_a_stop(tmp_path: Path) -> None:
    with running(in_memory=False, data_dir=tmp_path) as standin:
        number = standin.file()
    with running(in_memory=False, data_dir=tmp_path) as standin:
        assert [one["registration_number"] for one in standin.held()] == [number]
        assert standin.file() != number


def test_is_not_there_without_a_secret_and_refuses_a_short_one() -> None:
    app = create_app(settings_for(Gateway(url="http://127.0.0.1:1")), CpgramsSettings(secret=None))
    assert not [route for route in app.routes if "cpgrams" in getattr(route, "path", "")]
    with pytest.raises(ValidationError):
        CpgramsSettings(secret="too short")
    assert SECRET not in repr(CpgramsSettings(secret=SECRET))
    assert CONTROL != SECRET
