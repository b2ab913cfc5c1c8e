"""The heavy data of the grievances' bench: made once in bulk, kept under `var/bench` by the hash of what makes it."""

import asyncio
import hashlib
import importlib
import os
import random
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import event

from core.db import Base, Database
from core.privacy.encryption import Keyring, install
from grievances import deadlines
from grievances.bulk import Life, Past
from grievances.schemas import Actor
from grievances.status import Move
from handoff.control_rooms.calendar import calendars
from tools.bench.models import FOLDER
from tools.bench.tables import progress
from tools.demo.country import Country, Matter
from tools.demo.pasts import Archivist
from tools.demo.staff import Staff, appoint
from tools.fingerprint import fingerprint
from tools.steps import ROOT

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
"""Present moment of the country."""
FILED = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
"""When everything was filed of which the concluding deadline is missed: a Monday."""
LATE_ROOM = "dfo-mumbai"
DIMENSION = 384
SEED = 7
INPUTS = (
    "core/*/models.py", "core/privacy/encryption.py", "tools/demo/*", "tools/bench/ledger_data.py",
    *(f"grievances/{name}.py" for name in ("bulk", "deadlines", "duplicates", "ledger", "models", "terms")),
)  # fmt: skip
_MODELS = ("core.audit", "core.conversations", "core.dues", "core.media", "core.outbox", "core.turns", "grievances",
           "grievances.drafts", "grievances.registries", "handoff.officers", "handoff.queue", "rights")  # fmt: skip
_MEANINGS = 400
Writer = Callable[[Database, Staff, int], Awaitable[None]]


class Meanings(Mapping[str, tuple[float, ...]]):
    """A made-up meaning for every text: near one of some hundred others, as complaints about the same are."""

    def __init__(self) -> None:
        draw = random.Random("meanings")  # noqa: S311 - measurements, no secret
        self._centres = [[draw.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(_MEANINGS)]

    def __getitem__(self, text: str) -> tuple[float, ...]:
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        centre = self._centres[number % _MEANINGS]
        turned = number >> 16
        # A rotation of small noise: no text has quite the meaning of another one.
        return tuple(value + 0.2 * ((turned >> (place % 40)) % 5 - 2) for place, value in enumerate(centre))

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return _MEANINGS


@dataclass(frozen=True)
class Data:
    """A database of the bench.

    Attributes:
        path: A file that is not to be written to: copy it.
        seconds: What making it took.
        count: How many grievances.
    """

    path: Path
    seconds: float
    count: int


def prepare_process() -> None:
    """Have tables, keys and a quiet log in this process."""
    for feature in _MODELS:
        importlib.import_module(f"{feature}.models")
    install(Keyring({1: bytes(range(32))}, b"i" * 32))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))


def opened(path: Path, *, hurry: bool = False) -> Database:
    """The database in a file; in a hurry, it does not wait for the disk."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    if hurry:

        @event.listens_for(database.engine.sync_engine, "connect")
        def _without_waiting(connection: object, _record: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]

    return database


def country(count: int) -> Data:
    """A year of grievances, as the demo country has them, each with a meaning."""
    return _made("country", count, _write_country)


def late(count: int) -> Data:
    """As many open grievances whose concluding deadline is missed while nobody kept the clock."""
    return _made("late", count, _write_late)


def conclude_by() -> datetime:
    """The deadline that all of `late` miss."""
    return deadlines.clock_for(calendars().of_room(LATE_ROOM), FILED).conclude_by


def copied(data: Data) -> Path:
    """A copy to write to; the caller removes it."""
    copy = data.path.with_name(f"{data.path.stem}.{os.getpid()}.db")
    shutil.copyfile(data.path, copy)
    return copy


def removed(path: Path) -> None:
    """Remove a copy."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


def _made(name: str, count: int, write: Writer) -> Data:
    digest = fingerprint(ROOT, INPUTS, f"{name} {count} {DIMENSION}")[:16]
    folder = FOLDER / "grievances"
    path = folder / f"{name}-{count}-{digest}.db"
    took = path.with_suffix(".seconds")
    if not path.exists() or not took.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{name}-{count}-*"):
            old.unlink()
        progress(f"making {count:,} grievances ({name}): minutes, and only once")
        half = path.with_suffix(".half")
        removed(half)
        began = time.monotonic()
        asyncio.run(_write(half, count, write))
        took.write_text(f"{time.monotonic() - began:.1f}", "ascii")
        half.rename(path)
    return Data(path, float(took.read_text("ascii")), count)


async def _write(path: Path, count: int, write: Writer) -> None:
    db = opened(path, hurry=True)
    try:
        async with db.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        staff = await appoint(db, "correct horse battery")
        await write(db, staff, count)
        await db.scrub()
    finally:
        await db.close()


async def _write_country(db: Database, staff: Staff, count: int) -> None:
    matters = sorted(Country(count, SEED, NOW).matters(), key=lambda one: one.filed_at)
    await Archivist(db, staff, Meanings(), SEED).write(matters, NOW)


async def _write_late(db: Database, staff: Staff, count: int) -> None:
    actor, attended = Actor.officer(staff.rooms[LATE_ROOM][0].id), FILED + timedelta(days=1)
    archivist, until = _Late(db, staff, {}, SEED), conclude_by() - timedelta(hours=1)
    archivist.moves = (Past(attended, Move.ATTEND, actor),)
    await archivist.write(Country(count, SEED, NOW).matters(), until)


class _Late(Archivist):
    """Writes every grievance as filed at one moment in one room, and attended to."""

    moves: tuple[Past, ...] = ()

    def life(self, matter: Matter, talk: str, now: datetime, draw: random.Random) -> Life:
        """A grievance that was attended to and then forgotten."""
        usual = super().life(matter, talk, now, draw)
        told = usual.new.particulars.model_copy(update={"happened_on": None})
        new = usual.new.model_copy(update={"room": LATE_ROOM, "category": "delayed_payment", "particulars": told})
        return Life(new, FILED, self.moves)
