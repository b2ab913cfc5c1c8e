"""What the other registry says about a grievance is read, and our closing is told there once."""

import pytest

from core.errors import Conflict, RetryableDelivery, UncertainDelivery
from grievances.registries import service, spool
from grievances.registries.base import ExternalStatus
from grievances.registries.errors import RegistryBusy, RegistryRefused
from grievances.registries.schemas import SpoolState
from grievances.schemas import CONTACT
from grievances.status import Move
from tests.grievances.conftest import REASONS
from tests.grievances.registries.conftest import Link
from tests.grievances.registries.spooling import BOTH, Killed


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
