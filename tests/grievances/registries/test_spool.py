"""The spool: what is asked for is registered once, whatever fails and whenever the process dies."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Conflict, InvalidInput, NotFound, RetryableDelivery, UncertainDelivery
from grievances.registries import service, spool
from grievances.registries.base import ExternalStatus
from grievances.registries.errors import AnswerUnusable, RegistryBusy, RegistryRefused
from grievances.registries.schemas import SpoolState
from grievances.registries.settings import CpgramsSettings, RegisterWhen
from grievances.registries.spooler import backoff
from grievances.schemas import CONTACT, Kind, Level, Registry
from grievances.status import Move
from tests.grievances.conftest import OFFICER, REASONS, Ledger
from tests.grievances.registries.conftest import Link, fields, settings_for
from tests.grievances.registries.fake import FakeRegistry
from tests.simulators.cpgrams import RunningCpgrams

LATER = 400.0
"""Seconds after which the registry would no longer take a request that is still under way."""


BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)


class Killed(BaseException):
    """The process dies here."""


async def test_a_registered_grievance_has_both_numbers(link: Link) -> None:
    view = await link.filed()
    assert (await link.external(view.id)).state is SpoolState.QUEUED
    done = await link.round()
    assert (done.registered, done.trouble) == (1, None)
    external = await link.external(view.id)
    assert (external.state, external.client_reference) == (SpoolState.REGISTERED, view.reference)
    # Theirs on ours, and ours on theirs.
    assert (await link.ledger.get(view.id)).cpgrams_number == external.number
    assert external.number is not None
    assert link.fake.registered[external.number].client_reference == view.reference
    (event,) = [one for one in await link.ledger.events(view.id) if one.kind is Kind.REGISTERED]
    assert event.details == {"registry": "cpgrams", "number": external.number}
    assert await link.ledger.broken() is None


async def test_what_is_sent(link: Link) -> None:
    await link.filed()
    await link.round()
    (sent,) = link.fake.filings
    assert sent.complainant.name == "Meera Devi"
    assert (sent.complainant.state, sent.complainant.pincode, sent.complainant.mobile) == ("MH", "400001", None)
    assert (sent.category, sent.language) == ("delayed_payment", "hi")
    assert sent.description.startswith("The buyer does not pay my bill since March.\n")
    for fact in ("Suryodaya Retail Pvt Ltd", "250000", "Lakshmi Textiles", "UDYAM-MH-01-0000123"):
        assert fact in sent.description


async def test_the_number_of_the_contact_goes_along_only_where_it_may(link: Link) -> None:
    link.settings = link.settings.model_copy(update={"send_mobile": True})
    await link.filed(104)
    await link.round()
    assert link.fake.filings[0].complainant.mobile == "+910000000104"


async def test_asking_twice_registers_once(link: Link) -> None:
    view = await link.filed()
    assert (await link.request(view.id)).state is SpoolState.QUEUED
    await link.rounds(3, 1)
    assert (await link.request(view.id)).state is SpoolState.REGISTERED
    await link.rounds(3, 1)
    assert link.fake.calls.count("register") == 1


async def test_nothing_is_asked_for_without_a_link_or_for_a_closed_grievance(link: Link) -> None:
    view = await link.ledger.filed()
    await link.ledger.closed(view.id)
    with pytest.raises(Conflict, match="closed"):
        await link.request(view.id)
    link.settings = CpgramsSettings()
    with pytest.raises(Conflict, match="no link"):
        await link.request((await link.ledger.filed()).id)


async def test_what_is_missing_is_named_at_once(link: Link) -> None:
    nameless = await link.ledger.filed(told={"complainant_name": None, "enterprise_name": None})
    with pytest.raises(InvalidInput) as missing:
        await link.request(nameless.id)
    assert missing.value.field == "complainant_name"
    with pytest.raises(NotFound):
        async with link.ledger.db.transaction() as session:
            await service.request_registration(
                session,
                nameless.id,
                link.settings,
                actor=OFFICER,
                now=link.ledger.clock.now(),
                rooms=frozenset({"dfo-patna"}),
            )


async def test_a_busy_registry_is_left_alone_and_tried_again(link: Link) -> None:
    first, second = await link.filed(101), await link.filed(102)
    link.fake.before["register"] = [RegistryBusy("too_many", retry_after=500.0)]
    done = await link.round()
    assert (done.trouble, done.postponed) == ("too_many", 1)
    # The round ended with the first trouble.
    assert link.fake.calls == ["register"]
    external = await link.external(first.id)
    assert (external.state, external.error_code) == (SpoolState.QUEUED, "too_many")
    assert external.next_attempt_at is not None
    assert external.next_attempt_at >= link.ledger.clock.now() + timedelta(seconds=500)
    await link.round(10)
    assert (await link.external(second.id)).state is SpoolState.REGISTERED
    assert (await link.external(first.id)).state is SpoolState.QUEUED
    await link.round(500)
    assert (await link.external(first.id)).state is SpoolState.REGISTERED


def test_waiting_doubles_with_jitter_up_to_an_hour() -> None:
    for times in range(1, 40):
        waits = {backoff(times).total_seconds() for _ in range(20)}
        expected = min(30.0 * 2 ** (times - 1), 3600.0)
        assert all(expected * 0.8 <= wait <= expected * 1.2 for wait in waits)
        assert len(waits) > 1
    assert backoff(1, retry_after=7200.0) == timedelta(hours=2)


@BOTH
async def test_a_refusal_is_final_and_seen(link: Link) -> None:
    view = await link.filed()
    link.fake.before["register"] = [RegistryRefused("invalid_fields", ("complainant.pincode",))]
    assert (await link.round()).failed == 1
    await link.rounds(3, 100_000)
    assert link.fake.calls == ["register"]
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.FAILED, "invalid_fields")
    assert external.error_fields == "complainant.pincode"
    assert await link.attention() == [external]
    assert await link.attention(frozenset({"dfo-mumbai"})) == [external]
    assert await link.attention(frozenset({"dfo-patna"})) == []
    async with link.ledger.db.transaction() as session:
        with pytest.raises(NotFound):
            await service.mark_seen(session, external.id, rooms=frozenset({"dfo-patna"}), now=link.ledger.clock.now())
        await service.mark_seen(session, external.id, rooms=None, now=link.ledger.clock.now())
    assert await link.attention() == []
    async with link.ledger.db.transaction() as session:
        again = await service.retry(session, external.id, actor=OFFICER, now=link.ledger.clock.now(), rooms=None)
    # It was on its way once: asked for first, sent again after the "no".
    assert again.state is SpoolState.UNCERTAIN
    link.fake.calls.clear()
    await link.rounds(2, 1)
    assert link.fake.calls == ["find", "register"]
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    with pytest.raises(Conflict):
        async with link.ledger.db.transaction() as session:
            await service.retry(session, external.id, actor=OFFICER, now=link.ledger.clock.now(), rooms=None)


async def test_given_up_after_a_week_and_then_visible(link: Link) -> None:
    view = await link.filed()
    link.fake.before["register"] = [RegistryBusy("connection") for _ in range(500)]
    await link.rounds(20, 30_000)
    assert (await link.external(view.id)).state is SpoolState.QUEUED
    await link.rounds(2, 30_000)
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.FAILED, "connection")
    assert external.attempts == 21
    assert [one.id for one in await link.attention()] == [external.id]


@pytest.mark.parametrize("refuses_repeats", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_uncertain_registration_is_asked_for_before_anything_is_sent(
    link: Link, when: str, *, refuses_repeats: bool
) -> None:
    link.fake.refuses_repeats = refuses_repeats
    view = await link.filed()
    getattr(link.fake, when)["register"] = [UncertainDelivery("ReadTimeout")]
    assert (await link.round()).trouble == "ReadTimeout"
    assert (await link.external(view.id)).state is SpoolState.UNCERTAIN
    await link.round(15)
    assert link.fake.calls == ["register", "find"]
    if when == "after":
        assert (await link.external(view.id)).state is SpoolState.REGISTERED
    else:
        # It may still be under way: a "no" does not count yet.
        assert (await link.external(view.id)).state is SpoolState.UNCERTAIN
    await link.rounds(4, LATER)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(link.fake.registered) == 1
    assert link.fake.calls.count("register") == (1 if when == "after" else 2)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_while_sending(link: Link, when: str) -> None:
    link.fake.refuses_repeats = False
    view = await link.filed()
    getattr(link.fake, when)["register"] = [Killed()]
    with pytest.raises(Killed):
        await link.round()
    # `sending` was committed before the request.
    assert (await link.external(view.id)).state is SpoolState.SENDING
    await link.round(5)
    assert (await link.external(view.id)).state is SpoolState.SENDING
    assert link.fake.calls == ["register"]
    await link.round(60)
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.UNCERTAIN, "interrupted")
    assert link.fake.calls == ["register"]
    await link.rounds(6, LATER)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(link.fake.registered) == 1


async def test_a_request_that_arrives_late_is_not_sent_a_second_time(link: Link) -> None:
    """The process died, the request lingers on the way and is taken four minutes later."""
    link.fake.refuses_repeats = False
    view = await link.filed()
    link.fake.before["register"] = [Killed()]
    with pytest.raises(Killed):
        await link.round()
    await link.rounds(4, 60)
    assert link.fake.calls.count("find") >= 1
    await link.fake.register(fields(view.reference))
    await link.rounds(4, 100)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(link.fake.registered) == 1


async def test_killed_while_asking(link: Link) -> None:
    view = await link.filed()
    link.fake.after["register"] = [UncertainDelivery("ReadTimeout")]
    link.fake.before["find"] = [Killed()]
    await link.round()
    with pytest.raises(Killed):
        await link.round(15)
    await link.rounds(2, 60)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert link.fake.calls.count("register") == 1


@BOTH
async def test_two_processes_register_once(link: Link) -> None:
    link.fake.refuses_repeats = False
    views = [await link.filed(number) for number in (101, 102, 103)]
    await asyncio.gather(*(link.round() for _ in range(4)))
    for view in views:
        assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert link.fake.calls.count("register") == 3
    assert len(link.fake.registered) == 3


async def test_who_comes_back_late_changes_nothing(link: Link) -> None:
    """A process that slept in the middle of its request comes back while another one is at it, and wakes nobody."""
    fake, view = link.fake, await link.filed()
    register, arrived = fake.register, [asyncio.Event(), asyncio.Event()]
    may_go_on = [asyncio.Event(), asyncio.Event()]

    async def held(told: Any) -> str:
        which = len([event for event in arrived if event.is_set()])
        if which < 2:
            arrived[which].set()
            await may_go_on[which].wait()
        if which == 0:
            raise RetryableDelivery("connection")
        return await register(told)

    fake.register = held  # type: ignore[method-assign,assignment]
    sleeper = asyncio.create_task(link.round())
    await arrived[0].wait()
    while not arrived[1].is_set():
        second = asyncio.create_task(link.round(LATER))
        await asyncio.wait({second, asyncio.create_task(arrived[1].wait())}, return_when=asyncio.FIRST_COMPLETED)
    may_go_on[0].set()
    await sleeper
    assert (await link.external(view.id)).state is SpoolState.SENDING
    may_go_on[1].set()
    await second
    await link.rounds(3, LATER)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(fake.registered) == 1


async def test_another_grievances_number_is_not_kept(link: Link) -> None:
    first, second = await link.filed(101), await link.filed(102)
    taken = "DMSME/E/2026/0000077"
    link.fake.numbers = [taken]
    await link.round()
    assert (await link.external(first.id)).number == taken

    async def wrong(told: Any) -> str:
        await FakeRegistry.register(link.fake, told)
        return taken

    second = await link.filed(103)
    link.fake.register = wrong  # type: ignore[method-assign,assignment]
    await link.round()
    assert (await link.external(second.id)).error_code == "number_taken"
    assert (await link.ledger.get(second.id)).cpgrams_number is None
    await link.round(40)
    # Asked for our reference, the registry names the right one.
    external = await link.external(second.id)
    assert external.state is SpoolState.REGISTERED
    assert external.number not in (None, taken)


@BOTH
async def test_a_registry_that_insists_on_a_wrong_number_is_shown(link: Link) -> None:
    first = await link.filed(101)
    await link.round()
    number = (await link.external(first.id)).number or ""
    second = await link.filed(102)

    async def insist(reference: str) -> Any:
        return [link.fake.registered[number].model_copy(update={"client_reference": reference})]

    link.fake.find = insist  # type: ignore[method-assign,assignment]
    link.fake.after["register"] = [AnswerUnusable("number_format")]
    await link.rounds(25, 30_000)
    external = await link.external(second.id)
    assert (external.state, external.error_code) == (SpoolState.FAILED, "number_taken")
    assert link.fake.calls.count("register") == 2
    right = "DMSME/E/2026/0000042"
    async with link.ledger.db.transaction() as session:
        now = link.ledger.clock.now()
        for wrong, error in (("42", InvalidInput), (number, Conflict)):
            with pytest.raises(error):
                await service.enter_number(session, external.id, wrong, actor=OFFICER, now=now, rooms=None)
        await service.enter_number(session, external.id, f" {right.lower()} ", actor=OFFICER, now=now, rooms=None)
    assert (await link.external(second.id)).number == right
    assert (await link.ledger.get(second.id)).cpgrams_number == right
    assert await link.ledger.broken() is None


async def test_registered_twice_by_the_registrys_own_fault_is_shown(link: Link) -> None:
    view = await link.filed()
    link.fake.refuses_repeats = False
    link.fake.after["register"] = [UncertainDelivery("ReadTimeout")]
    await link.round()
    await link.fake.register(fields(view.reference))
    await link.round(15)
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.REGISTERED, "several")
    assert external.number == min(link.fake.registered)
    await link.round(100_000)
    assert [one.error_code for one in await link.attention()] == ["several"]


async def test_a_number_that_the_ledger_has_already_wins(link: Link) -> None:
    view = await link.filed()
    await link.ledger.act(view.id, Move.REGISTER, registry=Registry.CPGRAMS, number="DMSME/E/2026/0099999")
    await link.round()
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.FAILED, "ledger")
    assert (await link.ledger.get(view.id)).cpgrams_number == "DMSME/E/2026/0099999"


async def test_a_clock_that_was_ahead_and_is_set_back_holds_nothing_up(link: Link) -> None:
    link.ledger.clock.at += timedelta(days=400)
    view = await link.filed()
    link.fake.before["register"] = [RegistryBusy("connection")]
    await link.round()
    await link.round(-400 * 86400)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED


@BOTH
async def test_erased_before_it_was_sent(link: Link) -> None:
    view = await link.filed()
    async with link.ledger.db.transaction() as session:
        await spool.erase(session, view.id, link.ledger.clock.now())
    await link.rounds(2, 10)
    assert link.fake.calls == []
    assert (await link.external(view.id)).error_code == "erased"
    for column in ("payload", "remarks"):
        assert await link.ledger.value(f"SELECT count({column}) FROM grievance_external") == 0


async def test_erased_while_it_was_uncertain_is_asked_for_but_never_sent_again(link: Link) -> None:
    view = await link.filed()
    link.fake.before["register"] = [UncertainDelivery("ReadTimeout")]
    await link.round()
    async with link.ledger.db.transaction() as session:
        await spool.erase(session, view.id, link.ledger.clock.now())
    await link.rounds(5, LATER)
    assert link.fake.calls.count("register") == 1
    assert (await link.external(view.id)).error_code == "erased"


@BOTH
async def test_after_a_restore_everything_is_asked_for_first(link: Link) -> None:
    link.fake.refuses_repeats = False
    view = await link.filed()
    number = await link.fake.register(fields(view.reference))
    async with link.ledger.db.transaction() as session:
        assert await service.all_sending_to_uncertain(session, link.ledger.clock.now()) == 1
    await link.rounds(3, LATER)
    assert (await link.external(view.id)).number == number
    assert len(link.fake.registered) == 1


# --- what is registered by itself ---


@BOTH
async def test_what_reaches_the_hub_is_registered_by_itself_where_it_is_set_so(link: Link) -> None:
    link.settings = link.settings.model_copy(update={"register_when": RegisterWhen.ESCALATED})
    stays, goes = await link.ledger.filed(101), await link.ledger.filed(102)
    nameless = await link.ledger.filed(103, told={"complainant_name": None, "enterprise_name": None})
    for one in (goes, nameless):
        assert (await link.ledger.act(one.id, Move.ESCALATE, text=REASONS)).level is Level.HUB
    done = await link.round()
    assert (done.queued, done.registered) == (2, 1)
    assert (await link.ledger.get(goes.id)).cpgrams_number is not None
    assert (await link.ledger.get(stays.id)).cpgrams_number is None
    external = await link.external(nameless.id)
    assert (external.state, external.error_code, external.error_fields) == (
        SpoolState.FAILED, "incomplete", "complainant_name",
    )  # fmt: skip
    assert (await link.round(10)).queued == 0


async def test_everything_is_registered_where_it_is_set_so(link: Link) -> None:
    link.settings = link.settings.model_copy(update={"register_when": RegisterWhen.ALL})
    views = [await link.ledger.filed(number) for number in (101, 102)]
    await link.ledger.closed(views[1].id)
    assert (await link.round()).registered == 1
    assert (await link.ledger.get(views[1].id)).cpgrams_number is None


# --- status and closing ---


@BOTH
async def test_their_status_is_read_at_intervals(link: Link) -> None:
    view = await link.filed()
    await link.round()
    number = (await link.external(view.id)).number or ""
    link.fake.move(number, ExternalStatus.UNDER_PROCESS, "Sent to the bank.")
    assert (await link.round(60)).read == 0
    assert (await link.round(25_000)).read == 1
    external = await link.external(view.id)
    assert (external.last_status, external.remarks) == (ExternalStatus.UNDER_PROCESS, "Sent to the bank.")
    link.fake.move(number, ExternalStatus.CLOSED, "Done.")
    link.fake.before["status"] = [RetryableDelivery("ReadTimeout")]
    assert (await link.round(25_000)).trouble == "ReadTimeout"
    assert (await link.round(200)).read == 1
    external = await link.external(view.id)
    assert (external.last_status, external.next_attempt_at) == (ExternalStatus.CLOSED, None)
    assert sum(done.read for done in await link.rounds(3, 100_000)) == 0


async def test_what_they_say_about_an_erased_grievance_is_not_kept(link: Link) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.erase(view.id)
    link.fake.move((await link.external(view.id)).number or "", ExternalStatus.UNDER_PROCESS, "Meera called again.")
    assert (await link.round(25_000)).read == 1
    external = await link.external(view.id)
    assert (external.last_status, external.remarks) == (ExternalStatus.UNDER_PROCESS, None)


async def test_what_is_linked_cannot_be_reopened(link: Link) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.closed(view.id)
    with pytest.raises(Conflict):
        await link.ledger.act(view.id, Move.REOPEN, text=REASONS)


async def test_a_number_that_they_do_not_know_is_shown(link: Link) -> None:
    view = await link.filed()
    await link.round()
    link.fake.registered.clear()
    await link.round(25_000)
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.REGISTERED, "unknown_number")
    assert [one.id for one in await link.attention()] == [external.id]


@BOTH
async def test_our_closing_is_told_with_its_reasons_once(link: Link) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.closed(view.id, "partly_redressed")
    done = await link.round(10)
    assert (done.queued, done.told) == (1, 1)
    external = await link.external(view.id)
    found = link.fake.registered[external.number or ""]
    assert (found.status, found.remarks, found.closed_by) == (ExternalStatus.CLOSED, REASONS, view.reference)
    assert external.last_status is ExternalStatus.CLOSED
    await link.rounds(3, 100_000)
    assert link.fake.calls.count("close") == 1
    # Appealed and closed once more: there it stays closed.
    await link.ledger.act(view.id, Move.APPEAL, text=REASONS)
    await link.ledger.closed(view.id)
    await link.rounds(3, 100_000)
    assert link.fake.calls.count("close") == 1


async def test_a_withdrawal_is_told_in_a_sentence_of_ours(link: Link) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.act(view.id, Move.WITHDRAW, CONTACT)
    assert (await link.round(10)).told == 1
    assert link.fake.registered[(await link.external(view.id)).number or ""].remarks == (
        "शिकायतकर्ता ने यह शिकायत वापस ले ली है।"
    )


async def test_an_erased_closing_is_told_without_its_words(link: Link) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.closed(view.id)
    link.fake.before["close"] = [RegistryBusy("connection")]
    await link.round(10)
    async with link.ledger.db.transaction() as session:
        await spool.erase(session, view.id, link.ledger.clock.now())
    assert (await link.round(100)).told == 1
    assert "erased" in link.fake.registered[(await link.external(view.id)).number or ""].remarks


@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("before", UncertainDelivery("ReadTimeout")),
        ("before", Killed()),
        ("before", RegistryBusy("connection")),
        ("after", UncertainDelivery("ReadTimeout")),
        ("after", Killed()),
    ],
)
async def test_a_closing_gets_through(link: Link, when: str, error: BaseException) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.closed(view.id)
    getattr(link.fake, when)["close"] = [error]
    try:
        await link.round(10)
    except Killed:
        assert await link.ledger.value("SELECT state FROM grievance_external_closing") == "sending"
    await link.rounds(5, 200)
    external = await link.external(view.id)
    assert link.fake.registered[external.number or ""].closed_by == view.reference
    async with link.ledger.db.reading() as session:
        (closing,) = await service.closings_of(session, external.id)
    assert closing.state is SpoolState.TOLD


async def test_a_refused_closing_is_shown(link: Link) -> None:
    view = await link.filed()
    await link.round()
    await link.ledger.closed(view.id)
    link.fake.before["close"] = [RegistryRefused("invalid_fields", ("outcome",))]
    assert (await link.round(10)).failed == 1
    external = await link.external(view.id)
    assert [one.id for one in await link.attention()] == [external.id]
    async with link.ledger.db.reading() as session:
        (closing,) = await service.closings_of(session, external.id)
    assert (closing.state, closing.error_code, closing.error_fields) == (SpoolState.FAILED, "invalid_fields", "outcome")


async def test_a_grievance_closed_before_its_number_came_is_told_after_it(link: Link) -> None:
    view = await link.filed()
    link.fake.before["register"] = [RegistryBusy("connection")]
    await link.round()
    await link.ledger.closed(view.id)
    await link.rounds(3, 60)
    assert link.fake.registered[(await link.external(view.id)).number or ""].closed_by == view.reference


# --- the stand-in failing in every way ---

_FAULTS = [
    "429", "500", "503", "timeout", "cut_before", "timeout_after", "cut_after", "html", "wrong_shape",
    "wrong_signature", "unsigned", "huge", "bad_number", "duplicate_number",
]  # fmt: skip


@pytest.mark.parametrize("kind", _FAULTS)
async def test_registered_exactly_once_at_a_careless_standin(
    served_link: Link, cpgrams: RunningCpgrams, kind: str
) -> None:
    cpgrams.behave(repeats_accepted=True)
    earlier = await served_link.filed(101)
    await served_link.round()
    assert (await served_link.external(earlier.id)).state is SpoolState.REGISTERED
    view = await served_link.filed(102)
    cpgrams.fault(kind, seconds=1.2)
    await served_link.rounds(5, LATER)
    external = await served_link.external(view.id)
    assert external.state is SpoolState.REGISTERED
    held = [one for one in cpgrams.held() if one["client_reference"] == view.reference]
    assert [one["registration_number"] for one in held] == [external.number]
    assert (await served_link.ledger.get(view.id)).cpgrams_number == external.number


async def test_a_refusal_of_the_standin_is_final(served_link: Link, cpgrams: RunningCpgrams) -> None:
    view = await served_link.filed()
    cpgrams.fault("refused")
    await served_link.rounds(3, LATER)
    external = await served_link.external(view.id)
    assert (external.state, external.error_fields) == (SpoolState.FAILED, "complainant.pincode")
    assert cpgrams.held() == []


async def test_our_closing_reaches_the_standin_through_a_fault(served_link: Link, cpgrams: RunningCpgrams) -> None:
    view = await served_link.filed()
    await served_link.round()
    await served_link.ledger.closed(view.id)
    cpgrams.fault("cut_after", target="closure")
    cpgrams.fault("500", target="status")
    await served_link.rounds(4, 200)
    (held,) = cpgrams.held()
    assert (held["status"], held["closed_by"], held["remarks"]) == ("closed", view.reference, REASONS)
    assert (await served_link.external(view.id)).last_status is ExternalStatus.CLOSED


_STEP = st.one_of(
    st.tuples(st.just("before"), st.sampled_from(["register", "find", "status", "close"])),
    st.tuples(st.just("after"), st.sampled_from(["register", "close"])),
)
_ERROR = st.sampled_from([RetryableDelivery("x"), UncertainDelivery("x"), Killed()])


async def settled(link: Link, pauses: list[float], wanted: Callable[[], Awaitable[bool]]) -> None:
    """Let rounds come and processes die until it is so."""
    for pause in [*pauses, *[5000.0] * 40]:
        try:
            await link.round(pause)
        except Killed:
            continue
        if await wanted():
            return
    raise AssertionError("it is never so")


@given(
    faults=st.lists(st.tuples(_STEP, _ERROR), max_size=8),
    pauses=st.lists(st.floats(0, 2000), max_size=6),
    late=st.lists(st.tuples(_STEP, _ERROR), max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_fails_it_is_registered_once_and_closed(
    ledger: Ledger,
    faults: list[tuple[tuple[str, str], BaseException]],
    pauses: list[float],
    late: list[tuple[tuple[str, str], BaseException]],
) -> None:
    """A registry that accepts repeats, faults at every call, kills: in the end one there, with both numbers."""
    fake = FakeRegistry()
    fake.refuses_repeats = False
    link = Link(ledger, fake, settings_for("http://127.0.0.1:9"))
    view = await link.filed()

    async def registered() -> bool:
        return (await link.external(view.id)).state is SpoolState.REGISTERED

    async def told() -> bool:
        return (await link.external(view.id)).last_status is ExternalStatus.CLOSED

    _plan(fake, faults)
    await settled(link, pauses, registered)
    await ledger.closed(view.id)
    _plan(fake, late)
    await settled(link, pauses, told)
    external = await link.external(view.id)
    (mine,) = [one for one in fake.registered.values() if one.client_reference == view.reference]
    assert (mine.number, mine.status) == (external.number, ExternalStatus.CLOSED)
    assert (await ledger.get(view.id)).cpgrams_number == external.number


def _plan(fake: FakeRegistry, faults: list[tuple[tuple[str, str], BaseException]]) -> None:
    for (when, call), error in faults:
        certain = isinstance(error, RetryableDelivery)
        only_asks = call in {"find", "status"}
        if when == "after" and certain:
            continue
        planned = RetryableDelivery("x") if only_asks and not isinstance(error, Killed) else error
        getattr(fake, when).setdefault(call, []).append(planned)
