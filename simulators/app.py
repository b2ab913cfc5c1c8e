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


def create_app(settings: SimulatorSettings) -> FastAPI:
    """Build the application; the provider starts and stops with it."""

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

    app = FastAPI(title="Simulated provider", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(TwilioError, refusal)
    app.add_exception_handler(RequestValidationError, invalid_call)
    app.add_exception_handler(ConnectionCut, nothing)
    app.add_middleware(GuardHeaders)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_host_names(settings))
    for part in (messages, content, indicators, files, control, pages):
        app.include_router(part.router)
    app.include_router(pages.acting)
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static")

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the simulator is up."""
        return {"status": "ok"}

    return app
