"""Makes the demo country: officers of every control room and a year of grievances of invented people.

It refuses production, and an installation where anybody but invented people has written. Nothing is sent: the notices
of the past year are kept as read.
"""

import argparse
import asyncio
import importlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import event, func, select

from core import log
from core.audit import service as audit
from core.db import Base, Database
from core.errors import SahayakError
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings, Profile
from grievances import service
from handoff.desk.settings import DeskSettings
from tools.demo.clerk import Clerk
from tools.demo.country import TURN, Country, Matter
from tools.demo.pasts import Archivist
from tools.demo.staff import Vectors, appoint
from tools.installation import busy_ports, local
from tools.prepare import migrate
from tools.steps import StepFailed

COUNT = 3000
SEED = 2026
MOST = 200_000
LATEST = timedelta(days=25)
"""What was filed since then goes through the public services one by one; what is older is written at once."""
MOST_LATEST, MOST_PAIRS = 300, 60
"""Limits of what goes one by one, however large the country is."""
LOGINS = {
    "officer (Mumbai)": "mumbai.1", "supervisor (Mumbai)": "mumbai.head", "officer (Varanasi)": "br-varanasi.1",
    "hub": "hub.1", "appellate level": "appellate.1", "auditor": "auditor.1",
}  # fmt: skip
MODELS = ("core.audit", "core.conversations", "core.dues", "core.media", "core.outbox", "core.turns", "grievances",
           "handoff.officers", "handoff.queue")  # fmt: skip
_UNREAL = "+910"
"""How numbers begin that cannot exist."""


class Refused(SahayakError):
    """The demo country cannot be made here; the text says why."""


@dataclass(frozen=True)
class Made:
    """What was made."""

    filed: int
    acts: int
    officers: int
    by_status: dict[str, int]
    overdue: int


async def _check(db: Database) -> None:
    """Refuse where real people are, or a demo country stands already.

    Raises:
        Refused: Says why.
    """
    for feature in MODELS:
        importlib.import_module(f"{feature}.models")
    address, grievance = Base.metadata.tables["address"], Base.metadata.tables["grievance"]
    async with db.reading() as session:
        for (value,) in await session.execute(select(address.c.value)):
            if not str(value).startswith(_UNREAL):
                raise Refused("Somebody has written to this installation from an address that may be real.")
        query = select(func.count()).select_from(grievance).where(grievance.c.turn_id.startswith(TURN))
        present = await session.scalar(query)
    if present:
        raise Refused(f"There is a demo country here already: {present} grievances.")


def parted(matters: Sequence[Matter], now: datetime) -> tuple[list[Matter], list[Matter]]:
    """What goes through the services, and what is older; two that belong together stay together."""
    newest = sorted((one.filed_at for one in matters), reverse=True)[:MOST_LATEST]
    since = max(newest[-1], now - LATEST)
    pairs = [(one.twin, one.turn) for one in matters if one.twin][:MOST_PAIRS]
    together = {turn for pair in pairs for turn in pair}
    latest = [one for one in matters if one.filed_at >= since or one.turn in together or one.twin in together]
    chosen = {one.turn for one in latest} | {one.twin for one in latest}
    older = sorted((one for one in matters if one.turn not in chosen), key=lambda one: one.filed_at)
    return [one for one in matters if one.turn in chosen], older


def meanings(matters: Sequence[Matter]) -> Vectors:
    """The meaning of texts that tell the same matter twice, as the knowledge process would give it."""
    firsts = {matter.twin for matter in matters if matter.twin}
    texts = sorted({matter.text for matter in matters if matter.twin or matter.turn in firsts})
    if not texts:
        return {}
    from knowledge.embedder import create_embedder

    vectors = create_embedder().embed_passages(texts)
    return {text: tuple(float(number) for number in row) for text, row in zip(texts, vectors, strict=True)}


