"""A grievance's notice days after the contact's last message: real ledger, real sender, the simulator's own process."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from channels.gateway.delivery import Delivery
from channels.gateway.entrance import make_entrance
from channels.gateway.settings import GatewaySettings
from channels.whatsapp.definitions import definitions
from channels.whatsapp.manifest import MANIFEST
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.registration import Outcome, register
from channels.whatsapp.twilio.sender import TwilioSender
from channels.whatsapp.twilio.webhook import make_routes
from core.conversations import service as conversations
from core.db import Base, Database
from core.events import WINDOW_CLOSED, DeliveryState
from core.i18n import sentence
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from grievances import reference
from grievances.messages import turn_id
from grievances.schemas import SYSTEM, GrievanceView
from grievances.status import Move
from tests.channels.gateway.conftest import World
from tests.grievances.conftest import REASONS, Ledger
from tests.simulators.conftest import ADDRESS, CONTACT, CONTROL, PUBLIC, ROOT, SID, TOKEN, Served, free_port

NUMBER = "+910000000001"
ENGLISH = {"sender": CONTACT, "profile_name": "Meera", "wait": True}


@pytest.fixture(scope="module")
def gateway_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def simulator(gateway_port: int) -> Iterator[httpx.Client]:
    """The control interface of a simulated provider in a process of its own."""
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")},
        "SIMULATOR_ACCOUNT_SID": SID,
        "SIMULATOR_AUTH_TOKEN": TOKEN,
        "SIMULATOR_CONTROL_TOKEN": CONTROL,
        "SIMULATOR_PORT": str(port),
        "SIMULATOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SIMULATOR_GATEWAY_URL": f"http://127.0.0.1:{gateway_port}",
        "SIMULATOR_GATEWAY_PUBLIC_URL": PUBLIC,
        "SIMULATOR_IN_MEMORY": "true",
        "SIMULATOR_SENT_AFTER_MS": "5",
        "SIMULATOR_DELIVERED_AFTER_MS": "5",
        "SIMULATOR_READ_AFTER_MS": "5",
    }
    process = subprocess.Popen([sys.executable, "-m", "simulators"], cwd=ROOT, env=env)
    headers = {"X-Control-Token": CONTROL}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=20) as control:
        try:
            _until_it_answers(control)
            yield control
        finally:
            process.terminate()
            process.wait(10)


def _until_it_answers(control: httpx.Client) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if control.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the simulator did not start")


class Scene:
    """A gateway with a real sender and ledger, and a contact's telephone at the provider."""

    def __init__(self, world: World, provider: httpx.Client, settings: WhatsAppSettings) -> None:
        self.world, self.provider, self.settings = world, provider, settings
        self.ledger = Ledger(world.db, world.clock, world.store)
        self.sender = TwilioSender(settings)
        world.delivery = Delivery(
            world.db, world.clock, {"whatsapp": self.sender}, world.settings, {"whatsapp": MANIFEST}
        )
        self.accepted: list[tuple[str, str]] = []

    async def write(self, text: str) -> str:
        """The contact writes and is answered; the lane."""
        before = len(self.accepted)
        order = {**ENGLISH, "text": text}
        answer = await asyncio.to_thread(self.provider.post, "/control/inbound", json=order)
        assert answer.json()["webhook"]["status_code"] == 200
        ((lane, turn),) = self.accepted[before:]
        await self.world.runner.answer(lane, turn)
        await self.world.delivery.deliver(lane)
        return lane

    async def days_pass(self, days: int) -> None:
        """On both sides: here, and at the provider."""
        self.world.pass_time(days=days)
        self.at_the_provider(hours_ago=24 * days)

    def at_the_provider(self, **window: Any) -> None:
        self.provider.put("/control/window", json={"contact": CONTACT, **window}).raise_for_status()

    async def register(self, **habits: Any) -> list[Outcome]:
        self.provider.patch("/control/behaviour", json=habits).raise_for_status()
        outcomes: list[Outcome] = []
        assert await register(self.settings, outcomes.append)
        return outcomes

    async def grievance(self, language: str = "en") -> GrievanceView:
        """One of the contact, who has written in this language."""
        await self.write("hello")
        talk = await self.ledger.contact(101)
        async with self.world.db.transaction() as session:
            await conversations.set_language(session, talk.contact_id, language, fixed=True)
        return await self.ledger.filed(101, language=language)

    async def deliver(self) -> None:
        """What the sweep does: every lane that has something due."""
        for _ in range(2):
            async with self.world.db.reading() as session:
                lanes = await outbox.waiting_lanes(session, self.world.clock.now(), timedelta(seconds=60))
            for lane in lanes:
                await self.world.delivery.deliver(lane)

    def received(self) -> list[dict[str, Any]]:
        """What came to the telephone as the try-it page shows it, the contact's own messages left out."""
        shown = self.provider.get("/try/messages", params={"contact": CONTACT[-3:]}).json()["messages"]
        return [message for message in shown if not message["mine"]]

    async def comes(self, *parts: str, after: int = 0) -> dict[str, Any]:
        """Wait for a message with these parts on the telephone."""
        for _ in range(200):
            for message in self.received()[after:]:
                if all(part in message["text"] for part in parts):
                    return message
            await asyncio.sleep(0.05)
        raise AssertionError(f"not received; there is {[message['text'] for message in self.received()]}")

    def outbound(self) -> list[dict[str, Any]]:
        found = self.provider.get("/control/outbound", params={"contact": ADDRESS}).json()["messages"]
        return [dict(message) for message in found]


