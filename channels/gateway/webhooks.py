"""The webhooks as a process of their own, so that their answer does not wait for the work that they cause."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from channels.base import Channel
from channels.gateway import copies
from channels.gateway.engine import TurnStarter
from channels.gateway.entrance import make_entrance
from channels.gateway.settings import GatewaySettings
from core import crash
from core.clock import SystemClock
from core.db import Database
from core.media.service import MediaStore
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings, Profile


def make_webhooks_app(core: CoreSettings, settings: GatewaySettings, channels: Mapping[str, Channel]) -> FastAPI:
    """The web application that takes in and runs no turn.

    Args:
        core: Database and keys.
        settings: Limits.
        channels: Whose webhooks.
    """
    install(Keyring.from_settings(core))
    if core.profile is Profile.TEST:
        crash.arm(settings.crash_at)
    db, starter = Database.from_settings(core), TurnStarter(core.durable_url)
    entrance = make_entrance(db, SystemClock(), starter.start_turn, settings.queue_cap)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await starter.close()
        await db.close()

    app = FastAPI(title="Sahayak webhooks", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for channel in channels.values():
        app.include_router(channel.make_routes(entrance.accept, entrance.record_receipt))
    app.include_router(copies.make_routes(db, SystemClock(), MediaStore(core.data_dir / "media")))

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app
