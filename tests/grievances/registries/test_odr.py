"""Delayed payments: a filing that is prepared, an official link with its source, and a number that a person enters."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from grievances.registries import odr
from grievances.registries.links import official
from grievances.registries.schemas import SpoolState
from grievances.schemas import CONTACT, SYSTEM, Actor, GrievanceView
from tests.grievances.conftest import OFFICER
from tests.grievances.registries.conftest import Link


async def keep(link: Link, grievance_id: str, number: str, actor: Actor = OFFICER) -> GrievanceView:
    async with link.ledger.db.transaction() as session:
        return await odr.keep_number(
            session, grievance_id, number, actor=actor, now=link.ledger.clock.now(), rooms=None
        )


async def test_a_filing_says_what_is_known_and_what_is_missing(link: Link) -> None:
    view = await link.ledger.filed(told={"happened_on": date(2026, 3, 7), "complainant_name": None})
    filing = odr.prepare(view)
    known = {field.name: field.value for field in filing.fields}
    assert known["buyer_name"] == "Suryodaya Retail Pvt Ltd"
    assert (known["amount_rupees"], known["invoice_date"]) == ("250000", "2026-03-07")
    assert known["udyam_number"] == "UDYAM-MH-01-0000123"
    assert filing.missing == ("complainant_name",)
    assert any("invoice" in document.lower() for document in filing.documents)


async def test_the_link_is_the_sourced_one(link: Link) -> None:
    filing = odr.prepare(await link.ledger.filed())
    assert filing.link.url == "https://samadhaan.msme.gov.in"
    assert filing.link.source.startswith("http")
    assert filing.link.as_of
    # The newer portal's own address is from memory and is not told.
    with pytest.raises(KeyError):
        official("odr")


async def test_only_delayed_payments_are_filed_there(link: Link) -> None:
    other = await link.ledger.filed(category="credit")
    with pytest.raises(Conflict):
        odr.prepare(other)
    with pytest.raises(Conflict):
        await keep(link, other.id, "UP/12345")
    view = await link.ledger.filed()
    with pytest.raises(Conflict):
        odr.prepare(view.model_copy(update={"particulars": None}))


@pytest.mark.parametrize("actor", [OFFICER, CONTACT])
async def test_the_number_is_kept_once(link: Link, actor: Actor) -> None:
    view = await link.ledger.filed()
    kept = await keep(link, view.id, " up/2026/s 00123 ", actor)
    assert kept.odr_number == "UP/2026/S00123"
    assert (await keep(link, view.id, "UP/2026/S00123", actor)).version == kept.version
    external = await link.external(view.id)
    assert (external.number, external.state, external.registry) == ("UP/2026/S00123", SpoolState.REGISTERED, "odr")
    with pytest.raises(Conflict):
        await keep(link, view.id, "UP/2026/S00124", actor)
    other = await link.ledger.filed(102)
    with pytest.raises(Conflict):
        await keep(link, other.id, "UP/2026/S00123", actor)
    assert await link.ledger.broken() is None


async def test_nothing_is_sent_anywhere_for_it(link: Link) -> None:
    view = await link.ledger.filed()
    await keep(link, view.id, "UP/2026/S00123")
    await link.ledger.closed(view.id)
    await link.rounds(3, 100_000)
    assert link.fake.calls == []
    # Kept beside a registration at CPGRAMS.
    other = await link.filed(102)
    await keep(link, other.id, "UP/2026/S00200")
    await link.round()
    both = await link.ledger.get(other.id)
    assert both.cpgrams_number
    assert both.odr_number == "UP/2026/S00200"


async def test_who_may_enter_it(link: Link) -> None:
    view = await link.ledger.filed()
    with pytest.raises(NotPermitted):
        await keep(link, view.id, "UP/2026/S00123", SYSTEM)
    with pytest.raises(NotFound):
        async with link.ledger.db.transaction() as session:
            await odr.keep_number(
                session,
                view.id,
                "UP/2026/S00123",
                actor=OFFICER,
                now=link.ledger.clock.now(),
                rooms=frozenset({"dfo-patna"}),
            )


@pytest.mark.parametrize("number", ["", "abc", "no digits here", "12", "x" * 41 + "1", "UP;DROP 1", "/123/", "१२३४५"])
def test_what_is_no_number(number: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        odr.normal_number(number)
    assert wrong.value.field == "number"


@given(st.text(max_size=60))
def test_reading_a_number_twice_changes_nothing(text: str) -> None:
    try:
        number = odr.normal_number(text)
    except InvalidInput:
        return
    assert odr.normal_number(number) == number
    assert 4 <= len(number) <= 40