@pytest.fixture
async def scene(tmp_path: Path, simulator: httpx.Client, gateway_port: int) -> AsyncIterator[Scene]:
    install(Keyring({1: bytes(range(32))}, bytes(32)))
    settings = GatewaySettings(bot_token=SecretStr("token"), send_rate=1000, send_burst=1000)
    world = World(tmp_path, settings)
    # Twilio's client looks for messages by the real date, so that the story ends now.
    world.clock.at = datetime.now(UTC) - timedelta(days=10)
    async with world.db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    simulator.post("/control/reset", params={"contents": True}).raise_for_status()
    whatsapp = WhatsAppSettings(
        account_sid=SID, auth_token=SecretStr(TOKEN), sender=NUMBER, public_url=PUBLIC,
        api_url=str(simulator.base_url), content_url=str(simulator.base_url), template_refresh=0,
    )  # fmt: skip
    made = Scene(world, simulator, whatsapp)

    async def start(lane: str, turn: str) -> None:
        made.accepted.append((lane, turn))

    at_the_door = Database(str(world.db.engine.url))
    entrance = make_entrance(at_the_door, world.clock, start, 40)
    app = FastAPI()
    app.include_router(make_routes(whatsapp, entrance.accept, entrance.record_receipt))
    served = Served(app, gateway_port)
    yield made
    simulator.post("/control/reset", params={"contents": True}).raise_for_status()
    served.stop()
    await made.sender.close()
    await at_the_door.close()
    await world.db.close()


async def states(scene: Scene) -> list[tuple[str, str | None]]:
    """States and errors of every message to the contact."""
    talk = await scene.ledger.contact(101)
    async with scene.world.db.reading() as session:
        rows = (await outbox.delivery_states(session, [talk.id])).get(talk.id, {})
    return [(state.value, code) for _, (state, code) in sorted(rows.items())]


@pytest.mark.parametrize("language", ["en", "hi", "hi-Latn"])
async def test_a_closing_three_days_later_comes_as_template(scene: Scene, language: str) -> None:
    await scene.register()
    grievance = await scene.grievance(language)
    await scene.days_pass(3)
    await scene.ledger.closed(grievance.id)
    await scene.deliver()
    shown = await scene.comes(reference.shown(grievance.reference), REASONS)
    assert sentence("grievances", "grievances.outcome_redressed", language) in shown["text"]
    sent = scene.outbound()[-1]
    async with scene.world.db.reading() as session:
        (row,) = await outbox.of_turn(session, turn_id(grievance.id, 2))
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert await scene.sender.find(CONTACT, row.content, since) == [sent["sid"]], "an uncertain one would be found"
    wanted = ("grievances.closed_may_appeal", language)
    (definition,) = [one for one in definitions() if (one.notice, one.language) == wanted]
    templates = {one["name"]: one for one in scene.provider.get("/control/templates").json()["templates"]}
    assert sent["content_sid"] == templates[definition.name]["sid"]
    assert sent["error_code"] is None
    assert sent["status"] in {"sent", "delivered", "read"}


async def test_feedback_is_asked_with_buttons_and_the_press_is_understood(scene: Scene) -> None:
    await scene.register()
    grievance = await scene.grievance()
    await scene.ledger.closed(grievance.id)
    await scene.deliver()
    await scene.days_pass(3)
    await scene.ledger.act(grievance.id, Move.ASK_FEEDBACK, SYSTEM)
    await scene.deliver()
    shown = await scene.comes("How was it dealt with?")
    assert [button["title"] for button in shown["card"]["buttons"]] == ["Good", "Fair", "Poor"]
    press = {"kind": "button", "button": {"payload": "3", "text": "Poor"}, "replied_sid": shown["sid"]}
    before = len(scene.accepted)
    await asyncio.to_thread(scene.provider.post, "/control/inbound", json={**ENGLISH, **press})
    ((lane, turn),) = scene.accepted[before:]
    await scene.world.runner.answer(lane, turn)
    assert f'"grievance":"{grievance.id}","rating":"1"' in str(scene.world.rasa.asked[-1])


