"""Telling a registry of our closing, and settling what is uncertain by reading the status there."""

from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery
from grievances.registries import spool
from grievances.registries.base import ClosingReport, ExternalStatus
from grievances.registries.errors import AlreadyClosed, RegistryRefused, UnknownNumber
from grievances.registries.fields import closing_reasons
from grievances.registries.models import GrievanceExternal, GrievanceExternalClosing
from grievances.registries.schemas import SpoolState
from grievances.registries.spooler import Spooler, backoff


class Telling(Spooler):
    """A round over closings."""

    async def step(self, row: GrievanceExternalClosing) -> None:
        """Do what a closing needs now."""
        if row.state == SpoolState.QUEUED:
            await self._tell(row)
        elif row.state == SpoolState.SENDING:
            await self.found_in_sending(row)
        elif row.state == SpoolState.UNCERTAIN:
            await self._ask_whether_closed(row)

    async def _external(self, row: GrievanceExternalClosing) -> GrievanceExternal:
        async with self.db.reading() as session:
            return await session.get_one(GrievanceExternal, row.external_id)

    async def _tell(self, row: GrievanceExternalClosing) -> None:
        if not await self.begin_sending(row):
            return
        external = await self._external(row)
        kept = (row.payload or {}).get("reasons")
        report = ClosingReport(
            number=external.number or "",
            client_reference=external.client_reference or "",
            outcome=row.outcome,
            reasons=kept or closing_reasons(row.outcome, None, "en"),
            closed_at=row.closed_at,
        )
        try:
            await self.registry.close_grievance(report)
        except AlreadyClosed as error:
            await self._told(row, error.code)
        except FinalDelivery as error:
            await self.fail(row, error.code, error.fields if isinstance(error, RegistryRefused) else ())
        except RetryableDelivery as error:
            await self.postpone(row, SpoolState.QUEUED, row.attempts, error)
        except UncertainDelivery as error:
            await self.unsure(row, error)
        else:
            await self._told(row, None)

    async def _told(self, row: GrievanceExternalClosing, code: str | None) -> None:
        now = self.clock.now()
        async with self.db.transaction() as session:
            told = await spool.put(
                session, row, SpoolState.TOLD, now, next_attempt_at=None, error_code=code, error_fields=None
            )
            if told:
                await spool.closed_there(session, row.external_id, now)
        self.counts["told"] += 1

    async def _ask_whether_closed(self, row: GrievanceExternalClosing) -> None:
        """Settle an uncertain closing by reading the status; telling it again is harmless, it is refused as closed."""
        if not await self.take(row, asked=row.asked + 1):
            return
        external = await self._external(row)
        try:
            found = await self.registry.status(external.number or "")
        except UnknownNumber as error:
            await self.fail(row, error.code)
            return
        except (RetryableDelivery, FinalDelivery) as error:
            await self.postpone(row, SpoolState.UNCERTAIN, row.asked, error)
            return
        if found.status is ExternalStatus.CLOSED:
            await self._told(row, None)
        else:
            self.counts["postponed"] += 1
            await self.put(row, SpoolState.QUEUED, self.clock.now() + backoff(row.asked), error_code="not_there")
