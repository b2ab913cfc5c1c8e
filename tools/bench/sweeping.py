"""`python -m tools.bench.sweeping DATABASE MOMENT`: keeps the clock once, as a process that has just started does.

Prints JSON: how many due rows were settled, the seconds from the process's start until then, and how long telling the
first contacts took after that. `--one-by-one SECONDS` settles rows in a transaction each, for so long.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from core.clock import FixedClock
from core.db import Base, Database
from grievances import clocks
from grievances.clocks import Clocks
from tools.bench import machine
from tools.bench.ledger_data import opened, prepare_process


async def _settled(db: Database) -> int:
    due = Base.metadata.tables["due"]
    async with db.reading() as session:
        return await session.scalar(select(func.count()).where(due.c.done_at.is_not(None))) or 0


async def sweep(path: Path, now: datetime) -> dict[str, float]:
    """Work off everything that is due, then tell contacts as many notices as one sweep tells."""
    db = opened(path)
    notices = clocks.NOTICES_AT_ONCE
    try:
        keeper = Clocks(db, FixedClock(now))
        clocks.NOTICES_AT_ONCE = 0
        rows = await keeper.sweep()
        escalated = machine.age()
        clocks.NOTICES_AT_ONCE = notices
        await keeper.sweep()
        return {
            "rows": rows,
            "seconds": escalated,
            "told": notices,
            "telling": machine.age() - escalated,
        }
    finally:
        await db.close()


async def one_by_one(path: Path, now: datetime, seconds: float) -> dict[str, float]:
    """Settle due rows in a transaction each, for so long."""
    db = opened(path)
    try:
        before = await _settled(db)
        clocks.BATCH = 1
        began = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(Clocks(db, FixedClock(now)).sweep(), seconds)
        took = time.perf_counter() - began
        return {"rows": await _settled(db) - before, "seconds": took}
    finally:
        await db.close()


def main() -> int:
    """Sweep and print."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.sweeping", description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("moment", type=datetime.fromisoformat)
    parser.add_argument("--one-by-one", type=float, default=0.0)
    given = parser.parse_args()
    prepare_process()
    if given.one_by_one:
        told = asyncio.run(one_by_one(given.database, given.moment, given.one_by_one))
    else:
        told = asyncio.run(sweep(given.database, given.moment))
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
