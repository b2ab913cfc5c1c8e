"""The webhooks' own process: what is genuine is stored whether or not a turn can be started; the rest is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from channels.base import Accept, Channel, RecordReceipt, Sender
from channels.gateway.settings import GatewaySettings
from channels.gateway.webhooks import make_webhooks_app
from channels.whatsapp.manifest import MANIFEST
from channels.whatsapp.twilio.webhook import make_routes
from core.db import Base
from core.settings import CoreSettings, Profile
from tests.channels.whatsapp.signing import FORM, encoded, fixture, settings, signature

PATH = "/webhooks/whatsapp/inbound"
HINDI = list(next(case["parameters"] for case in fixture("inbound") if case["name"] == "text_hindi").items())


def whatsapp() -> Channel:
    def no_sender() -> Sender:
        raise AssertionError("webhooks send nothing")

    def routes(accept: Accept, record_receipt: RecordReceipt) -> APIRouter:
        return make_routes(settings(), accept, record_receipt)

    return Channel(MANIFEST, no_sender, routes)


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'sahayak.db'}"
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.fixture
async def client(database: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    core = CoreSettings(
        profile=Profile.TEST,
        data_dir=tmp_path,
        encryption_keys=SecretStr("1:" + "0" * 64),
        index_key=SecretStr("0" * 64),
    )
    app = make_webhooks_app(core, GatewaySettings(bot_token=SecretStr("t")), {"whatsapp": whatsapp()})
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://any") as http:
        yield http


def stored(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = int(connection.execute(text("SELECT count(*) FROM message")).scalar_one())
    engine.dispose()
    return found


async def test_a_message_is_stored_although_the_durable_engine_is_not_there(
    client: httpx.AsyncClient, database: str
) -> None:
    for _ in range(2):
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature(PATH, HINDI)}
        assert (await client.post(PATH, content=encoded(HINDI), headers=headers)).status_code == 200
    assert stored(database) == 1


async def test_a_forged_message_is_refused(client: httpx.AsyncClient, database: str) -> None:
    headers = {"Content-Type": FORM, "X-Twilio-Signature": "forged"}
    assert (await client.post(PATH, content=encoded(HINDI), headers=headers)).status_code == 403
    assert stored(database) == 0


async def test_there_is_no_desk_and_no_door_but_the_webhooks(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.get("/metrics")).status_code == 200
    assert (await client.get("/desk")).status_code == 404