async def test_while_nothing_but_the_general_one_is_approved_the_text_comes_with_the_answer(scene: Scene) -> None:
    await scene.register(approval="pending")
    for one in definitions():
        if one.notice == "templates.write_back":
            scene.provider.put("/control/templates", json={"name": one.name, "status": "approved"}).raise_for_status()
    grievance = await scene.grievance()
    await scene.days_pass(3)
    await scene.ledger.closed(grievance.id)
    await scene.deliver()
    await scene.comes("There is news about your grievance", reference.shown(grievance.reference))
    assert not [message for message in scene.received() if REASONS in message["text"]]
    await scene.write("yes, tell me")
    await scene.deliver()
    assert (await scene.comes(REASONS))["text"].count(REASONS) == 1


async def test_without_any_approved_template_nothing_is_sent_and_officers_see_it(scene: Scene) -> None:
    await scene.register(approval="rejected")
    grievance = await scene.grievance()
    before = len(scene.outbound())
    await scene.days_pass(3)
    await scene.ledger.closed(grievance.id)
    await scene.deliver()
    assert len(scene.outbound()) == before
    async with scene.world.db.reading() as session:
        (failed,) = await outbox.needing_attention(session, rooms=None)
    assert (failed.state, failed.error_code) == (DeliveryState.FAILED, WINDOW_CLOSED)
    assert REASONS in failed.content.text


async def test_refused_by_the_provider_although_our_window_was_open(scene: Scene) -> None:
    await scene.register()
    grievance = await scene.grievance()
    scene.at_the_provider(open=False)
    await scene.ledger.closed(grievance.id)
    await scene.deliver()
    for _ in range(200):
        if (DeliveryState.FAILED.value, WINDOW_CLOSED) in await states(scene):
            break
        await asyncio.sleep(0.05)
    await scene.deliver()
    await scene.comes(reference.shown(grievance.reference), REASONS)
    assert [message["error_code"] for message in scene.outbound()][-2:] == [63016, None]


async def test_registering_again_changes_nothing(scene: Scene) -> None:
    first = await scene.register()
    assert {outcome.status for outcome in first} == {"received"}
    assert len(first) == len(definitions())
    templates = scene.provider.get("/control/templates").json()
    again = await scene.register()
    assert {outcome.status for outcome in again} == {"approved"}
    assert scene.provider.get("/control/templates").json() == templates


def old_wording(scene: Scene) -> str:
    """An earlier wording of a template, approved at the provider; its name."""
    name = definitions()[0].stem + "00000000"
    document = {"friendly_name": name, "language": "en", "types": {"twilio/text": {"body": "Old words."}}}
    made = scene.provider.post("/v1/Content", json=document, auth=(SID, TOKEN))
    assert made.status_code == 201
    return name


async def test_an_earlier_wording_goes_when_the_new_one_is_approved(scene: Scene) -> None:
    name = old_wording(scene)
    await scene.register(approval="pending")
    names = [one["name"] for one in scene.provider.get("/control/templates").json()["templates"]]
    assert name in names
    new = definitions()[0].name
    scene.provider.put("/control/templates", json={"name": new, "status": "approved"}).raise_for_status()
    outcomes = await scene.register()
    assert outcomes[0].said == "1 earlier removed"
    names = [one["name"] for one in scene.provider.get("/control/templates").json()["templates"]]
    assert name not in names
    assert new in names


async def test_what_fails_is_said_and_done_the_next_time(scene: Scene) -> None:
    fault = {"kind": "500", "count": 3, "target": "any"}
    outcomes: list[Outcome] = []
    # The list is asked first: let it pass.
    original, calls = scene.provider.post, 0

    def tell(outcome: Outcome) -> None:
        nonlocal calls
        outcomes.append(outcome)
        if calls == 0:
            original("/control/faults", json=fault).raise_for_status()
        calls += 1

    assert not await register(scene.settings, tell)
    assert [outcome.status for outcome in outcomes].count("failed") >= 1
    assert await register(scene.settings, outcomes.append)


async def test_waits_while_the_provider_does_not_say_what_is_approved(scene: Scene) -> None:
    await scene.register()
    grievance = await scene.grievance()
    await scene.days_pass(3)
    await scene.ledger.closed(grievance.id)
    scene.provider.post("/control/faults", json={"kind": "503", "count": 1, "target": "any"}).raise_for_status()
    await scene.deliver()
    assert not [message for message in scene.received() if REASONS in message["text"]]
    scene.world.pass_time(minutes=2)
    await scene.deliver()
    await scene.comes(REASONS)
