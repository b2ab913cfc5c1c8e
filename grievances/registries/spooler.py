"""What every round over the spool does with a row: take it, and put it where its answer says."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from core import log
from core.clock import Clock
from core.db import Database
from core.errors import ProviderError, RetryableDelivery, UncertainDelivery
from grievances.registries import spool
from grievances.registries.base import GrievanceRegistry
from grievances.registries.schemas import SpoolState
from grievances.registries.settings import CpgramsSettings
from grievances.registries.spool import AnyRow

_LOG = log.get(__name__)
_FIRST_PAUSE = 30.0
LONGEST_PAUSE = 3600.0
_SOON = timedelta(seconds=10)


class Trouble(Exception):
    """The registry is in trouble; the row that met it is settled, the round ends."""


def backoff(times: int, retry_after: float | None = None) -> timedelta:
    """How long to wait: doubling from half a minute to an hour, spread, and never less than was asked for."""
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing
    pause = min(_FIRST_PAUSE * 2.0 ** min(max(times, 1) - 1, 20), LONGEST_PAUSE) * spread
    return timedelta(seconds=max(pause, retry_after or 0.0))


class Spooler:
    """One round.

    Args:
        db: The application's database; no transaction is open while the registry is asked.
        clock: Tells the time.
        registry: The client.
        settings: How patiently.
    """

    def __init__(self, db: Database, clock: Clock, registry: GrievanceRegistry, settings: CpgramsSettings) -> None:
        self.db, self.clock, self.registry, self.settings = db, clock, registry, settings
        self._lease = timedelta(seconds=settings.timeout) * 3 + timedelta(seconds=30)
        self.counts: Counter[str] = Counter()

    async def take(self, row: AnyRow, **values: object) -> bool:
        """Take a row as it was read, for as long as an answer may take; whether nobody else had."""
        now = self.clock.now()
        async with self.db.transaction() as session:
            taken = await spool.take(session, row, now, now + self._lease, **values)
        if taken:
            for name, value in values.items():
                setattr(row, name, value)
        return taken

    async def begin_sending(self, row: AnyRow) -> bool:
        """Commit to a sending before the request is made; whether nobody else had."""
        return await self.take(
            row,
            state=SpoolState.SENDING,
            attempts=row.attempts + 1,
            sending_at=self.clock.now(),
            error_code=None,
            error_fields=None,
        )

    async def found_in_sending(self, row: AnyRow) -> None:
        """A process died between its commit and the registry's answer."""
        now = self.clock.now()
        async with self.db.transaction() as session:
            await spool.take(
                session, row, now, now, state=SpoolState.UNCERTAIN, error_code="interrupted", asked=row.asked + 1
            )

    async def put(self, row: AnyRow, state: SpoolState, next_attempt_at: datetime | None, **values: object) -> None:
        """Put a row that was taken into a state."""
        async with self.db.transaction() as session:
            await spool.put(session, row, state, self.clock.now(), next_attempt_at=next_attempt_at, **values)

    async def fail(self, row: AnyRow, code: str, fields: Sequence[str] = (), **values: object) -> None:
        """Give a row up; a person sees it."""
        self.counts["failed"] += 1
        named = ", ".join(fields)[:200] or None
        await self.put(row, SpoolState.FAILED, None, error_code=code[:40], error_fields=named, **values)
        _LOG.error("registry.failed", row=row.id, code=code, fields=named)

    def given_up(self, row: AnyRow) -> bool:
        """Whether it has been tried for too long."""
        return self.clock.now() - row.queued_at > timedelta(seconds=self.settings.give_up_after)

    async def postpone(self, row: AnyRow, state: SpoolState, times: int, error: ProviderError) -> None:
        """Try or ask again later, or give up when that has gone on for too long.

        Raises:
            Trouble: Always; the rest of the round would fare no better.
        """
        if self.given_up(row):
            await self.fail(row, error.code)
        else:
            self.counts["postponed"] += 1
            asked_for = error.retry_after if isinstance(error, RetryableDelivery) else None
            later = self.clock.now() + backoff(times, asked_for)
            await self.put(row, state, later, error_code=error.code[:40])
        raise Trouble(error.code)

    async def unsure(self, row: AnyRow, error: UncertainDelivery) -> None:
        """Nobody knows whether it was done: ask soon.

        Raises:
            Trouble: Always.
        """
        self.counts["postponed"] += 1
        await self.put(row, SpoolState.UNCERTAIN, self.clock.now() + _SOON, error_code=error.code[:40])
        raise Trouble(error.code)
