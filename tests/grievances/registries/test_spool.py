"""The spool: what is asked for is registered once; refusals, other people's numbers and erased ones are kept apart."""

from datetime import timedelta
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotFound, UncertainDelivery
from grievances.registries import service, spool
from grievances.registries.errors import AnswerUnusable, RegistryBusy, RegistryRefused
from grievances.registries.schemas import SpoolState
from grievances.registries.settings import CpgramsSettings, RegisterWhen
from grievances.registries.spooler import backoff
from grievances.schemas import Kind, Level, Registry
from grievances.status import Move
from tests.grievances.conftest import OFFICER, REASONS
from tests.grievances.registries.conftest import Link, fields
from tests.grievances.registries.fake import FakeRegistry
from tests.grievances.registries.spooling import BOTH, LATER


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
