"""A rehearsal: messages are sent, gateways are killed, and every message is accounted for."""

import asyncio
import random
import time
from typing import Any

import httpx

from core.crash import POINTS
from core.settings import CoreSettings
from tools.rehearsal.accounts import Account, take_account, token
from tools.rehearsal.processes import (
    WEBHOOKS,
    Process,
    Surroundings,
    echo_bot,
    free_port,
    gateway,
    gateway_variables,
    migrate,
    simulator,
    webhooks,
)

AT_THE_DOOR = frozenset({"after_accept", "before_receipt"})


class Rehearsal:
    """Sends, kills, waits, and takes account.

    Args:
        surroundings: Ports, secrets and databases.
        messages: How many messages are sent.
        contacts: How many contacts send them.
        rate: Messages a second.
        kills: Kills at random moments; one at each named crash point comes on top.
        gateways: Copies of the gateway.
        webhooks_apart: Whether a process of their own takes the webhooks; else the first gateway takes them.
        seed: Of the random moments.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        messages: int,
        contacts: int,
        rate: float,
        kills: int,
        gateways: int = 1,
        webhooks_apart: bool = True,
        seed: int = 1,
    ) -> None:
        self._s, self._messages, self._contacts, self._rate = surroundings, messages, contacts, rate
        self._random = random.Random(seed)  # noqa: S311 - the same moments in every run
        self._kills, self._points = kills, list(POINTS)
        self._killed = 0
        self._armed: set[str] = set()
        ports = [free_port() if webhooks_apart or i else surroundings.gateway_port for i in range(gateways)]
        self._gateways = [
            (gateway(surroundings, f"gateway-{i}", port), f"gateway-{i}", port) for i, port in enumerate(ports, 1)
        ]
        if webhooks_apart:
            self._gateways.append((webhooks(surroundings), WEBHOOKS, surroundings.gateway_port))
        self._sending = True

    async def run(self) -> Account:
        """Run it all and take account."""
        self._s.data_dir.mkdir(parents=True, exist_ok=True)
        migrate(self._s)
        others = [simulator(self._s)] + ([] if self._s.bot_url else [echo_bot(self._s)])
        try:
            for process in others:
                process.start()
            await asyncio.gather(*(process.ready() for process in others))
            for process, name, port in self._gateways:
                process.start(gateway_variables(name, port, self._next_point(name)))
                await process.ready()
            async with httpx.AsyncClient(
                base_url=self._s.simulator_url, headers={"X-Control-Token": self._s.control_token}, timeout=30
            ) as provider:
                watchers = [asyncio.create_task(self._keep_alive(*g)) for g in self._gateways]
                killer = asyncio.create_task(self._kill_at_random())
                await self._send_all(provider)
                self._sending = False
                await killer
                account = await self._wait_until_settled(provider)
                for watcher in watchers:
                    watcher.cancel()
            return account
        finally:
            for process, _, _ in self._gateways:
                process.stop()
            for process in others:
                process.stop()

    @property
    def killed(self) -> int:
        """How many times a gateway died."""
        return self._killed

    def _next_point(self, name: str) -> str:
        passed = [point for point in self._points if self._passes(name, point)]
        if passed and self._sending:
            self._armed.add(name)
            self._points.remove(passed[-1])
            return f"{passed[-1]}:3"
        self._armed.discard(name)
        return ""

    def _passes(self, name: str, point: str) -> bool:
        """Whether the process ever comes to the point: whoever takes the webhooks passes those at the door."""
        apart = any(other == WEBHOOKS for _, other, _ in self._gateways)
        return not apart or (name == WEBHOOKS) == (point in AT_THE_DOOR)

    async def _keep_alive(self, process: Process, name: str, port: int) -> None:
        while True:
            if not process.alive:
                self._killed += 1
                process.start(gateway_variables(name, port, self._next_point(name)))
            await asyncio.sleep(0.05)

    async def _kill_at_random(self) -> None:
        span = self._messages / self._rate
        moments = sorted(self._random.uniform(0.05, 0.95) * span for _ in range(self._kills))
        began = time.monotonic()
        for moment in moments:
            await asyncio.sleep(max(moment - (time.monotonic() - began), 0))
            # A gateway that waits for its named point is left to reach it.
            while not (unarmed := [process for process, name, _ in self._gateways if name not in self._armed]):
                await asyncio.sleep(0.1)
            self._random.choice(unarmed).kill()

    async def _send_all(self, provider: httpx.AsyncClient) -> None:
        began = time.monotonic()
        numbers = [0] * self._contacts
        for i in range(self._messages):
            contact = self._random.randrange(self._contacts)
            numbers[contact] += 1
            order = {
                "sender": f"+91000001{contact:04d}",
                "kind": "text",
                "text": f"message {token(contact, numbers[contact])}",
            }
            (await provider.post("/control/inbound", json=order)).raise_for_status()
            await asyncio.sleep(max(began + (i + 1) / self._rate - time.monotonic(), 0))

    async def _wait_until_settled(self, provider: httpx.AsyncClient, patience: float = 150.0) -> Account:
        deadline = time.monotonic() + patience
        while True:
            await asyncio.sleep(3)
            account = await self._account(provider)
            done = account.accepted == self._messages and account.settled
            if done or time.monotonic() > deadline:
                return account

    async def _account(self, provider: httpx.AsyncClient) -> Account:
        listed: list[dict[str, Any]] = (await provider.get("/control/outbound")).json()["messages"]
        bodies = [str(message["body"]) for message in sorted(listed, key=lambda m: m["sequence"])]
        variables = {
            k.removeprefix("SAHAYAK_").lower(): v for k, v in self._s.environment().items() if k.startswith("SAHAYAK_")
        }
        return await take_account(CoreSettings.model_validate(variables), bodies)
