"""What a watcher is told: that the process lives, what it lacks to work, how much it does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from channels.gateway import health
from channels.gateway.settings import GatewaySettings
from tests.channels.gateway.conftest import World


@pytest.fixture(scope="module")
def assistant() -> Iterator[str]:
    """Something that answers where the assistant would."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def asked(world: World, settings: GatewaySettings, path: str = "/ready") -> httpx.Response:
    folder = Path(str(world.db.engine.url.database)).parent
    app = FastAPI()
    app.include_router(health.make_routes(world.db, settings, folder))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as client:
        return await client.get(path)


async def test_everything_is_there(world: World, settings: GatewaySettings, assistant: str) -> None:
    answer = await asked(world, settings.model_copy(update={"bot_url": assistant}))
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "bot": "ok", "disk": "ok"}


async def test_without_the_assistant_messages_are_still_taken(world: World, settings: GatewaySettings) -> None:
    answer = await asked(world, settings.model_copy(update={"bot_url": "http://127.0.0.1:1"}))
    assert answer.status_code == 200
    assert answer.json()["bot"] == "failed"


async def test_a_disk_that_is_nearly_full_is_said(world: World, settings: GatewaySettings, assistant: str) -> None:
    answer = await asked(world, settings.model_copy(update={"bot_url": assistant, "least_free": 1e12}))
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "bot": "ok", "disk": "failed"}


async def test_a_database_without_tables_is_said(world: World, settings: GatewaySettings, assistant: str) -> None:
    async with world.db.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE heartbeat")
    answer = await asked(world, settings.model_copy(update={"bot_url": assistant}))
    assert answer.status_code == 503
    assert answer.json()["database"] == "failed"


async def test_life_and_counts(world: World, settings: GatewaySettings) -> None:
    assert (await asked(world, settings, "/health")).json() == {"status": "ok"}
    assert "sahayak_inbound_total" in (await asked(world, settings, "/metrics")).text
