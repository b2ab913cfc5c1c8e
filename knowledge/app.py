"""The HTTP face of the knowledge process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.to_thread
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from knowledge.errors import KnowledgeError
from knowledge.library import Library
from knowledge.schemas import KnowledgeAnswer, Meaning, Question, Wording
from knowledge.settings import KnowledgeSettings

log = structlog.get_logger("knowledge")

_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5, 1.0, 5.0)


class Measures:
    """What /metrics shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "knowledge_answers_total", "Questions by outcome.", ("language", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "knowledge_answer_seconds", "Time from request to answer.", buckets=_BUCKETS, registry=self.registry
        )
        self.waiting = Gauge("knowledge_waiting", "Questions being answered or waiting.", registry=self.registry)
        self.passages = Gauge("knowledge_passages", "Passages in the index in use.", registry=self.registry)


def create_app(settings: KnowledgeSettings | None = None, library: Library | None = None) -> FastAPI:
    """Build the application; the index is loaded in the background so that /health answers at once.

    Args:
        settings: Read from the environment when None.
        library: The index to serve; made from the settings when None.
    """
    settings = settings or KnowledgeSettings()
    held = library or Library(settings)
    measures = Measures()
    workers = anyio.CapacityLimiter(settings.workers)
    waiting = 0

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        keeping = asyncio.create_task(_keep(held, settings.watch_seconds))
        yield
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    app = FastAPI(title="Sahayak knowledge", lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(RequestValidationError, _malformed)

    @app.post("/v1/answer", response_model=KnowledgeAnswer)
    async def answer(asked: Question) -> Any:
        nonlocal waiting
        service = held.service
        if service is None:
            return _error(503, "index", held.problem or "a loaded index; it is being loaded, try again shortly")
        if waiting >= settings.max_waiting:
            return _error(503, "load", f"fewer than {settings.max_waiting} questions at a time; try again shortly")
        waiting += 1
        measures.waiting.set(waiting)
        try:
            with measures.seconds.time():
                given = await anyio.to_thread.run_sync(service.answer, asked, limiter=workers)
        finally:
            waiting -= 1
            measures.waiting.set(waiting)
        measures.answers.labels(asked.language, given.status).inc()
        return given

    @app.post("/v1/meaning", response_model=Meaning)
    async def meaning(wording: Wording) -> Any:
        service = held.service
        if service is None:
            return _error(503, "index", held.problem or "a loaded index; it is being loaded, try again shortly")
        return await anyio.to_thread.run_sync(service.meaning, wording, limiter=workers)

    _add_health(app, held, measures)
    return app


def _add_health(app: FastAPI, held: Library, measures: Measures) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        service = held.service
        if service is None:
            content = {"status": "failed" if held.problem else "loading", "problem": held.problem}
            return JSONResponse(content, 503)
        catalogue, digest = service.index.catalogue, service.index.digest
        shown = {"passages": len(catalogue.passages), "schemes": len(catalogue.schemes), "index": digest}
        return JSONResponse({"status": "ready", **shown, "problem": held.problem})

    @app.get("/metrics")
    async def metrics() -> Response:
        service = held.service
        measures.passages.set(len(service.index.catalogue.passages) if service else 0)
        return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_LATEST)


async def _keep(library: Library, seconds: float) -> None:
    """Load the index, then watch the corpus; an edited page is live without a restart."""
    while True:
        try:
            if library.service is None:
                await anyio.to_thread.run_sync(library.open)
            elif seconds:
                await anyio.to_thread.run_sync(library.reload_if_changed)
            else:
                return
        except (KnowledgeError, OSError) as error:
            library.problem = str(error)
            log.error("index_not_loaded", problem=str(error))  # noqa: TRY400
        except Exception as error:
            library.problem = f"the index cannot be loaded ({type(error).__name__}); the log says more"
            log.exception("index_not_loaded")
        await asyncio.sleep(seconds or 5.0)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
    if first.get("type") == "json_invalid":
        return _error(422, "body", "valid JSON")
    field = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return _error(422, field, str(first["msg"]))


def _error(status: int, field: str, expected: str) -> JSONResponse:
    return JSONResponse({"error": {"field": field, "expected": expected}}, status)
