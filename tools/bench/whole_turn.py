"""Whole turns on the real stack: from the provider's webhook to the first send request at the provider."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from tools.bench import machine
from tools.bench.figures import Timing, ratio
from tools.bench.plans import WAYS, Arrival, arrivals, number_of, texts_of_mix, way_of
from tools.bench.tables import number, progress, show, table, times
from tools.prepare import fill_cache
from tools.stack import Stack

JOIN_WAIT = 0.3
API_LATENCY_MS = 30
CONTACTS = 120
HELLO = {"en": "hello", "hi": "नमस्ते", "hi-Latn": "namaste ji"}
HELLOS_A_SECOND = 4.0
DRAIN_SECONDS = 30.0


@dataclass(frozen=True)
class Received:
    """A contact's message: when the provider told the gateway of it."""

    sid: str
    contact: str
    at: float


@dataclass(frozen=True)
class Sent:
    """An answer: when the provider got the request to send it."""

    contact: str
    at: float


def first_sends(received: Sequence[Received], sent: Sequence[Sent]) -> dict[str, float | None]:
    """Return for every message the milliseconds to the first send to its contact before the contact's next message."""
    by_contact: dict[str, list[float]] = defaultdict(list)
    for one in sent:
        by_contact[one.contact].append(one.at)
    for moments in by_contact.values():
        moments.sort()
    nexts: dict[str, float] = {}
    found: dict[str, float | None] = {}
    for message in sorted(received, key=lambda one: one.at, reverse=True):
        until = nexts.get(message.contact, float("inf"))
        nexts[message.contact] = message.at
        first = next((at for at in by_contact[message.contact] if message.at <= at < until), None)
        found[message.sid] = None if first is None else 1000 * (first - message.at)
    return found


