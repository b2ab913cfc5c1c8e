"""The ledger with 100,000 grievances on SQLite: filing, lists, filters, searches, duplicates, and a restart."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.conversation import Turn
from actions.ledger import Filing, Kept, LedgerDesk
from core.clock import FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.db import Base, Database
from core.events import AddressRef
from grievances import duplicates, service
from grievances.drafts.schemas import Kind
from grievances.schemas import Level, Page, Status
from grievances.status import OPEN
from knowledge.schemas import Meaning
from tools.bench import machine
from tools.bench.figures import Timing, ratio, seeded
from tools.bench.ledger_data import NOW, SEED, Meanings, conclude_by, copied, country, late, opened, prepare_process
from tools.bench.ledger_data import removed as removed_copy
from tools.bench.tables import number, progress, show, table, times
from tools.demo.country import Country, Matter
from tools.steps import ROOT

BOUNDS = {"register": 150.0, "list": 100.0, "filter": 100.0, "search": 100.0, "duplicates": 80.0}
"""Most milliseconds at the 95th percentile."""
RESTART = 10.0
"""Most seconds until everything overdue is escalated."""
ONE_BY_ONE = 8.0
_ROOMS = ("dfo-mumbai", "dfo-kanpur", "dfo-chennai", "br-dfo-tura")
Call = Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True)
class Asked:
    """What is timed, ours and the alternative."""

    ours: Sequence[Call]
    alternative: Sequence[Call]


async def timed(db: Database, calls: Sequence[Call], *, warm: int = 5) -> Timing:
    """Make each call in a session of its own, after a few that do not count."""
    spent = []
    for call in [*calls[:warm], *calls]:
        async with db.reading() as session:
            began = time.perf_counter()
            await call(session)
            spent.append(1000 * (time.perf_counter() - began))
    return Timing.of(spent[min(warm, len(calls)) :])


# --- lists and filters ------------------------------------------------------------------------------------------


def _listed(**given: Any) -> Call:
    """A page of a list with the counts above it, as the desk shows them."""
    rooms = given.pop("rooms", None)

    async def call(session: AsyncSession) -> object:
        page = await service.list_page(session, rooms=rooms, now=NOW, **given)
        return page, await service.counts(session, rooms=rooms, now=NOW)

    return call


def _paged(rooms: frozenset[str] | None, pages: int) -> Call:
    """The page that so many clicks lead to; only that one is asked for."""
    after: list[str | None] = []

    async def page(session: AsyncSession, cursor: str | None) -> Page:
        return await service.list_page(session, rooms=rooms, status=sorted(OPEN), now=NOW, after=cursor)

    async def call(session: AsyncSession) -> object:
        if not after:
            cursor = None
            for _ in range(pages):
                cursor = (await page(session, cursor)).next_cursor or cursor
            after.append(cursor)
        return await page(session, after[0]), await service.counts(session, rooms=rooms, now=NOW)

    return call


def _by_offset(offset: int, **equal: str) -> Call:
    """The page by OFFSET, filtered after decrypting: what an encrypted table without the wide indexes needs."""
    rows = Base.metadata.tables["grievance"]
    columns = [rows.c.id, rows.c.particulars, rows.c.place, rows.c.due_at]

    async def call(session: AsyncSession) -> object:
        # The sign keeps SQLite from using an index.
        query = select(*columns).where(*(func.trim(rows.c[name]) == value for name, value in equal.items()))
        query = query.order_by(func.datetime(rows.c.due_at), rows.c.id).limit(50).offset(offset)
        return (await session.execute(query)).all()

    return call


def lists(rounds: int) -> Asked:
    """What officers open every day: what is due first, of a room and of all, and the pages after."""
    rooms: list[frozenset[str] | None] = [None, *(frozenset({room}) for room in _ROOMS)]
    ours: list[Call] = [_listed(rooms=room, status=sorted(OPEN)) for room in rooms]
    ours += [_listed(rooms=room, sort="filed") for room in rooms]
    ours += [_paged(room, pages) for room in rooms[:2] for pages in (1, 10)]
    return Asked(ours * rounds, [_by_offset(500)] * 5)


def filters(rounds: int) -> Asked:
    """Every filter, alone and together."""
    chosen: list[dict[str, Any]] = [
        {"overdue": True},
        {"overdue": False, "status": sorted(OPEN)},
        {"status": Status.FILED},
        {"status": Status.APPEALED},
        {"status": Status.MERGED},
        {"status": Status.CLOSED, "sort": "filed"},
        {"category": "credit"},
        {"category": "coir", "status": sorted(OPEN)},
        {"category": "bribe", "sort": "filed"},
        {"state": "UP", "status": sorted(OPEN)},
        {"state": "SK"},
        {"state": "MH", "category": "delayed_payment", "level": Level.ROOM, "overdue": False},
        {"level": Level.APPELLATE},
        {"level": Level.HUB, "status": sorted(OPEN), "category": "udyam"},
        {"rooms": frozenset({"dfo-mumbai"}), "status": Status.REOPENED},
        {"rooms": frozenset({"br-dfo-tura"}), "category": "kvic"},
    ]
    calls = [_listed(**one) for one in chosen]
    return Asked(calls * rounds, [_by_offset(0, state="SK", category="coir", status="closed")] * 5)


# --- searches ---------------------------------------------------------------------------------------------------


async def searches(db: Database, people: Sequence[Matter], rounds: int) -> Asked:
    """By reference, telephone, Udyam number, PIN code, names and districts, of those who are there and who are not."""
    draw = seeded("searches")
    async with db.reading() as session:
        page = await service.list_page(session, rooms=None, sort="filed", limit=200, now=NOW)
    asked = [row.reference for row in draw.sample(list(page.rows), 10)]
    for matter in draw.sample(list(people), 10):
        told, person = matter.particulars, matter.person
        asked += [person.number, person.name, person.enterprise, told.against_name or "", person.place.district or ""]
        asked += [person.udyam, f"{person.name.split()[0]} {person.place.district}", person.enterprise.split()[0]]
    asked += ["400001", "nobody at all", "UDYAM-MH-01-0000001", "+910100000000", "बनारस", "DEMO/E/2026/0000001"]
    calls = [_listed(query=query) for query in asked if query]
    return Asked(calls * rounds, [_decrypting("lakshmi")] * 2)


def _decrypting(word: str) -> Call:
    """The search that an encrypted table without blind indexes needs: decrypt every row and look."""
    rows = Base.metadata.tables["grievance"]

    async def call(session: AsyncSession) -> object:
        found = []
        for grievance_id, told in await session.execute(select(rows.c.id, rows.c.particulars)):
            if told is not None and word in json.dumps(told, ensure_ascii=False).casefold():
                found.append(grievance_id)
        return found

    return call


# --- duplicates -------------------------------------------------------------------------------------------------


async def look_alikes(db: Database, count: int) -> Asked:
    """Suggestions for open grievances, by candidates; beside it a look at every meaning that is kept."""
    draw = seeded("look-alikes")
    async with db.reading() as session:
        page = await service.list_page(session, rooms=None, status=sorted(OPEN), limit=200, now=NOW)
        views = [await service.get(session, row.id, rooms=None) for row in page.rows]

    def ours(place: int) -> Call:
        view = views[place % len(views)]
        return lambda session: duplicates.suggest(session, view, now=NOW)

    return Asked([ours(draw.randrange(len(views))) for _ in range(count)], [_every_meaning(views[0].id)] * 2)


def _every_meaning(grievance_id: str) -> Call:
    import numpy as np

    vectors = Base.metadata.tables["grievance_vector"]

    async def call(session: AsyncSession) -> object:
        rows = (await session.execute(select(vectors.c.grievance_id, vectors.c.vector))).all()
        every = np.array([np.frombuffer(vector, np.float16) for _, vector in rows], np.float32)
        mine = every[[row[0] for row in rows].index(grievance_id)]
        return np.argsort(every @ mine)[-6:]

    return call


# --- filing -----------------------------------------------------------------------------------------------------


class _Knowing:
    """Gives made-up meanings at once: the knowledge process has a bench of its own."""

    def __init__(self) -> None:
        self._meanings = Meanings()

    async def meaning(self, text: str, *, language: str) -> Meaning:
        return Meaning(vector=self._meanings[text + language], embedder="made up")


async def registering(db: Database, matters: Sequence[Matter]) -> tuple[Timing, Timing]:
    """The ledger's part of a filing: situation, filing, acknowledgement, draft, look-alikes; and the row alone."""
    clock = FixedClock(NOW)
    desk = LedgerDesk(db, clock, _Knowing())
    whole, bare = [], []
    for place, matter in enumerate(matters):
        person = matter.person
        async with db.transaction() as session:
            ref = AddressRef(kind=person.kind, value=person.number)
            talk = await conversations.find_or_open(
                session, ref, channel=person.channel, profile_name=person.name, now=clock.now()
            )
            await consents.give(session, talk.contact_id, locale=person.language, channel=person.channel, now=NOW)
        turn = Turn(f"bench-{place}", talk.id, person.channel, person.language, False, matter.text, "inform", ())
        filing = Filing(matter.category, matter.particulars, person.place, (), person.language)
        began = time.perf_counter()
        situation = await desk.situation(turn, Kind.FILING)
        await desk.file(situation, turn.turn_id, filing, lambda said: Kept(content=None, asked=None, reply=[said]))
        async with db.reading() as session:
            (view, *_) = await service.of_contact(session, talk.contact_id, limit=1)
            await duplicates.suggest(session, view, now=NOW)
        whole.append(1000 * (time.perf_counter() - began))
        bare.append(await _bare_row(db, view.id, place))
        clock.at += timedelta(seconds=20)
    return Timing.of(whole[5:]), Timing.of(bare[5:])


