"""The pull: what was filed at CPGRAMS becomes ours, each once, in whatever order and however often it comes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.errors import RetryableDelivery
from grievances.registries import service
from grievances.registries.base import Complainant, ExternalStatus, UnreadableGrievance
from grievances.registries.schemas import Origin, SpoolState
from grievances.schemas import GrievanceView, Kind
from tests.grievances.registries.conftest import Link
from tests.grievances.registries.fake import AT
from tests.simulators.cpgrams import RunningCpgrams

BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)


async def ours(link: Link) -> list[GrievanceView]:
    """Every grievance, by number at CPGRAMS."""
    rows = (await link.ledger.page(sort="filed")).rows
    views = [await link.ledger.get(row.id) for row in rows]
    return sorted(views, key=lambda view: view.cpgrams_number or "")


async def test_a_grievance_filed_there_becomes_ours(link: Link) -> None:
    number = link.fake.file(
        complainant=Complainant(name="Meera Kulkarni", state="Maharashtra", pincode="411001", mobile="+910000000101")
    )
    assert (await link.pull()).added == 1
    (view,) = await ours(link)
    assert (view.cpgrams_number, view.source, view.category) == (number, "cpgrams", "delayed_payment")
    assert (view.conversation_id, view.address_id, view.channel) == (None, None, "cpgrams")
    assert (view.place.state, view.place.pincode, view.room) == ("MH", "411001", "dfo-mumbai")
    assert view.particulars is not None
    assert view.particulars.what_happened == "The buyer has not paid."
    assert view.particulars.complainant_name == "Meera Kulkarni"
    # The clock runs from the moment at which the registry received it.
    assert view.clock_started_at == AT
    external = await link.external(view.id)
    assert (external.origin, external.state, external.client_reference) == (
        Origin.THEIRS, SpoolState.REGISTERED, view.reference,
    )  # fmt: skip
    async with link.ledger.db.reading() as session:
        sent = await service.received(session, external.id, rooms=None)
    assert sent is not None
    assert sent["complainant"]["mobile"] == "+910000000101"  # type: ignore[index]
    assert await link.ledger.broken() is None


@BOTH
async def test_a_repeated_pull_adds_nothing(link: Link) -> None:
    numbers = [link.fake.file(received_at=AT + timedelta(hours=hours)) for hours in (3, 1, 2)]
    link.fake.filed += link.fake.filed[:2]
    done = await link.pull()
    assert (done.added, done.known) == (3, 2)
    done = await link.pull(300)
    assert (done.added, done.known) == (0, 5)
    assert [view.cpgrams_number for view in await ours(link)] == sorted(numbers)


async def test_the_next_pull_begins_somewhat_before_the_newest(link: Link) -> None:
    link.fake.file(received_at=AT)
    await link.pull()
    await link.pull(300)
    first, second = link.fake.asked_since
    assert first == link.ledger.clock.now() - timedelta(seconds=300) - timedelta(days=30)
    assert second == AT - timedelta(days=1)
    late = link.fake.file(received_at=AT - timedelta(hours=20))
    assert (await link.pull(300)).added == 1
    assert late in {view.cpgrams_number for view in await ours(link)}


async def test_a_registry_whose_clock_is_ahead_hides_nothing(link: Link) -> None:
    link.fake.file(received_at=link.ledger.clock.now() + timedelta(days=90))
    assert (await link.pull()).added == 1
    (view,) = await ours(link)
    assert view.filed_at == link.ledger.clock.now()
    soon = link.fake.file(received_at=link.ledger.clock.now() + timedelta(minutes=1))
    assert (await link.pull(300)).added == 1
    assert soon in {view.cpgrams_number for view in await ours(link)}
    # Nobody pulled for three days.
    between = link.fake.file(received_at=link.ledger.clock.now() + timedelta(days=1))
    assert (await link.pull(3 * 86400)).added == 1
    assert between in {view.cpgrams_number for view in await ours(link)}


async def test_the_mark_stays_while_the_list_was_not_read_to_its_end(link: Link) -> None:
    link.fake.file()
    link.fake.after["pull"] = [RetryableDelivery("ReadTimeout")]
    done = await link.pull()
    assert (done.added, done.trouble) == (1, "ReadTimeout")
    done = await link.pull(300)
    assert (done.added, done.known, done.trouble) == (0, 1, None)
    assert link.fake.asked_since[1] == link.ledger.clock.now() - timedelta(days=30)


async def test_a_clock_set_back_reads_again(link: Link) -> None:
    link.fake.file(received_at=AT)
    await link.pull()
    await link.pull(-40 * 86400)
    assert link.fake.asked_since[1] == link.ledger.clock.now() - timedelta(days=1)


async def test_what_is_closed_there_already_is_left_there(link: Link) -> None:
    link.fake.file(status=ExternalStatus.CLOSED)
    assert (await link.pull()).finished == 1
    assert await ours(link) == []


async def test_what_cannot_be_used_is_left_out_not_the_grievance(link: Link) -> None:
    link.fake.file(
        category="Something of theirs",
        language="ta",
        description="x" * 9000,
        complainant=Complainant(name="N" * 300, state="Atlantis", pincode="000000", district=" "),
    )
    assert (await link.pull()).added == 1
    (view,) = await ours(link)
    assert (view.category, view.language, view.room) == ("other", "en", "hub")
    assert (view.place.state, view.place.pincode, view.place.district) == (None, None, None)
    assert view.particulars is not None
    assert len(view.particulars.what_happened) == 4000
    assert view.particulars.what_happened.endswith("…")
    async with link.ledger.db.reading() as session:
        sent = await service.received(session, (await link.external(view.id)).id, rooms=None)
    # Nothing is lost: the whole text is kept beside.
    assert sent is not None
    assert len(str(sent["description"])) == 9000


@BOTH
@pytest.mark.parametrize("description", ["", "  \n "])
async def test_a_grievance_without_words_waits_for_a_person(link: Link, description: str) -> None:
    link.fake.file(description=description)
    good = link.fake.file()
    done = await link.pull()
    assert (done.added, done.unreadable) == (1, 1)
    done = await link.pull(300)
    assert (done.added, done.unreadable, done.known) == (0, 0, 2)
    (waiting,) = await link.attention()
    assert (waiting.error_code, waiting.grievance_id, waiting.origin) == ("unreadable", None, Origin.THEIRS)
    assert await link.attention(frozenset({"hub"})) == []
    assert [view.cpgrams_number for view in await ours(link)] == [good]
    # The contact that was to be its owner was not made either.
    assert await link.ledger.value("SELECT count(*) FROM contact") == 1


@pytest.mark.parametrize("raw", [None, "text", ["list"], {"registration_number": "17"}, {"complainant": None}])
async def test_what_is_no_grievance_is_kept_for_a_person_once(link: Link, raw: Any) -> None:
    link.fake.filed = [UnreadableGrievance(raw=raw, problem="shape")] * 2
    done = await link.pull()
    assert (done.unreadable, done.known) == (1, 1)
    assert (await link.pull(300)).known == 2
    (waiting,) = await link.attention()
    async with link.ledger.db.reading() as session:
        assert await service.received(session, waiting.id, rooms=None) == {"raw": raw}


@BOTH
async def test_two_processes_take_each_over_once(link: Link) -> None:
    numbers = [link.fake.file() for _ in range(5)]
    done = await asyncio.gather(*(link.pull() for _ in range(3)))
    assert sum(one.added for one in done) == 5
    assert sum(one.known for one in done) == 10
    assert [view.cpgrams_number for view in await ours(link)] == sorted(numbers)


async def test_our_closing_of_theirs_is_told(link: Link) -> None:
    number = link.fake.file()
    await link.pull()
    (view,) = await ours(link)
    await link.round(10)
    await link.ledger.closed(view.id)
    assert (await link.round(10)).told == 1
    found = link.fake.registered[number]
    assert (found.status, found.closed_by) == (ExternalStatus.CLOSED, view.reference)


async def test_what_they_close_is_seen(link: Link) -> None:
    number = link.fake.file()
    await link.pull()
    (view,) = await ours(link)
    link.fake.move(number, ExternalStatus.CLOSED, "Withdrawn by the complainant.")
    await link.round(10)
    external = await link.external(view.id)
    assert (external.last_status, external.remarks) == (ExternalStatus.CLOSED, "Withdrawn by the complainant.")
    assert (await link.ledger.get(view.id)).is_open


async def test_ours_that_come_back_in_the_list_are_known(link: Link) -> None:
    view = await link.filed()
    await link.round()
    number = (await link.external(view.id)).number or ""
    link.fake.file(number)
    assert (await link.pull()).known == 1
    assert len(await ours(link)) == 1
    assert Kind.REGISTERED in {event.kind for event in await link.ledger.events(view.id)}


_FAULTS = ["429", "500", "503", "timeout", "cut_before", "timeout_after", "cut_after", "html", "wrong_shape",
           "wrong_signature", "unsigned", "huge"]  # fmt: skip


@pytest.mark.parametrize("kind", _FAULTS)
async def test_the_pull_gets_through_every_failure(served_link: Link, cpgrams: RunningCpgrams, kind: str) -> None:
    cpgrams.behave(duplicate_received=True, shuffle_received=True)
    moment = served_link.ledger.clock.now()
    numbers = [cpgrams.file(received_at=(moment - timedelta(hours=hours)).isoformat()) for hours in range(4)]
    cpgrams.fault(kind, target="received", seconds=1.2)
    assert (await served_link.pull()).trouble is not None
    done = await served_link.pull(300)
    assert (done.added, done.known, done.trouble) == (4, 4, None)
    assert [view.cpgrams_number for view in await ours(served_link)] == sorted(numbers)


async def test_a_hundred_and_more_come_in_pages(served_link: Link, cpgrams: RunningCpgrams) -> None:
    moment = served_link.ledger.clock.now().isoformat()
    for _ in range(120):
        cpgrams.file(received_at=moment)
    assert (await served_link.pull()).added == 120
    assert (await served_link.pull(300)).known == 120
