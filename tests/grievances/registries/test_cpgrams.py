"""The client of CPGRAMS when the registry fails: what may be sent again, what is refused, and what nobody knows."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery
from grievances.registries.base import ClosingReport, RegistryGrievance, UnreadableGrievance
from grievances.registries.cpgrams import CpgramsClient, _received, _seconds, is_number
from grievances.registries.errors import RegistryBusy, RegistryRefused
from tests.grievances.registries.conftest import fields, settings_for
from tests.grievances.registries.test_contract import REASONS, pulled
from tests.simulators.cpgrams import RunningCpgrams

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def closing(number: str) -> ClosingReport:
    return ClosingReport(
        number=number, client_reference="26481516230", outcome="redressed", reasons=REASONS, closed_at=LONG_AGO
    )


async def test_refused_connection_may_be_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = CpgramsClient(settings_for(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(RegistryBusy, match="connection"):
            await client.register(fields())
        await client.aclose()


BEFORE = ["timeout", "cut_before"]
SPOILED = ["timeout_after", "cut_after", "html", "wrong_shape", "wrong_signature"]
AFTER = [*SPOILED, "unsigned", "huge", "bad_number"]


@pytest.mark.parametrize("kind", [*BEFORE, *AFTER, "500"])
async def test_nobody_knows_whether_it_was_registered(
    cpgrams: RunningCpgrams, client: CpgramsClient, kind: str
) -> None:
    cpgrams.fault(kind, seconds=1.5)
    with pytest.raises(UncertainDelivery):
        await client.register(fields())
    assert len(cpgrams.held()) == (1 if kind in AFTER else 0)


@pytest.mark.parametrize("kind", ["429", "503"])
async def test_certainly_not_registered_and_left_alone_for_as_long_as_it_asks(
    cpgrams: RunningCpgrams, kind: str
) -> None:
    now = [time.time()]
    client = CpgramsClient(settings_for(cpgrams.url), wall=lambda: now[0])
    cpgrams.fault(kind, retry_after="90")
    with pytest.raises(RegistryBusy) as busy:
        await client.register(fields())
    assert busy.value.retry_after == 90
    now[0] += 30
    with pytest.raises(RegistryBusy, match="resting") as busy:
        await client.register(fields())
    assert busy.value.retry_after == pytest.approx(60)
    assert len(cpgrams.calls()) == 1
    now[0] += 61
    assert is_number(await client.register(fields()))
    await client.aclose()


async def test_busy_without_saying_for_how_long(cpgrams: RunningCpgrams, client: CpgramsClient) -> None:
    cpgrams.fault("429")
    with pytest.raises(RegistryBusy) as busy:
        await client.register(fields())
    assert busy.value.retry_after is None
    assert is_number(await client.register(fields()))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), (" 5 ", 5.0), ("", None), (None, None), ("soon", None), ("-3", None), ("99999999", None)],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    assert _seconds(header, time.time()) == seconds


def test_how_long_to_wait_as_a_date() -> None:
    wall = LONG_AGO.timestamp()
    assert _seconds(format_datetime(LONG_AGO + timedelta(minutes=2), usegmt=True), wall) == 120
    assert _seconds(format_datetime(LONG_AGO - timedelta(minutes=2), usegmt=True), wall) == 0


async def test_refused_for_its_fields(cpgrams: RunningCpgrams, client: CpgramsClient) -> None:
    cpgrams.fault("refused", fields={"complainant.pincode": "not served", "category": "unknown"})
    with pytest.raises(RegistryRefused) as refused:
        await client.register(fields())
    assert (refused.value.code, refused.value.fields) == ("invalid_fields", ("category", "complainant.pincode"))
    assert isinstance(refused.value, FinalDelivery)


async def test_another_secret_registers_nothing_and_waits_for_the_right_one(cpgrams: RunningCpgrams) -> None:
    client = CpgramsClient(settings_for(cpgrams.url, secret="another secret than the right one"))
    with pytest.raises(RegistryBusy, match="bad_signature"):
        await client.register(fields())
    await client.aclose()
    assert cpgrams.held() == []


async def test_a_clock_that_is_off_is_corrected_by_the_proven_answer(cpgrams: RunningCpgrams) -> None:
    client = CpgramsClient(settings_for(cpgrams.url), wall=lambda: time.time() - 4000)
    assert is_number(await client.register(fields()))
    assert await client.find("26481516230") != []
    assert [one["outcome"] for one in cpgrams.calls()] == ["clock_skew", "served", "served"]
    await client.aclose()


async def test_a_registry_that_is_days_off_is_not_believed(cpgrams: RunningCpgrams, client: CpgramsClient) -> None:
    cpgrams.behave(clock_offset_seconds=200_000)
    with pytest.raises(RegistryBusy, match="clock_skew"):
        await client.register(fields())
    assert len(cpgrams.calls()) == 1


async def test_a_slow_registry_within_patience_is_no_failure(cpgrams: RunningCpgrams, client: CpgramsClient) -> None:
    cpgrams.behave(latency_ms=600)
    assert is_number(await client.register(fields()))


@pytest.mark.parametrize(
    "kind",
    [*BEFORE, "timeout_after", "cut_after", "html", "wrong_shape", "wrong_signature", "huge", "500", "503", "429"],
)
@pytest.mark.parametrize("target", ["find", "status", "received"])
async def test_what_only_asks_may_always_be_asked_again(
    cpgrams: RunningCpgrams, client: CpgramsClient, kind: str, target: str
) -> None:
    number = await client.register(fields())
    cpgrams.fault(kind, target=target, seconds=1.5)

    async def ask() -> Any:
        if target == "find":
            return await client.find("26481516230")
        return await (client.status(number) if target == "status" else pulled(client))

    with pytest.raises(RetryableDelivery):
        await ask()
    await ask()


@pytest.mark.parametrize(
    "kind", [*BEFORE, "timeout_after", "cut_after", "html", "wrong_shape", "wrong_signature", "500"]
)
async def test_nobody_knows_whether_the_closing_was_taken(
    cpgrams: RunningCpgrams, client: CpgramsClient, kind: str
) -> None:
    number = await client.register(fields())
    cpgrams.fault(kind, target="closure", seconds=1.5)
    with pytest.raises(UncertainDelivery):
        await client.close_grievance(closing(number))


async def test_pulls_all_pages_doubled_and_out_of_order(cpgrams: RunningCpgrams, client: CpgramsClient) -> None:
    numbers = {cpgrams.file() for _ in range(130)}
    cpgrams.behave(duplicate_received=True, shuffle_received=True)
    found = [one.number for one in await pulled(client) if isinstance(one, RegistryGrievance)]
    assert len(found) == 260
    assert set(found) == numbers


GOOD: dict[str, Any] = {
    "registration_number": "DMSME/E/2026/0000001",
    "received_at": "2026-11-23T06:30:00+00:00",
    "status": "received",
    "category": "delayed_payment",
    "description": "The buyer has not paid.",
    "language": "en",
    "complainant": {"name": "Meera Kulkarni", "state": "MH"},
}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("a text", "shape"),
        ({**GOOD, "registration_number": "17"}, "number_format"),
        ({**GOOD, "received_at": "2026-11-23T06:30:00"}, "received_at"),
        ({**GOOD, "description": None}, "description"),
        ({**GOOD, "complainant": {"name": "Meera"}}, "complainant.state"),
    ],
)
def test_an_unreadable_entry_is_handed_on_as_it_is(document: Any, problem: str) -> None:
    assert _received(document) == UnreadableGrievance(raw=document, problem=problem)


def test_an_unknown_status_is_some_other_one() -> None:
    found = _received({**GOOD, "status": "in orbit"})
    assert isinstance(found, RegistryGrievance)
    assert found.status == "other"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(GOOD)), inner, max_size=7),
        max_leaves=12,
    )
)
def test_no_entry_stops_the_pull(document: Any) -> None:
    assert isinstance(_received(document), RegistryGrievance | UnreadableGrievance)


@pytest.mark.parametrize("number", ["GOVUP/E/2023/0031647", "DMSME/E/2026/0000001", "DARPG/P/2026/9999999"])
def test_numbers(number: str) -> None:
    assert is_number(number)


@pytest.mark.parametrize(
    "number",
    ["", "DMSME-E-2026-0000001", "DMSME/E/2026/000001", "dmsme/E/2026/0000001", "DMSME/E/2026/0000001\n",
     "DMSME/E/2026/००००००१", "DMSME/X/2026/0000001", " DMSME/E/2026/0000001"],
)  # fmt: skip
def test_what_is_no_number(number: str) -> None:
    assert not is_number(number)


async def test_the_secret_is_never_shown(cpgrams: RunningCpgrams) -> None:
    settings = settings_for(cpgrams.url)
    assert settings.secret.get_secret_value() not in repr(settings) + str(settings.model_dump())
