"""Two gateways on one PostgreSQL share the lanes: nothing lost, nothing doubled, order kept, whoever dies."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from tests.simulators.conftest import Served
from tools import postgres
from tools.rehearsal.processes import Surroundings
from tools.rehearsal.rehearsal import Rehearsal

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MESSAGES = 120
CARRIED = {"content-type", "x-twilio-signature", "i-twilio-idempotency-token"}


@dataclass
class Front:
    """A load balancer: every webhook goes to the next gateway, and to the other one where nobody listens."""

    ports: list[int] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)

    def app(self) -> FastAPI:
        turn = count()

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with httpx.AsyncClient(timeout=15, trust_env=False) as app.state.client:
                yield

        app = FastAPI(lifespan=lifespan)

        @app.post("/{path:path}")
        async def forward(request: Request) -> Response:
            first = next(turn)
            body = await request.body()
            headers = {name: value for name, value in request.headers.items() if name in CARRIED}
            for place in range(len(self.ports)):
                port = self.ports[(first + place) % len(self.ports)]
                url = f"http://127.0.0.1:{port}{request.url.path}?{request.url.query}".rstrip("?")
                try:
                    answer = await request.app.state.client.post(url, content=body, headers=headers)
                except httpx.ConnectError:
                    continue
                except httpx.HTTPError:
                    return Response(status_code=502)
                self.taken[port] = self.taken.get(port, 0) + answer.is_success
                return Response(answer.content, status_code=answer.status_code)
            return Response(status_code=502)

        return app


@dataclass
class Balanced(Surroundings):
    """Surroundings in which the provider knows the load balancer only."""

    front_url: str = ""

    def environment(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        return super().environment({"SIMULATOR_GATEWAY_URL": self.front_url, **(extra or {})})


class OneArmedAtATime(Rehearsal):
    """A rehearsal in which the second gateway starts without a crash point, so that mostly one of the two lives."""

    _started = 0

    def _next_point(self, name: str) -> str:
        self._started += 1
        return "" if self._started == 2 else super()._next_point(name)


@pytest.fixture
def durable_url(postgres_server: str) -> Iterator[str]:
    """An empty database for the durable engine."""
    with postgres.database(postgres_server) as url:
        yield url


async def test_two_gateways_share_the_lanes_in_order(tmp_path: Path, postgres_url: str, durable_url: str) -> None:
    front = Front()
    served = Served(front.app())
    try:
        ours = postgres_url.replace("postgresql://", "postgresql+psycopg://")
        surroundings = Balanced(tmp_path, database_url=ours, durable_url=durable_url, front_url=served.url)
        rehearsal = OneArmedAtATime(
            surroundings, messages=MESSAGES, contacts=12, rate=4, kills=1, gateways=2, webhooks_apart=False
        )
        front.ports = [port for _, _, port in rehearsal._gateways]
        account = await rehearsal.run()
    finally:
        served.stop()
    assert account.whole, account
    assert account.accepted == MESSAGES
    assert account.delivered > MESSAGES / 2, account
    assert rehearsal.killed >= 2
    assert all(front.taken.get(port, 0) > 10 for port in front.ports), front.taken