class Provider:
    """The simulated provider, as the driver of contacts."""

    def __init__(self, stack: Stack) -> None:
        headers = {"X-Control-Token": stack.secrets["SIMULATOR_CONTROL_TOKEN"]}
        self._client = httpx.AsyncClient(base_url=stack.url("simulators"), headers=headers, timeout=60, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def say(self, contact: int, text: str) -> str:
        """Write as a contact; return the message's id."""
        order = {"sender": number_of(contact), "profile_name": "Asha Example", "kind": "text", "text": text}
        answer = await self._client.post("/control/inbound", json=order)
        answer.raise_for_status()
        return str(answer.json()["sid"])

    async def received(self, sids: set[str]) -> list[Received]:
        """When the gateway was first told of these messages."""
        messages = (await self._client.get("/control/inbound")).json()["messages"]
        contacts = {one["sid"]: one["from"] for one in messages}
        attempts = (await self._client.get("/control/webhooks", params={"kind": "inbound"})).json()["webhooks"]
        first = [one for one in attempts if one["attempt"] == 1 and one["message_sid"] in sids]
        return [Received(one["message_sid"], contacts[one["message_sid"]], one["sent_at"]) for one in first]

    async def sent(self) -> list[Sent]:
        """When the requests to send arrived: the provider accepts them after the latency it was given."""
        messages = (await self._client.get("/control/outbound")).json()["messages"]
        return [Sent(one["to"], one["accepted_at"] - API_LATENCY_MS / 1000) for one in messages]


async def play(provider: Provider, planned: Sequence[Arrival]) -> dict[str, Arrival]:
    """Say everything at its time, whatever became of what was said before; return the plan by message id."""
    said: dict[str, Arrival] = {}
    began = time.monotonic()

    async def one(arrival: Arrival) -> None:
        await asyncio.sleep(max(0.0, began + arrival.at - time.monotonic()))
        said[await provider.say(arrival.contact, arrival.text)] = arrival

    await asyncio.gather(*(one(arrival) for arrival in planned))
    return said


async def answered(provider: Provider, sids: set[str], within: float = DRAIN_SECONDS) -> dict[str, float | None]:
    """Wait until every message has its answer, or no longer; return the milliseconds of each."""
    deadline = time.monotonic() + within
    while True:
        found = first_sends(await provider.received(sids), await provider.sent())
        if time.monotonic() > deadline or (len(found) == len(sids) and None not in found.values()):
            return found
        await asyncio.sleep(0.5)


async def measure(stack: Stack, join_wait: float, counts: dict[float, int]) -> dict[str, Any]:
    """Let every contact say hello, then measure at each rate."""
    provider = Provider(stack)
    texts = texts_of_mix()
    figures: dict[str, Any] = {}
    try:
        progress(f"joining wait {join_wait:g} s: {CONTACTS} contacts say hello")
        hellos = [Arrival(c / HELLOS_A_SECOND, c, "greet", HELLO[way_of(c)]) for c in range(CONTACTS)]
        await answered(provider, set(await play(provider, hellos)))
        for rate, messages in counts.items():
            progress(f"joining wait {join_wait:g} s: {messages} messages at {rate:g} a second")
            load_before = machine.load()
            said = await play(provider, arrivals(texts, rate, messages, CONTACTS))
            found = await answered(provider, set(said))
            figures[f"{rate:g}"] = summary(said, found, join_wait) | {"load_before": load_before}
    finally:
        await provider.close()
    return figures


def summary(said: dict[str, Arrival], found: dict[str, float | None], join_wait: float) -> dict[str, Any]:
    """Sum up a rate: whole, without the joining wait, by way of writing, by kind."""
    spent = {sid: ms for sid, ms in found.items() if ms is not None}
    whole = Timing.of(list(spent.values()))
    kinds = Counter(arrival.kind for arrival in said.values())
    return {
        "whole": asdict(whole),
        "without the wait": asdict(whole.less(1000 * join_wait)),
        "ways": {
            way: asdict(Timing.of([ms for sid, ms in spent.items() if way_of(said[sid].contact) == way]))
            for way in WAYS
        },
        "kinds": dict(kinds),
        "unanswered": len(said) - len(spent),
    }


def run(*, counts: dict[float, int]) -> dict[str, Any]:
    """Measure with the joining wait and without, print, return the figures."""
    fill_cache()
    figures: dict[str, Any] = {"join_wait": JOIN_WAIT, "api_latency_ms": API_LATENCY_MS, "contacts": CONTACTS}
    for name, wait in (("with wait", JOIN_WAIT), ("no wait", 0.0)):
        progress(f"starting the whole stack with a joining wait of {wait:g} s")
        overrides = {"GATEWAY_JOIN_WAIT": str(wait), "SIMULATOR_API_LATENCY_MS": str(API_LATENCY_MS)}
        with Stack(overrides=overrides) as stack:
            figures[name] = asyncio.run(measure(stack, wait, counts))
    show(*tables(figures))
    return figures


def tables(figures: dict[str, Any]) -> list[str]:
    """Lay the figures out."""
    rows, by_way = [], []
    for rate, waited in figures["with wait"].items():
        straight = figures["no wait"][rate]
        whole, less, other = waited["whole"], waited["without the wait"], straight["whole"]
        rows.append(
            [f"{rate} a second", waited["whole"]["count"]]
            + [number(value, 0) for value in (whole["p50"], whole["p95"], less["p50"], less["p95"])]
            + [number(value, 0) for value in (other["p50"], other["p95"])]
            + [times(ratio(whole["p95"], other["p95"])), f"{waited['unanswered']} / {straight['unanswered']}"]
        )
        by_way.append([f"{rate} a second", *(number(waited["ways"][way]["p95"], 0) for way in WAYS)])
    wait = f"{1000 * figures['join_wait']:.0f}"
    head = ["", "messages", "p50", "p95", f"p50 - {wait}", f"p95 - {wait}"]
    head += ["no wait p50", "no wait p95", "p95 ratio", "unanswered"]
    note = (
        f"Milliseconds from the webhook to the first send request; the provider takes {figures['api_latency_ms']} ms "
        f"to answer. '- {wait}': without the joining wait. 'no wait': the same messages with GATEWAY_JOIN_WAIT=0."
    )
    return [
        table("Whole turn, webhook to send", head, rows, note),
        table("Whole turn by way of writing, p95 with the joining wait", ["", *WAYS], by_way),
    ]
