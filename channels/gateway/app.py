"""The gateway as a web application: webhooks, health, metrics, and the rounds in the background."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI

from channels.base import Channel, Sender
from channels.gateway import copies, health
from channels.gateway.delivery import Delivery
from channels.gateway.engine import TurnEngine, TurnSteps
from channels.gateway.entrance import Entrance, make_entrance
from channels.gateway.media import MediaKeeper
from channels.gateway.rasa_client import RasaClient
from channels.gateway.responders import make_responders
from channels.gateway.rounds import Features, feature_rounds
from channels.gateway.settings import GatewaySettings
from channels.gateway.sweep import Sweep
from channels.gateway.turn import TurnRunner
from core import crash, log
from core.clock import Clock, SystemClock
from core.db import Database
from core.media.service import MediaStore
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings, Profile
from rights.rounds import Outside

_LOG = log.get(__name__)
Mount = Callable[[FastAPI, Database, Clock, Callable[[str], Awaitable[None]]], None]
"""Adds another application, such as the desk, to the web process."""


@dataclass
class Gateway:
    """The parts of a running gateway."""

    db: Database
    clock: Clock
    engine: TurnEngine
    settings: GatewaySettings
    channels: dict[str, Channel]
    entrance: Entrance
    data_dir: Path
    features: Features = field(default_factory=Features)

    async def wake(self, conversation_id: str) -> None:
        """Have what is queued in a conversation delivered."""
        await self.engine.wake(conversation_id, str(self.clock.now().timestamp()))


def make_gateway(core: CoreSettings, settings: GatewaySettings, channels: dict[str, Channel]) -> Gateway:
    """The parts of a gateway, put together and not yet started.

    Raises:
        InvalidInput: A feature is set in a way that is not safe, not lawful or not readable.
    """
    features = Features.checked(core.profile)
    install(Keyring.from_settings(core))
    if core.profile is Profile.TEST:
        crash.arm(settings.crash_at)
    db, clock = Database.from_settings(core), SystemClock()
    engine = TurnEngine(core.durable_url, settings)
    entrance = make_entrance(db, clock, engine.start_turn, settings.queue_cap)
    return Gateway(db, clock, engine, settings, channels, entrance, core.data_dir, features)


@asynccontextmanager
async def _running(gateway: Gateway) -> AsyncIterator[None]:
    settings = gateway.settings
    rasa = RasaClient(
        settings.bot_url, settings.bot_token.get_secret_value(), settings.bot_timeout, settings.bot_patience
    )
    senders: dict[str, Sender] = {name: channel.make_sender() for name, channel in gateway.channels.items()}
    manifests = {name: channel.manifest for name, channel in gateway.channels.items()}
    keeper = MediaKeeper(gateway.db, gateway.clock, MediaStore(gateway.data_dir / "media"), senders)
    runner = TurnRunner(gateway.db, gateway.clock, make_responders(rasa), manifests, settings, keeper)
    delivery = Delivery(gateway.db, gateway.clock, senders, settings, manifests)
    await gateway.engine.launch(TurnSteps(runner.gather, runner.answer, delivery.deliver, runner.give_up))
    outside = [_the_assistant(rasa), gateway.engine.forget]
    async with feature_rounds(gateway.db, gateway.clock, gateway.features, gateway.data_dir, outside) as rounds:
        sweep = Sweep(
            gateway.db,
            gateway.clock,
            gateway.engine,
            delivery,
            gateway.entrance.intake,
            senders,
            keeper,
            settings,
            rounds,
        )
        sweep.start()
        try:
            yield
        finally:
            await sweep.stop()
            await gateway.engine.close()
            for sender in senders.values():
                await sender.close()
            await rasa.close()
            await gateway.db.close()


def _the_assistant(rasa: RasaClient) -> Outside:
    """The assistant as a place that is asked to forget."""

    async def forget(conversation_ids: Sequence[str], _turn_ids: Sequence[str]) -> None:
        await rasa.forget(conversation_ids)

    return forget


def make_app(gateway: Gateway, mount: Mount | None = None) -> FastAPI:
    """The web application of a gateway.

    Args:
        gateway: Its parts.
        mount: Adds another application to the same process.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _running(gateway):
            yield

    app = FastAPI(title="Sahayak gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for channel in gateway.channels.values():
        app.include_router(channel.make_routes(gateway.entrance.accept, gateway.entrance.record_receipt))
    app.include_router(copies.make_routes(gateway.db, gateway.clock, MediaStore(gateway.data_dir / "media")))
    app.include_router(health.make_routes(gateway.db, gateway.settings, gateway.data_dir))
    if mount is not None:
        mount(app, gateway.db, gateway.clock, gateway.wake)
    return app
