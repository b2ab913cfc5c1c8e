"""Registering at a registry, settling what is uncertain by asking, and reading where a grievance stands there."""

import random
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, case, exists, literal, null
from sqlalchemy.exc import IntegrityError

from core import log
from core.errors import Conflict, FinalDelivery, InvalidInput, NotFound, RetryableDelivery, UncertainDelivery
from grievances import service as ledger
from grievances.models import Grievance
from grievances.registries import spool
from grievances.registries.base import ExternalStatus, RegistryFields, RegistryStatus
from grievances.registries.errors import AlreadyRegistered, RegistryRefused
from grievances.registries.models import GrievanceExternal
from grievances.registries.schemas import SpoolState
from grievances.registries.spooler import Spooler, Trouble, backoff
from grievances.schemas import SYSTEM, Registry
from grievances.status import Move

_LOG = log.get(__name__)
_NUMBER_TAKEN, _NOT_THERE, _SEVERAL = "number_taken", "not_there", "several"


class Registering(Spooler):
    """A round over registrations."""

    async def step(self, row: GrievanceExternal) -> None:
        """Do what a registration needs now."""
        if row.state == SpoolState.QUEUED:
            await self._register(row)
        elif row.state == SpoolState.SENDING:
            await self.found_in_sending(row)
        elif row.state == SpoolState.UNCERTAIN:
            await self._ask_for(row)
        elif row.state == SpoolState.REGISTERED:
            await self._read_status(row)

    async def _register(self, row: GrievanceExternal) -> None:
        if not await self.begin_sending(row):
            return
        if row.payload is None:
            await self.fail(row, "erased")
            return
        try:
            told = RegistryFields.model_validate(row.payload)
        except ValidationError:
            await self.fail(row, "payload")
            return
        try:
            number = await self.registry.register(told)
        except AlreadyRegistered as known:
            number = known.number
        except RegistryRefused as refused:
            await self.fail(row, refused.code, refused.fields)
            return
        except RetryableDelivery as error:
            await self.postpone(row, SpoolState.QUEUED, row.attempts, error)
            return
        except UncertainDelivery as error:
            await self.unsure(row, error)
            return
        await self._registered(row, number)

    async def _registered(self, row: GrievanceExternal, number: str, error_code: str | None = None) -> None:
        """Keep the number: theirs on ours by an event of the ledger; ours on theirs was in what was sent."""
        try:
            kept = await self._keep(row, number, error_code)
        except IntegrityError:
            kept = False
        except (Conflict, InvalidInput, NotFound) as error:
            # Ours has another number there, or is gone: nothing that asking again would mend.
            _LOG.error("registry.number_refused_here", row=row.id, number=number, error=type(error).__name__)
            await self.fail(row, "ledger", number=number)
            return
        if kept:
            self.counts["registered"] += 1
            _LOG.info("registry.registered", row=row.id, number=number)
        else:
            await self._number_taken(row, number)

    async def _keep(self, row: GrievanceExternal, number: str, error_code: str | None) -> bool:
        """Whether the number was kept; False when it is another row's."""
        now = self.clock.now()
        async with self.db.transaction() as session:
            if await spool.holder_of(session, row.registered_with, number) not in (None, row.id):
                return False
            moved = await spool.put(
                session,
                row,
                SpoolState.REGISTERED,
                now,
                next_attempt_at=self._next_reading(now),
                number=number,
                last_status=ExternalStatus.RECEIVED,
                status_at=now,
                error_code=error_code,
                error_fields=None,
            )
            if moved and row.grievance_id is not None:
                registry = Registry(row.registered_with)
                await ledger.act(
                    session, row.grievance_id, Move.REGISTER, actor=SYSTEM, now=now, registry=registry, number=number
                )
        return True

    async def _number_taken(self, row: GrievanceExternal, number: str) -> None:
        """The answer named another grievance's number, so that it was wrong: ask for our reference."""
        _LOG.error("registry.number_taken", row=row.id, number=number)
        if self.given_up(row):
            await self.fail(row, _NUMBER_TAKEN)
        else:
            self.counts["postponed"] += 1
            later = self.clock.now() + backoff(row.asked)
            await self.put(row, SpoolState.UNCERTAIN, later, error_code=_NUMBER_TAKEN)

    def _next_reading(self, now: datetime) -> datetime:
        spread = random.uniform(0.9, 1.1)  # noqa: S311 - spreads the readings, guards nothing
        return now + timedelta(seconds=self.settings.status_every * spread)

    async def _ask_for(self, row: GrievanceExternal) -> None:
        """Settle an uncertain registration by asking for our reference; nothing is sent again before that."""
        if not await self.take(row, asked=row.asked + 1):
            return
        try:
            found = await self.registry.find(row.client_reference or "")
        except (RetryableDelivery, FinalDelivery) as error:
            await self.postpone(row, SpoolState.UNCERTAIN, row.asked, error)
            return
        if found:
            await self._registered(row, min(one.number for one in found), _SEVERAL if len(found) > 1 else None)
        else:
            await self._not_there(row)

    async def _not_there(self, row: GrievanceExternal) -> None:
        """The registry does not know our reference: send it again, but only when it can no longer be on its way."""
        now = self.clock.now()
        certain_at = (row.sending_at or row.queued_at) + timedelta(seconds=self.settings.settle_after)
        if row.payload is None or self.given_up(row):
            await self.fail(row, _NOT_THERE if row.payload else "erased")
            return
        self.counts["postponed"] += 1
        if now < certain_at:
            await self.put(row, SpoolState.UNCERTAIN, min(certain_at, now + backoff(row.asked)))
        else:
            await self.put(row, SpoolState.QUEUED, now, error_code=_NOT_THERE)

    async def _read_status(self, row: GrievanceExternal) -> None:
        if row.number is None or not await self.take(row):
            return
        try:
            found = await self.registry.status(row.number)
        except FinalDelivery as error:
            _LOG.error("registry.not_readable_there", row=row.id, number=row.number, code=error.code)
            await self._note_reading(row, None, error.code)
            return
        except RetryableDelivery as error:
            await self._note_reading(row, None, row.error_code, after=backoff(2, error.retry_after))
            raise Trouble(error.code) from error
        await self._note_reading(row, found, _SEVERAL if row.error_code == _SEVERAL else None)
        self.counts["read"] += 1

    async def _note_reading(
        self,
        row: GrievanceExternal,
        found: RegistryStatus | None,
        error_code: str | None,
        after: timedelta | None = None,
    ) -> None:
        now = self.clock.now()
        values: dict[str, object] = {"error_code": error_code}
        next_reading: datetime | None = now + after if after else self._next_reading(now)
        if found is not None:
            values |= {
                "last_status": found.status,
                "status_at": found.at,
                "status_read_at": now,
                "remarks": _unless_erased(found.remarks),
            }
            # What is closed there stays closed: a closed grievance cannot be reopened (source: pgportal's FAQ, 2024).
            next_reading = None if found.status is ExternalStatus.CLOSED else next_reading
            if found.status != row.last_status:
                _LOG.info("registry.status", row=row.id, status=found.status)
        await self.put(row, SpoolState.REGISTERED, next_reading, **values)


def _unless_erased(remarks: str) -> ColumnElement[Any]:
    """What is said there, and nothing where the grievance's words were erased while the registry was asked."""
    if not remarks:
        return null()
    erased = exists().where(Grievance.id == GrievanceExternal.grievance_id, Grievance.erased_at.is_not(None))
    return case((erased, null()), else_=literal(remarks, GrievanceExternal.remarks.type))
