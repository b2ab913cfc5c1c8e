"""Builds the web application of the simulated provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from simulators import control
from simulators.connections import ConnectionCut, nothing
from simulators.provider import Provider
from simulators.settings import SimulatorSettings
from simulators.twilio import content, files, indicators, messages
from simulators.twilio.errors import TwilioError, invalid_call, refusal


def create_app(settings: SimulatorSettings) -> FastAPI:
    """Build the application; the provider starts and stops with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        provider = Provider(settings)
        app.state.provider = provider
        await provider.start()
        try:
            yield
        finally:
            await provider.stop()

    app = FastAPI(title="Simulated provider", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(TwilioError, refusal)
    app.add_exception_handler(RequestValidationError, invalid_call)
    app.add_exception_handler(ConnectionCut, nothing)
    for router in (messages.router, content.router, indicators.router, files.router, control.router):
        app.include_router(router)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the simulator is up."""
        return {"status": "ok"}

    return app
