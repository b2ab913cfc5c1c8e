"""The webhook's own answer at 20 a second, while the complete pipeline works on what was accepted."""

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from twilio.request_validator import RequestValidator

from simulators.inbound import ContactMessage, webhook_parameters
from simulators.records import Message, new_sid
from tools.bench.bare_webhook import PATH, TOKEN_VARIABLE
from tools.bench.figures import Timing, ratio
from tools.bench.plans import Arrival, arrivals, number_of, texts_of_mix
from tools.bench.tables import number, progress, show, table, times
from tools.installation import NUMBER, free_ports, leash
from tools.launcher.supervisor import answers
from tools.prepare import fill_cache
from tools.stack import Stack
from tools.steps import ROOT

RATE = 20.0
CONTACTS = 200
SERIES = 7  # other numbers than the whole turns' contacts
START_WITHIN = 30.0
WARM_UP = 20


@dataclass(frozen=True)
class Signed:
    """A webhook ready to be posted."""

    at: float
    parameters: dict[str, str]
    signature: str


def signed(planned: Sequence[Arrival], account_sid: str, token: str, url: str) -> list[Signed]:
    """Write and sign the webhooks beforehand, so that only the answer is timed."""
    validator = RequestValidator(token)
    ready = []
    for arrival in planned:
        sent = ContactMessage(sender=number_of(arrival.contact, SERIES), profile_name="Asha Example", text=arrival.text)
        now = time.time()
        message = Message(
            new_sid("SM"), "inbound", sent.address, f"whatsapp:{NUMBER}", arrival.text, "received", now, now, now
        )
        parameters = webhook_parameters(account_sid, message, sent, {})
        ready.append(Signed(arrival.at, parameters, validator.compute_signature(url, parameters)))
    return ready


def evenly(planned: Sequence[Arrival], rate: float) -> list[Arrival]:
    """Put arrivals at equal distances."""
    return [Arrival(place / rate, one.contact, one.kind, one.text) for place, one in enumerate(planned)]


async def post_all(url: str, webhooks: Sequence[Signed]) -> tuple[list[float], Counter[int]]:
    """Post every webhook at its time, whether earlier ones were answered or not; give times and status codes."""
    spent: list[float] = []
    statuses: Counter[int] = Counter()
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        start = time.monotonic() + 0.2

        async def one(webhook: Signed) -> None:
            await asyncio.sleep(max(0.0, start + webhook.at - time.monotonic()))
            headers = {"X-Twilio-Signature": webhook.signature}
            began = time.perf_counter()
            answer = await client.post(url, data=webhook.parameters, headers=headers)
            spent.append(1000 * (time.perf_counter() - began))
            statuses[answer.status_code] += 1

        await asyncio.gather(*map(one, webhooks))
    return spent, statuses


@contextmanager
def bare(token: str) -> Iterator[str]:
    """Run the bare webhook; give its address."""
    port = free_ports()["gateway"]
    base = f"http://127.0.0.1:{port}"
    command = [*leash(), sys.executable, "-m", "tools.bench.bare_webhook", "--port", str(port), "--public-url", base]
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, TOKEN_VARIABLE: token}, start_new_session=True)
    try:
        deadline = time.monotonic() + START_WITHIN
        while not answers(base + "/health"):
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the bare webhook did not start")
            time.sleep(0.05)
        yield base
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        child.wait(10)


async def open_windows(stack: Stack) -> None:
    """Tell the provider that our contacts wrote lately: answers outside the window would fail."""
    headers = {"X-Control-Token": stack.secrets["SIMULATOR_CONTROL_TOKEN"]}
    base = stack.url("simulators")
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30, trust_env=False) as client:
        for contact in range(CONTACTS):
            await client.put("/control/window", json={"contact": number_of(contact, SERIES), "open": True})


async def measured(base: str, sid: str, token: str, seconds: float) -> dict[str, Any]:
    """Warm up, then post at the rate for so long."""
    planned = arrivals(texts_of_mix(), RATE, WARM_UP + int(RATE * seconds), CONTACTS)
    webhooks = signed(planned, sid, token, base + PATH)
    warm, timed = webhooks[:WARM_UP], evenly(planned[WARM_UP:], RATE)
    await post_all(base + PATH, warm)
    again = [Signed(a.at, w.parameters, w.signature) for a, w in zip(timed, webhooks[WARM_UP:], strict=True)]
    spent, statuses = await post_all(base + PATH, again)
    return {**asdict(Timing.of(spent)), "statuses": {str(code): count for code, count in statuses.items()}}


def run(*, seconds: float) -> dict[str, Any]:
    """Measure the bare route beside an idle stack, then the gateway with everything working; print, return."""
    figures: dict[str, Any] = {"rate": RATE, "seconds": seconds, "contacts": CONTACTS}
    fill_cache()
    progress("starting the whole stack")
    with Stack(overrides={"SIMULATOR_API_LATENCY_MS": "30"}) as stack:
        sid, token = stack.secrets["WHATSAPP_ACCOUNT_SID"], stack.secrets["WHATSAPP_AUTH_TOKEN"]
        asyncio.run(open_windows(stack))
        with bare(token) as base:
            progress(f"the bare route: {RATE:g} a second for {seconds:g} s")
            figures["bare"] = asyncio.run(measured(base, sid, token, seconds))
        progress(f"the gateway: {RATE:g} a second for {seconds:g} s")
        figures["gateway"] = asyncio.run(measured(stack.url("webhooks"), sid, token, seconds))
    show(*tables(figures))
    return figures


def tables(figures: dict[str, Any]) -> list[str]:
    """Lay the figures out."""
    gateway, least = figures["gateway"], figures["bare"]
    rows = [
        [point, number(gateway[point]), number(least[point]), times(ratio(gateway[point], least[point]))]
        for point in ("p50", "p95", "p99", "longest")
    ]
    rows.append(["webhooks", gateway["count"], least["count"], ""])
    codes = itertools.chain(gateway["statuses"].items(), least["statuses"].items())
    note = (
        f"Milliseconds, {figures['rate']:g} signed webhooks a second for {figures['seconds']:g} s from "
        f"{figures['contacts']} contacts. The gateway's run with the complete pipeline answering; the bare route "
        "verifies the signature and keeps nothing, beside an idle pipeline. "
        f"Status codes: {', '.join(f'{code} x {count}' for code, count in codes)}."
    )
    return [table("The webhook's own answer", ["", "gateway", "bare route", "times as long"], rows, note)]
