"""A registry in memory, as well behaved as the interface allows; faults are raised where a test puts them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count

from grievances.registries.base import (
    ClosingReport,
    Complainant,
    ExternalStatus,
    RegistryFields,
    RegistryGrievance,
    RegistryStatus,
    UnreadableGrievance,
)
from grievances.registries.errors import AlreadyClosed, AlreadyRegistered, RegistryRefused, UnknownNumber

_numbers = count(1000)
AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


class FakeRegistry:
    """Keeps to `grievances.registries.base.GrievanceRegistry`.

    `before` and `after` hold errors that are raised once each, by call: before anything is done, or after it.
    """

    def __init__(self) -> None:
        self.registered: dict[str, RegistryStatus] = {}
        self.filings: list[RegistryFields] = []
        self.filed: list[RegistryGrievance | UnreadableGrievance] = []
        self.before: dict[str, list[BaseException]] = {}
        self.after: dict[str, list[BaseException]] = {}
        self.calls: list[str] = []
        self.asked_since: list[datetime] = []
        self.numbers: list[str] = []
        self.refuses_repeats = True

    def _begin(self, call: str) -> None:
        self.calls.append(call)
        if self.before.get(call):
            raise self.before[call].pop(0)

    def _end(self, call: str) -> None:
        if self.after.get(call):
            raise self.after[call].pop(0)

    def _new_number(self) -> str:
        return f"DMSME/E/2026/{next(_numbers):07d}"

    async def register(self, fields: RegistryFields) -> str:
        self._begin("register")
        earlier = await self._of(fields.client_reference)
        if earlier and self.refuses_repeats:
            raise AlreadyRegistered(earlier[0].number)
        number = self.numbers.pop(0) if self.numbers else self._new_number()
        if not fields.description:
            raise RegistryRefused("invalid_fields", ("description",))
        self.filings.append(fields)
        self.registered[number] = RegistryStatus(
            number=number, client_reference=fields.client_reference, status=ExternalStatus.RECEIVED, at=AT
        )
        self._end("register")
        return number

    async def _of(self, client_reference: str) -> list[RegistryStatus]:
        return [one for one in self.registered.values() if one.client_reference == client_reference]

    async def find(self, client_reference: str) -> list[RegistryStatus]:
        self._begin("find")
        return await self._of(client_reference)

    async def status(self, number: str) -> RegistryStatus:
        self._begin("status")
        if number not in self.registered:
            raise UnknownNumber
        return self.registered[number]

    async def pull(self, since: datetime) -> AsyncIterator[RegistryGrievance | UnreadableGrievance]:
        self._begin("pull")
        self.asked_since.append(since)
        for one in self.filed:
            if isinstance(one, UnreadableGrievance) or one.received_at >= since:
                yield one
        self._end("pull")

    async def close_grievance(self, report: ClosingReport) -> None:
        self._begin("close")
        found = self.registered.get(report.number)
        if found is None:
            raise UnknownNumber
        if found.status is ExternalStatus.CLOSED:
            raise AlreadyClosed
        if len(report.reasons) < 20:
            raise RegistryRefused("invalid_fields", ("reasons",))
        self.move(report.number, ExternalStatus.CLOSED, report.reasons, closed_by=report.client_reference)
        self._end("close")

    async def aclose(self) -> None:
        pass

    def move(self, number: str, status: ExternalStatus, remarks: str = "", closed_by: str | None = None) -> None:
        """An officer of the registry acts."""
        changes = {"status": status, "remarks": remarks, "closed_by": closed_by}
        self.registered[number] = self.registered[number].model_copy(update=changes)

    def file(self, number: str = "", **changes: object) -> str:
        """A citizen files a grievance there."""
        found = RegistryGrievance(
            number=number or self._new_number(),
            received_at=AT,
            status=ExternalStatus.RECEIVED,
            category="delayed_payment",
            description="The buyer has not paid.",
            language="en",
            complainant=Complainant(name="Meera Kulkarni", state="MH", pincode="411001", mobile="+910000000101"),
        ).model_copy(update=changes)
        self.filed.append(found)
        self.registered[found.number] = RegistryStatus(
            number=found.number, client_reference="", status=found.status, at=found.received_at
        )
        return found.number
