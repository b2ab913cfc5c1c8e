"""Builds the web application of the simulated provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from simulators import control
from simulators.connections import ConnectionCut, nothing
from simulators.cpgrams import api as cpgrams_api
from simulators.cpgrams import control as cpgrams_control
from simulators.cpgrams.errors import Refusal
from simulators.cpgrams.errors import refusal as cpgrams_refusal
from simulators.cpgrams.settings import CpgramsSettings
from simulators.cpgrams.standin import StandIn
from simulators.headers import GuardHeaders
from simulators.provider import Provider
from simulators.settings import SimulatorSettings
from simulators.tryit import catalogue, pages
from simulators.twilio import content, files, indicators, messages
from simulators.twilio.errors import TwilioError, invalid_call, refusal

_LOCAL_NAMES = ("127.0.0.1", "localhost")


def _host_names(settings: SimulatorSettings) -> list[str]:
    """The names under which the page may be asked for, so that no other site's name can be bent to this machine."""
    return [*_LOCAL_NAMES, urlsplit(settings.public_url).hostname or _LOCAL_NAMES[0]]


def create_app(settings: SimulatorSettings, cpgrams: CpgramsSettings | None = None) -> FastAPI:
    """Build the application; the provider starts and stops with it.

    Args:
        settings: Of the messages' provider.
        cpgrams: Of the stand-in for CPGRAMS; there is none without its secret.
    """
    standin = None
    if cpgrams is not None and cpgrams.secret is not None:
        standin = StandIn(cpgrams, None if settings.in_memory else settings.data_dir / "cpgrams.db")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        provider = Provider(settings)
        app.state.provider = provider
        app.state.words = catalogue.load(settings.locale_dir)
        await provider.start()
        try:
            yield
        finally:
            await provider.stop()
            if standin is not None:
                standin.store.close()

    app = FastAPI(title="Simulated provider", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(TwilioError, refusal)
    app.add_exception_handler(RequestValidationError, invalid_call)
    app.add_exception_handler(ConnectionCut, nothing)
    app.add_middleware(GuardHeaders)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_host_names(settings))
    for part in (messages, content, indicators, files, control, pages):
        app.include_router(part.router)
    app.include_router(content.both)
    app.include_router(pages.acting)
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static")

    if standin is not None:
        _mount_cpgrams(app, standin)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the simulator is up."""
        return {"status": "ok"}

    return app


def _mount_cpgrams(app: FastAPI, standin: StandIn) -> None:
    """Add the stand-in for CPGRAMS under its own paths."""
    app.state.cpgrams = standin
    app.add_exception_handler(Refusal, cpgrams_refusal)
    for part in (cpgrams_api, cpgrams_control):
        app.include_router(part.router)
