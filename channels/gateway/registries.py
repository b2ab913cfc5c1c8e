"""The rounds of the link to other registries, for the gateway's sweep; none where there is no link."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.gateway.sweep import Round
from core.clock import Clock
from core.db import Database
from grievances.registries.cpgrams import CpgramsClient
from grievances.registries.schemas import Pulled, SpoolRound
from grievances.registries.service import run_pull, run_spool
from grievances.registries.settings import CpgramsSettings


@asynccontextmanager
async def registry_rounds(db: Database, clock: Clock, settings: CpgramsSettings) -> AsyncIterator[list[Round]]:
    """The rounds, for as long as their client is open."""
    if not settings.linked:
        yield []
        return
    client = CpgramsClient(settings)

    async def spool() -> SpoolRound:
        return await run_spool(db, clock, client, settings)

    async def pull() -> Pulled:
        return await run_pull(db, clock, client, settings)

    try:
        yield [("registries", settings.spool_every, spool), ("registries.pull", settings.pull_every, pull)]
    finally:
        await client.aclose()
