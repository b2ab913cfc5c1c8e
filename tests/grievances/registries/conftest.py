"""A served stand-in for CPGRAMS, and clients of it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from grievances.registries import service
from grievances.registries.base import Complainant, GrievanceRegistry, RegistryFields
from grievances.registries.cpgrams import CpgramsClient
from grievances.registries.schemas import ExternalView, Pulled, SpoolRound
from grievances.registries.service import run_pull, run_spool
from grievances.registries.settings import CpgramsSettings
from grievances.schemas import GrievanceView
from tests.grievances.conftest import OFFICER, Ledger
from tests.grievances.registries.fake import AT, FakeRegistry
from tests.simulators.cpgrams import SECRET, RunningCpgrams, running


def settings_for(url: str, **more: Any) -> CpgramsSettings:
    return CpgramsSettings(**{"url": url, "secret": SECRET, "timeout": 1.0, **more})


def fields(reference: str = "26481516230", **changes: Any) -> RegistryFields:
    values: dict[str, Any] = {
        "client_reference": reference,
        "received_at": AT,
        "category": "delayed_payment",
        "description": "खरीदार ने सात महीने से पैसे नहीं दिए।",
        "language": "hi",
        "complainant": Complainant(name="Meera Kulkarni", state="MH", pincode="411001"),
        **changes,
    }
    return RegistryFields(**values)


@pytest.fixture(scope="session")
def served_cpgrams() -> Iterator[RunningCpgrams]:
    with running() as standin:
        yield standin


@pytest.fixture
def cpgrams(served_cpgrams: RunningCpgrams) -> RunningCpgrams:
    """The stand-in as new."""
    served_cpgrams.reset()
    return served_cpgrams


@pytest.fixture
async def client(cpgrams: RunningCpgrams) -> AsyncIterator[CpgramsClient]:
    made = CpgramsClient(settings_for(cpgrams.url))
    yield made
    await made.aclose()


@dataclass
class Link:
    """A ledger linked to a registry, and short ways to let time pass and look."""

    ledger: Ledger
    registry: GrievanceRegistry
    settings: CpgramsSettings

    @property
    def fake(self) -> FakeRegistry:
        assert isinstance(self.registry, FakeRegistry)
        return self.registry

    async def request(self, grievance_id: str) -> ExternalView:
        async with self.ledger.db.transaction() as session:
            return await service.request_registration(
                session, grievance_id, self.settings, actor=OFFICER, now=self.ledger.clock.now(), rooms=None
            )

    async def filed(self, number: int = 101, **changes: Any) -> GrievanceView:
        """A filed grievance whose registration is asked for."""
        view = await self.ledger.filed(number, **changes)
        await self.request(view.id)
        return view

    async def round(self, after: float = 0) -> SpoolRound:
        """Let time pass and look at the spool once."""
        self.ledger.clock.at += timedelta(seconds=after)
        return await run_spool(self.ledger.db, self.ledger.clock, self.registry, self.settings)

    async def rounds(self, times: int, every: float) -> list[SpoolRound]:
        return [await self.round(every) for _ in range(times)]

    async def pull(self, after: float = 0) -> Pulled:
        self.ledger.clock.at += timedelta(seconds=after)
        return await run_pull(self.ledger.db, self.ledger.clock, self.registry, self.settings)

    async def external(self, grievance_id: str) -> ExternalView:
        async with self.ledger.db.reading() as session:
            (found,) = await service.of_grievance(session, grievance_id, rooms=None)
        return found

    async def attention(self, rooms: frozenset[str] | None = None) -> list[ExternalView]:
        async with self.ledger.db.reading() as session:
            return await service.needing_attention(session, rooms=rooms)


@pytest.fixture
def link(ledger: Ledger) -> Link:
    """Linked to a registry in memory."""
    return Link(ledger, FakeRegistry(), settings_for("http://127.0.0.1:9"))


@pytest.fixture
def served_link(ledger: Ledger, cpgrams: RunningCpgrams, client: CpgramsClient) -> Link:
    """Linked to the stand-in."""
    return Link(ledger, client, settings_for(cpgrams.url))