async def seed(
    db: Database, *, count: int, seed: int, now: datetime, password: str, with_meanings: bool = True
) -> Made:
    """Make the country.

    Args:
        db: A migrated database.
        count: How many grievances.
        seed: The same number, count and moment give the same country.
        now: Its present moment.
        password: Of every demo officer.
        with_meanings: Whether look-alikes get their meanings, for which a model is loaded.

    Raises:
        Refused: Real people are here, or a demo country.
    """
    await _check(db)
    staff = await appoint(db, password)
    matters = list(Country(count, seed, now).matters())
    vectors = meanings(matters) if with_meanings else {}
    latest, older = parted(matters, now)
    archivist = Archivist(db, staff, vectors, seed)
    await archivist.write(older, now)
    lived = await Clerk(db, staff, vectors, seed, tell=_Progress()).live(latest, now)
    async with db.reading() as session:
        counted = await service.counts(session, rooms=None, now=now)
        broken = await service.verify(session) or await audit.first_broken(session)
    if broken is not None:
        raise Refused(f"The chains do not verify: {broken}")
    return Made(
        filed=archivist.written + lived.filed,
        acts=archivist.acts + lived.acts,
        officers=len(staff.every),
        by_status={status.value: number for status, number in counted.by_status.items()},
        overdue=counted.overdue,
    )


def in_a_hurry(db: Database) -> None:
    """Leave it to SQLite when it writes to the disk: a country that a power cut takes away is made again."""
    if db.is_sqlite:

        @event.listens_for(db.engine.sync_engine, "connect")
        def _without_waiting(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA synchronous=NORMAL")


class _Progress:
    """Says every tenth on a terminal."""

    def __init__(self) -> None:
        self._said = 0

    def __call__(self, share: float) -> None:
        tenth = int(share * 10)
        if tenth > self._said and sys.stdout.isatty():
            print(f"  … {tenth * 10} % of the year", flush=True)
        self._said = max(self._said, tenth)


def _report(made: Made, seconds: float, secrets: Path) -> str:
    statuses = ", ".join(f"{number:,} {status}" for status, number in made.by_status.items())
    logins = "\n".join(f"  {who:22}{login}" for who, login in LOGINS.items())
    return (
        f"{made.filed:,} grievances of invented people over a year, {made.acts:,} acts, {made.officers} officers "
        f"({seconds:.0f} s).\n{statuses}; {made.overdue:,} overdue. Every chain verifies.\n"
        f"Sign in at the officers' desk (`make run`), for example as\n{logins}\n"
        f"with the password DESK_DEMO_PASSWORD that stands in {secrets}, as `make run` prints it."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.seed_demo", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help=f"grievances ({COUNT}; at most {MOST})")
    parser.add_argument("--seed", type=int, default=SEED, help="the same number gives the same country on one day")
    parser.add_argument("--without-meanings", action="store_true", help="load no model; no look-alikes are suggested")
    return parser


async def _made(core: CoreSettings, given: argparse.Namespace, password: str) -> Made:
    db = Database.from_settings(core)
    in_a_hurry(db)
    try:
        return await seed(
            db,
            count=given.count,
            seed=given.seed,
            now=datetime.now(UTC),
            password=password,
            with_meanings=not given.without_meanings,
        )
    finally:
        await db.close()


def main(arguments: list[str] | None = None) -> int:
    """Make the country on this installation; return the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not 1 <= given.count <= MOST:
        parser.error(f"--count: 1 to {MOST}")
    try:
        installation = local()
        os.environ.update(installation.env("SAHAYAK_", "DESK_"))
        core, desk = CoreSettings(), DeskSettings()
        if core.profile is Profile.PRODUCTION:
            raise Refused("The demo country is not made in the production profile.")
        if busy_ports({"gateway": installation.ports["gateway"]}):
            raise Refused("Sahayak runs: stop it first, its clocks would run through the country's past.")
        migrate(installation)
        install(Keyring.from_settings(core))
        log.configure("seed", "WARNING")
        began = time.monotonic()
        made = asyncio.run(_made(core, given, desk.demo_password.get_secret_value()))
    except StepFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except ValidationError as error:
        for problem in error.errors():
            print(f"{error.title}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}", file=sys.stderr)
        return 2
    except SahayakError as error:
        print(error, file=sys.stderr)
        return 1
    print(_report(made, time.monotonic() - began, core.data_dir / "secrets.env"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
