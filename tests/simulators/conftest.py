"""A running simulator and a gateway that only writes down what it is sent."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from twilio.rest import Client

from simulators.app import create_app
from simulators.connections import CuttableProtocol
from simulators.settings import SimulatorSettings

SID = "AC" + "0123456789abcdef" * 2
TOKEN = "auth-token-of-the-tests-0001"
CONTROL = "control-token-of-the-tests-1"
CONTACT = "+910000000101"
ADDRESS = f"whatsapp:{CONTACT}"
BUSINESS = "whatsapp:+910000000001"
PUBLIC = "https://sahayak.example/front"
ROOT = Path(__file__).parents[2]


class Served:
    """An application served by uvicorn in a thread on a free port."""

    def __init__(self, app: Any, port: int = 0) -> None:
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            http=CuttableProtocol,
            log_level="error",
            timeout_graceful_shutdown=1,
            proxy_headers=False,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_for(lambda: self.server.started)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


def wait_for(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait until something holds, and give it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


@dataclass
class Hook:
    """A webhook as it came in."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    query: str


@dataclass
class Gateway:
    """Writes down webhooks and answers with the statuses it was given, then with 200."""

    hooks: list[Hook] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    on_inbound: Callable[[dict[str, str]], None] | None = None
    url: str = ""

    def inbound(self) -> list[dict[str, str]]:
        return [hook.parameters for hook in self.hooks if hook.path.endswith("/inbound")]

    def statuses(self, sid: str | None = None) -> list[str]:
        return [
            hook.parameters["MessageStatus"]
            for hook in self.hooks
            if hook.path.endswith("/status") and sid in {None, hook.parameters["MessageSid"]}
        ]


def gateway_app(current: Callable[[], Gateway]) -> FastAPI:
    """The gateway's web application; what comes in is written down by the current test's gateway."""
    app = FastAPI()

    @app.post("/webhooks/whatsapp/{kind}")
    async def hook(kind: str, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).multi_items()}
        gateway = current()
        gateway.hooks.append(Hook(request.url.path, form, dict(request.headers), request.url.query))
        status = gateway.answers.pop(0) if gateway.answers else 200
        if kind == "inbound" and status == 200 and gateway.on_inbound:
            threading.Thread(target=gateway.on_inbound, args=(form,), daemon=True).start()
        return Response("<Response/>", status_code=status, media_type="text/xml")

    @app.get("/media/{name}")
    async def media(name: str) -> Response:
        return Response(b"\x89PNG of " + name.encode(), media_type="image/png")

    return app


@dataclass
class ServedGateway:
    """One served gateway for all tests, and the gateway of the present one."""

    current: Gateway = field(default_factory=Gateway)
    url: str = ""

    def renew(self) -> Gateway:
        self.current = Gateway(url=self.url)
        return self.current


@pytest.fixture(scope="session")
def served_gateway() -> Iterator[ServedGateway]:
    holder = ServedGateway()
    served = Served(gateway_app(lambda: holder.current))
    holder.url = served.url
    yield holder
    served.stop()


@pytest.fixture
def gateway(served_gateway: ServedGateway) -> Gateway:
    return served_gateway.renew()


@dataclass
class Running:
    """A running simulator with the ways into it."""

    served: Served
    control: httpx.Client
    api: httpx.Client

    @property
    def url(self) -> str:
        return self.served.url

    def twilio(self, token: str = TOKEN) -> Client:
        client = Client(SID, token)
        for product in (client.api, client.content, client.messaging):
            product.base_url = self.url
        return client

    def write(self, text: str = "namaste", **more: Any) -> dict[str, Any]:
        """Send a message as the contact and wait for the gateway's answer."""
        order = {"sender": CONTACT, "profile_name": "Meera", "text": text, "wait": True, **more}
        answer = self.control.post("/control/inbound", json=order)
        assert answer.status_code == 202, answer.text
        sent: dict[str, Any] = answer.json()
        return sent

    def outbound(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control.get("/control/outbound").json()["messages"]
        return found

    def behave(self, **changes: Any) -> None:
        self.control.patch("/control/behaviour", json=changes).raise_for_status()

    def fault(self, kind: str, **more: Any) -> None:
        self.control.post("/control/faults", json={"kind": kind, **more}).raise_for_status()

    def stop(self) -> None:
        self.control.close()
        self.api.close()
        self.served.stop()


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def settings_for(gateway: Gateway, **more: Any) -> SimulatorSettings:
    quick = {"sent_after_ms": 5, "delivered_after_ms": 5, "read_after_ms": 5, "webhook_retry_seconds": 0.05}
    port = more.get("port", free_port())
    values = {
        "port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "account_sid": SID,
        "auth_token": TOKEN,
        "control_token": CONTROL,
        "gateway_url": gateway.url,
        "gateway_public_url": PUBLIC,
        "in_memory": True,
        "locale_dir": ROOT / "locale",
        **quick,
        **more,
    }
    return SimulatorSettings(**values)


def run_simulator(settings: SimulatorSettings) -> Running:
    served = Served(create_app(settings), settings.port)
    control = httpx.Client(base_url=served.url, headers={"X-Control-Token": CONTROL}, trust_env=False, timeout=20)
    api = httpx.Client(base_url=served.url, auth=(SID, TOKEN), trust_env=False, timeout=20)
    return Running(served, control, api)


@pytest.fixture(scope="session")
def served_simulator(served_gateway: ServedGateway) -> Iterator[Running]:
    settings = settings_for(served_gateway.renew())
    running = run_simulator(settings)
    yield running
    running.stop()


@pytest.fixture
def simulator(served_simulator: Running, served_gateway: ServedGateway, gateway: Gateway) -> Running:
    """The simulator as new: nothing under way, nothing kept, reporting to this test's gateway."""
    served_simulator.control.post("/control/reset", params={"contents": True}).raise_for_status()
    gateway.hooks.clear()
    return served_simulator