async def _bare_row(db: Database, grievance_id: str, place: int) -> float:
    """Milliseconds of writing a row of a contact, encrypted, and nothing else: what any store would take."""
    contact = Base.metadata.tables["contact"]
    row = {"id": f"{grievance_id[:20]}{place:06}", "name": "Asha", "language_fixed": False, "created_at": NOW}
    began = time.perf_counter()
    async with db.transaction() as session:
        await session.execute(contact.insert().values(row))
    return 1000 * (time.perf_counter() - began)


# --- a restart --------------------------------------------------------------------------------------------------


def restarted(path: Path, *more: str) -> dict[str, float]:
    """Start a process that keeps the clock after the deadline was missed."""
    moment = (conclude_by() + timedelta(hours=1)).isoformat()
    command = [sys.executable, "-m", "tools.bench.sweeping", str(path), moment, *more]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def restart(count: int) -> dict[str, Any]:
    """Everything overdue after a restart, and the same row by row."""
    data = late(count)
    copy = copied(data)
    try:
        progress(f"a restart with {count:,} overdue")
        together = restarted(copy)
    finally:
        removed_copy(copy)
    copy = copied(data)
    try:
        singly = restarted(copy, "--one-by-one", str(ONE_BY_ONE))
    finally:
        removed_copy(copy)
    alone = singly["seconds"] / max(1, singly["rows"]) * together["rows"]
    return {**together, "one by one": alone, "made in": data.seconds}


