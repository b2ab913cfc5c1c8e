"""The interface of a registry: the client against the stand-in, and the registry in memory, keep the same promises."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from grievances.registries.base import (
    ClosingReport,
    ExternalStatus,
    GrievanceRegistry,
    RegistryGrievance,
    UnreadableGrievance,
)
from grievances.registries.cpgrams import is_number
from grievances.registries.errors import AlreadyClosed, AlreadyRegistered, RegistryRefused, UnknownNumber
from tests.grievances.registries.conftest import fields
from tests.grievances.registries.fake import FakeRegistry

REASONS = "The buyer has paid the whole amount with interest."


@dataclass
class Subject:
    """A registry, and what happens at the registry's own desk."""

    registry: GrievanceRegistry
    file: Callable[[], str]
    move: Callable[[str, ExternalStatus], None]


@pytest.fixture(params=["memory", "standin"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "memory":
        fake = FakeRegistry()
        return Subject(fake, fake.file, fake.move)
    cpgrams = request.getfixturevalue("cpgrams")
    return Subject(request.getfixturevalue("client"), cpgrams.file, cpgrams.move)


async def pulled(
    registry: GrievanceRegistry, since: datetime = datetime(2020, 1, 1, tzinfo=UTC)
) -> list[RegistryGrievance | UnreadableGrievance]:
    return [one async for one in registry.pull(since)]


async def test_registers_and_finds_by_our_reference(subject: Subject) -> None:
    assert await subject.registry.find("26481516230") == []
    number = await subject.registry.register(fields())
    assert is_number(number)
    (found,) = await subject.registry.find("26481516230")
    assert (found.number, found.client_reference, found.status) == (number, "26481516230", ExternalStatus.RECEIVED)
    assert found.at.tzinfo is not None
    assert await subject.registry.status(number) == found


async def test_a_reference_is_registered_once(subject: Subject) -> None:
    number = await subject.registry.register(fields())
    with pytest.raises(AlreadyRegistered) as refused:
        await subject.registry.register(fields())
    assert refused.value.number == number


async def test_names_the_fields_that_it_refuses(subject: Subject) -> None:
    with pytest.raises(RegistryRefused) as refused:
        await subject.registry.register(fields(description=""))
    assert refused.value.fields == ("description",)
    assert await subject.registry.find("26481516230") == []


async def test_status_follows_what_is_done_there(subject: Subject) -> None:
    number = await subject.registry.register(fields())
    for status in (ExternalStatus.FORWARDED, ExternalStatus.UNDER_PROCESS, ExternalStatus.CLOSED):
        subject.move(number, status)
        assert (await subject.registry.status(number)).status is status
    with pytest.raises(UnknownNumber):
        await subject.registry.status("DMSME/E/2026/9999999")


async def test_closing_is_told_once(subject: Subject) -> None:
    number = await subject.registry.register(fields())
    report = ClosingReport(
        number=number,
        client_reference="26481516230",
        outcome="redressed",
        reasons=REASONS,
        closed_at=datetime.now(UTC),
    )
    with pytest.raises(RegistryRefused) as refused:
        await subject.registry.close_grievance(report.model_copy(update={"reasons": "done"}))
    assert refused.value.fields == ("reasons",)
    await subject.registry.close_grievance(report)
    found = await subject.registry.status(number)
    assert (found.status, found.closed_by, found.remarks) == (ExternalStatus.CLOSED, "26481516230", REASONS)
    with pytest.raises(AlreadyClosed):
        await subject.registry.close_grievance(report)
    with pytest.raises(UnknownNumber):
        await subject.registry.close_grievance(report.model_copy(update={"number": "DMSME/E/2026/9999999"}))


async def test_pulls_what_was_filed_there_and_not_what_we_registered(subject: Subject) -> None:
    await subject.registry.register(fields())
    number = subject.file()
    (found,) = await pulled(subject.registry)
    assert isinstance(found, RegistryGrievance)
    assert (found.number, found.category, found.complainant.name) == (number, "delayed_payment", "Meera Kulkarni")
    assert found.complainant.pincode == "411001"
    assert await pulled(subject.registry, found.received_at) == [found]
    assert await pulled(subject.registry, found.received_at + timedelta(seconds=1)) == []
