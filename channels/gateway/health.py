"""What a watcher asks of the gateway: does the process live, can it work, how much does it do."""

import asyncio
import shutil
from pathlib import Path

import httpx
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from channels.gateway.settings import GatewaySettings
from core.db import Database

OK, FAILED = "ok", "failed"
NEEDED = ("database", "disk")
"""Without these no message can be taken; without the assistant messages are taken and answered later."""
MEGABYTE = 1_000_000


class Readiness:
    """Whether the gateway can work, part by part."""

    def __init__(self, db: Database, settings: GatewaySettings, data_dir: Path) -> None:
        self._db, self._settings, self._data_dir = db, settings, data_dir

    async def states(self) -> dict[str, str]:
        """The state of each part: `ok` or `failed`."""
        checks = {"database": self._database(), "bot": self._bot(), "disk": self._disk()}
        found = await asyncio.gather(*checks.values(), return_exceptions=True)
        return {name: OK if result is True else FAILED for name, result in zip(checks, found, strict=True)}

    async def _database(self) -> bool:
        async with self._db.reading() as session:
            await session.execute(text("SELECT count(*) FROM heartbeat"))
        return True

    async def _bot(self) -> bool:
        async with httpx.AsyncClient(timeout=2.0) as client:
            return (await client.get(f"{self._settings.bot_url}/")).status_code < 500

    async def _disk(self) -> bool:
        usage = await asyncio.to_thread(shutil.disk_usage, self._data_dir)
        return usage.free >= self._settings.least_free * MEGABYTE


def make_routes(db: Database, settings: GatewaySettings, data_dir: Path) -> APIRouter:
    """The addresses `/health`, `/ready` and `/metrics`.

    Args:
        db: The application's database.
        settings: Where the assistant is, and how much of the disk must be free.
        data_dir: Whose disk is looked at.
    """
    router = APIRouter()
    readiness = Readiness(db, settings, data_dir)

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": OK}

    @router.get("/ready")
    async def ready(response: Response) -> dict[str, str]:
        states = await readiness.states()
        if any(states[name] != OK for name in NEEDED):
            response.status_code = 503
        return states

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