# --- all --------------------------------------------------------------------------------------------------------


async def measured(path: Path, count: int, rounds: int, filings: int) -> dict[str, Any]:
    """Measure everything but the restart on a copy of the country."""
    db = opened(path)
    found: dict[str, Any] = {}
    matters = list(Country(min(count, 5000), SEED, NOW).matters())
    fresh = list(Country(filings + 5, SEED + 1, NOW).matters())
    try:
        asked = {
            "list": lists(rounds),
            "filter": filters(rounds),
            "search": await searches(db, matters, rounds),
            "duplicates": await look_alikes(db, 40 * rounds),
        }
        for name, one in asked.items():
            progress(f"{name}: {len(one.ours)} times")
            ours = await timed(db, one.ours)
            other = await timed(db, one.alternative, warm=1)
            found[name] = {"ours": asdict(ours), "alternative": asdict(other), "load": machine.load()}
        progress(f"register: {filings} times")
        whole, bare = await registering(db, fresh)
        found["register"] = {"ours": asdict(whole), "alternative": asdict(bare), "load": machine.load()}
    finally:
        await db.close()
    return found


def run(*, count: int, rounds: int, filings: int) -> dict[str, Any]:
    """Measure; print and return the figures."""
    prepare_process()
    data = country(count)
    progress(f"copying {data.path.stat().st_size / 1e6:,.0f} MB")
    copy = copied(data)
    try:
        figures = asyncio.run(measured(copy, count, rounds, filings))
    finally:
        removed_copy(copy)
    figures["restart"] = restart(count)
    figures |= {"count": count, "megabytes": data.path.stat().st_size / 1e6, "made in": data.seconds}
    show(*tables(figures))
    return figures


ALTERNATIVES = {
    "register": "one encrypted row, nothing else",
    "list": "OFFSET 500, sorted without an index",
    "filter": "three columns, no index",
    "search": "decrypting every row",
    "duplicates": "decrypting every meaning",
}


def tables(figures: dict[str, Any]) -> list[str]:
    """Lay the figures out."""
    rows = []
    for name, bound in BOUNDS.items():
        ours, other = figures[name]["ours"], figures[name]["alternative"]
        rows.append(
            [
                f"{name} ({ALTERNATIVES[name]})", ours["count"], number(ours["p50"]), number(ours["p95"]),
                number(ours["longest"]), f"{bound:g}", number(other["p50"]), times(ratio(other["p50"], ours["p50"])),
                number(figures[name]["load"], 2),
            ]
        )  # fmt: skip
    late_one = figures["restart"]
    note = (
        f"Milliseconds, {figures['count']:,} grievances on SQLite ({figures['megabytes']:,.0f} MB, made in "
        f"{figures['made in']:.0f} s). A list, filter or search is a page of 50 and the counts above it.\n\n"
        f"Restart: {late_one['rows']:,.0f} overdue found and escalated {late_one['seconds']:.1f} s after the process's "
        f"start (bound {RESTART:g} s); row by row it would take {late_one['one by one']:.0f} s "
        f"({times(ratio(late_one['one by one'], late_one['seconds']))}). "
        f"The first {late_one['told']:.0f} contacts were told in {late_one['telling']:.1f} s more."
    )
    head = ["(alternative)", "times", "p50", "p95", "longest", "bound", "alternative", "times as long", "load"]
    return [table("The ledger", head, rows, note)]
