"""The rounds of the link to a registry, for the gateway's sweep: the spool, and the pull.

A row is committed as ``sending`` before the request; one found so after a crash is uncertain, and the registry is asked
for our reference before anything is sent again. A registry in trouble ends the round: the next one tries again.
"""

from collections.abc import Sequence
from datetime import timedelta

from core import log
from core.clock import Clock
from core.db import Database
from grievances.registries import collecting, spool
from grievances.registries.base import GrievanceRegistry
from grievances.registries.models import GrievanceExternal, GrievanceExternalClosing
from grievances.registries.registering import Registering
from grievances.registries.schemas import SpoolRound
from grievances.registries.settings import CpgramsSettings
from grievances.registries.spooler import LONGEST_PAUSE, Trouble
from grievances.registries.telling import Telling

_LOG = log.get(__name__)
_BATCH = 50
_MARGIN = timedelta(minutes=5)


async def run_spool(db: Database, clock: Clock, registry: GrievanceRegistry, settings: CpgramsSettings) -> SpoolRound:
    """Send, ask and read whatever is due; meant to be called again and again, by any number of processes.

    Args:
        db: The application's database; no transaction is open while the registry is asked.
        clock: Tells the time.
        registry: The client.
        settings: How patiently.
    """
    registering = Registering(db, clock, registry, settings)
    telling = Telling(db, clock, registry, settings)
    trouble = None
    queued = await _collect(db, clock, settings)
    try:
        for row in await _due(db, clock, settings, GrievanceExternal):
            await registering.step(row)
        for closing in await _due(db, clock, settings, GrievanceExternalClosing):
            await telling.step(closing)
    except Trouble as met:
        trouble = str(met)
        _LOG.warning("registry.trouble", code=trouble)
    return SpoolRound(**(registering.counts + telling.counts), queued=queued, trouble=trouble)


async def _collect(db: Database, clock: Clock, settings: CpgramsSettings) -> int:
    now = clock.now()
    async with db.transaction() as session:
        return await collecting.registrations(session, settings, now) + await collecting.closings(session, now)


async def _due(db: Database, clock: Clock, settings: CpgramsSettings, table: type[spool.Row]) -> Sequence[spool.Row]:
    longest = max(settings.status_every * 1.1, LONGEST_PAUSE * 1.2, settings.settle_after)
    async with db.reading() as session:
        return await spool.due(session, table, clock.now(), timedelta(seconds=longest) + _MARGIN, _BATCH)
