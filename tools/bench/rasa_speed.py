"""The same messages through a Rasa server with our pipeline and one with the stock pipeline, one after the other."""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tools import credentials
from tools.bench import machine
from tools.bench.figures import Timing, middle, ratio
from tools.bench.models import FOLDER, OURS, PIPELINES, STOCK, Trained, trained
from tools.bench.plans import Conversation, Deck, conversations, evaluation_examples
from tools.bench.tables import number, progress, show, table, times
from tools.installation import Installation, free_ports, leash
from tools.launcher.supervisor import answers
from tools.steps import ROOT

AT_ONCE = (1, 4, 16)
START_WITHIN = 180.0
WARM_UP = 40


@dataclass
class Measured:
    """What one server did in one round."""

    pipeline: str
    round: int
    load_before: float
    start_seconds: float
    first_ms: float
    memory_mb: float
    memory_after_mb: float = 0.0
    milliseconds: dict[int, list[float]] = field(default_factory=dict)
    wall: dict[int, float] = field(default_factory=dict)
    processor_seconds: float = 0.0
    as_meant: int = 0
    asked: int = 0

    def rate(self, at_once: int) -> float:
        """Messages answered a second."""
        return ratio(len(self.milliseconds[at_once]), self.wall[at_once])


@contextmanager
def server(model: Trained, folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes], float]]:
    """Run a Rasa server of ours with a model; give its door, its process and the seconds until it answered."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scratch = Installation(folder, free_ports(), credentials.ensure(folder / "secrets.env"), {"BOT_MODEL": model.path})
    process = next(one for one in scratch.processes() if one.name == "rasa")
    with (folder / "rasa.log").open("wb") as log:
        began = time.monotonic()
        child = subprocess.Popen(
            [*leash(), *process.command], cwd=ROOT, env=dict(process.env), stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(process.url + "/", child, began)
            seconds = time.monotonic() - began
            headers = {"Authorization": f"Bearer {scratch.secrets['BOT_TOKEN']}"}
            with httpx.Client(base_url=process.url, headers=headers, timeout=60, trust_env=False) as door:
                yield door, child, seconds
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _wait(url: str, child: subprocess.Popen[bytes], began: float) -> None:
    while not answers(url):
        if child.poll() is not None or time.monotonic() - began > START_WITHIN:
            raise RuntimeError("the Rasa server did not start: see rasa.log in var/bench")
        time.sleep(0.02)


def turn(sender: str, way: str, place: int, text: str) -> dict[str, Any]:
    """Write a turn as the gateway does."""
    return {
        "turn_id": f"{sender}-{place}", "conversation_id": sender, "text": text, "button": None, "channel": "whatsapp",
        "language": way, "language_fixed": False, "late_minutes": 0, "consent": False, "kind": "text", "place": None,
    }  # fmt: skip


async def drive(door: httpx.Client, planned: Sequence[Conversation], at_once: int) -> tuple[list[float], float, int]:
    """Keep a number of conversations going until all are done; give times, wall time, answers as meant."""
    queue = iter(planned)
    spent: list[float] = []
    meant = 0

    async def work(client: httpx.AsyncClient) -> None:
        nonlocal meant
        for conversation in queue:
            for place, (text, key) in enumerate(conversation.messages):
                began = time.perf_counter()
                body = turn(conversation.sender, conversation.way, place, text)
                answer = (await client.post("/webhooks/sahayak/webhook", json=body)).json()
                spent.append(1000 * (time.perf_counter() - began))
                meant += key in [message["key"] for message in answer.get("messages", [])]

    async with httpx.AsyncClient(
        base_url=door.base_url,
        headers=door.headers,
        timeout=60,
        trust_env=False,
        limits=httpx.Limits(max_connections=64),
    ) as client:
        began = time.perf_counter()
        await asyncio.gather(*(work(client) for _ in range(at_once)))
        return spent, time.perf_counter() - began, meant


def measure(model: Trained, number_of_round: int, messages: int) -> Measured:
    """Start a server, warm it up, and ask it at each number at once."""
    deck = Deck(evaluation_examples(), f"round {number_of_round}")
    load_before = machine.load()
    with server(model, FOLDER / f"server-{model.pipeline}") as (door, child, seconds):
        first, _, _ = asyncio.run(drive(door, conversations(deck, 1, f"first-{number_of_round}"), 1))
        asyncio.run(drive(door, conversations(deck, WARM_UP, f"warm-{number_of_round}"), 4))
        memory = machine.resident_mb(child.pid)
        done = Measured(model.pipeline, number_of_round, load_before, seconds, first[0], memory)
        used = machine.processor_seconds(child.pid)
        for at_once in AT_ONCE:
            progress(f"{model.pipeline}, round {number_of_round}: {messages} messages, {at_once} at once")
            planned = conversations(deck, messages, f"{number_of_round}-{at_once}")
            spent, wall, meant = asyncio.run(drive(door, planned, at_once))
            done.milliseconds[at_once], done.wall[at_once] = spent, wall
            done.as_meant += meant
            done.asked += len(spent)
        done.processor_seconds = machine.processor_seconds(child.pid) - used
        done.memory_after_mb = machine.resident_mb(child.pid)
    return done


def run(*, epochs: int, rounds: int, messages: int, again: bool) -> dict[str, Any]:
    """Train what is missing, measure in turn and in swapped order, print, return the figures."""
    models = {pipeline: trained(pipeline, epochs, again=again) for pipeline in PIPELINES}
    orders = itertools.cycle([PIPELINES, PIPELINES[::-1]])
    measured = [
        measure(models[pipeline], number_of_round, messages)
        for number_of_round, order in zip(range(1, rounds + 1), orders, strict=False)
        for pipeline in order
    ]
    figures = summary(measured, models, epochs)
    show(*tables(figures, measured))
    return figures


def summary(measured: Sequence[Measured], models: dict[str, Trained], epochs: int) -> dict[str, Any]:
    """Pool the rounds of each pipeline."""
    pooled: dict[str, Any] = {}
    for pipeline in PIPELINES:
        rounds = [one for one in measured if one.pipeline == pipeline]
        pooled[pipeline] = {
            "at_once": {
                str(c): asdict(Timing.of([ms for one in rounds for ms in one.milliseconds[c]])) for c in AT_ONCE
            },
            "rate": {
                str(c): ratio(sum(len(one.milliseconds[c]) for one in rounds), sum(one.wall[c] for one in rounds))
                for c in AT_ONCE
            },
            "processor_ms": 1000
            * ratio(sum(one.processor_seconds for one in rounds), sum(one.asked for one in rounds)),
            "memory_mb": middle([one.memory_mb for one in rounds]),
            "memory_after_mb": middle([one.memory_after_mb for one in rounds]),
            "start_seconds": middle([one.start_seconds for one in rounds]),
            "first_ms": middle([one.first_ms for one in rounds]),
            "as_meant": ratio(sum(one.as_meant for one in rounds), sum(one.asked for one in rounds)),
            "train_seconds": models[pipeline].seconds,
            "trained": asdict(models[pipeline]),
        }
    ours, stock = pooled[OURS], pooled[STOCK]
    return {
        "epochs": epochs,
        "rounds": max(one.round for one in measured),
        **pooled,
        "p50_ratio": {str(c): ratio(stock["at_once"][str(c)]["p50"], ours["at_once"][str(c)]["p50"]) for c in AT_ONCE},
        "rate_ratio": {str(c): ratio(ours["rate"][str(c)], stock["rate"][str(c)]) for c in AT_ONCE},
        "memory_ratio": ratio(ours["memory_mb"], stock["memory_mb"]),
    }


def tables(figures: dict[str, Any], measured: Sequence[Measured]) -> list[str]:
    """Lay the figures out."""
    ours, stock = figures[OURS], figures[STOCK]

    def line(title: str, mine: float, theirs: float, digits: int, *, more: bool = False) -> list[str]:
        better = ratio(mine, theirs) if more else ratio(theirs, mine)
        return [title, number(mine, digits), number(theirs, digits), times(better)]

    rows = []
    for count in map(str, AT_ONCE):
        for point in ("p50", "p95"):
            title = f"{point}, {count} at once, ms"
            rows.append(line(title, ours["at_once"][count][point], stock["at_once"][count][point], 1))
        rows.append(line(f"messages/s, {count} at once", ours["rate"][count], stock["rate"][count], 1, more=True))
    rows += [
        line("processor time a message, ms", ours["processor_ms"], stock["processor_ms"], 1),
        line("memory after load, MB", ours["memory_mb"], stock["memory_mb"], 0),
        line("memory at the end, MB", ours["memory_after_mb"], stock["memory_after_mb"], 0),
        line("start, s", ours["start_seconds"], stock["start_seconds"], 1),
        line("first message, ms", ours["first_ms"], stock["first_ms"], 0),
        line("training, s", ours["train_seconds"], stock["train_seconds"], 0),
        line("model file, MB", ours["trained"]["megabytes"], stock["trained"]["megabytes"], 1),
        line("answered as meant, %", 100 * ours["as_meant"], 100 * stock["as_meant"], 1, more=True),
    ]
    note = (
        f"Stock: {figures['epochs']} epochs. Last column: how many times better ours is. Training was timed when the "
        f"model was made (ours {ours['trained']['when']}, stock {stock['trained']['when']})."
    )
    first = table("Rasa: our pipeline beside the stock one", ["", "ours", "stock", "better"], rows, note)
    by_round = [
        [f"{one.round}", one.pipeline, number(one.load_before, 1)]
        + [number(Timing.of(one.milliseconds[c]).p50) for c in AT_ONCE]
        + [number(one.rate(c)) for c in AT_ONCE]
        for one in measured
    ]
    head = ["round", "pipeline", "load before", *(f"p50 at {c}" for c in AT_ONCE), *(f"msg/s at {c}" for c in AT_ONCE)]
    return [first, table("Round by round, in the order measured: a noisy machine shows here", head, by_round)]
