"""Checks that nobody altered the record: the audit chain, the chain of the ledger's events, and every grievance.

One line each: what was checked, how many, and the first that is broken. The last two lines name the end of each chain;
noted on paper or another machine and given back with ``--noted``, they also betray a chain that was cut off at its end
or written anew as a whole, which the chain itself cannot show.
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.db import Database
from core.errors import NotFound
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings
from grievances import reference
from grievances import service as grievances
from tools.installation import local

Digest = Callable[[AsyncSession, int], Awaitable[bytes | None]]
CHAINS: dict[str, Digest] = {"audit": audit.digest_at, "ledger": grievances.digest_at}
_NOTED = re.compile(r"(audit|ledger):(\d+):([0-9a-f]{64})")


def noted(text: str) -> tuple[str, int, bytes]:
    """The end of a chain as an earlier call has printed it.

    Raises:
        ArgumentTypeError: It is none.
    """
    match = _NOTED.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError("audit:NUMBER:DIGEST or ledger:NUMBER:DIGEST, as an earlier call printed it")
    return match[1], int(match[2]), bytes.fromhex(match[3])


async def verify(db: Database, ends: Sequence[tuple[str, int, bytes]] = ()) -> tuple[list[str], bool]:
    """Check everything.

    Args:
        db: The application's database.
        ends: Ends of chains that were noted earlier: chain, number and digest.

    Returns:
        A line for each check, and whether all fits.
    """
    async with db.reading() as session:
        if not db.is_sqlite:  # one moment for everything, so that what is written meanwhile breaks nothing
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        checks = [await _audit(session), await _events(session), await _rows(session)]
        checks += [await _noted(session, *end) for end in ends]
        lines = [f"{'ok     ' if fits else 'BROKEN '} {line}" for line, fits in checks]
        for name, head in (("audit", audit.head), ("ledger", grievances.head)):
            number, digest = await head(session)
            if number:
                lines.append(f"note    {name}:{number}:{digest.hex()}")
    return lines, all(fits for _line, fits in checks)


async def _audit(session: AsyncSession) -> tuple[str, bool]:
    number, _digest = await audit.head(session)
    broken = await audit.first_broken(session)
    if broken is None:
        return f"audit chain: {number:,} acts, each follows from the one before it", True
    return (
        f"audit chain: act {broken} was altered, moved or put in, or the one before it is gone ({number:,} acts)",
        False,
    )


async def _events(session: AsyncSession) -> tuple[str, bool]:
    count = (await grievances.extent(session))["grievance_event"]
    broken = await grievances.verify_events(session)
    if broken is None:
        return f"ledger: {count:,} events, each follows from the one before it", True
    whose = await _name(session, broken[0])
    return f"ledger: event {broken[1]} of {whose} was altered, or one before it is gone ({count:,} events)", False


async def _rows(session: AsyncSession) -> tuple[str, bool]:
    counts = await grievances.extent(session)
    beside = (
        f"{counts['grievance_attachment']:,} files, {counts['grievance_link']:,} links, "
        f"{counts['grievance_vector']:,} meanings, {counts['grievance_term']:,} search words"
    )
    broken = await grievances.verify_rows(session)
    if broken is None:
        return f"grievances: {counts['grievance']:,} with {beside}, each as its events made it", True
    whose = await _name(session, broken)
    return f"grievances: {whose}, or what lies beside it, is not as its events made it ({beside})", False


async def _name(session: AsyncSession, grievance_id: str) -> str:
    """A grievance by its reference, if that can still be read."""
    try:
        view = await grievances.get(session, grievance_id, rooms=None)
    except (NotFound, SQLAlchemyError, ValueError):
        return f"grievance {grievance_id}"
    return f"grievance {reference.shown(view.reference)} ({grievance_id})"


async def _noted(session: AsyncSession, chain: str, number: int, digest: bytes) -> tuple[str, bool]:
    found = await CHAINS[chain](session, number)
    if found == digest:
        return f"noted: number {number:,} of the {chain} chain is the one that was noted", True
    what = "is gone" if found is None else "is another one"
    return f"noted: number {number:,} of the {chain} chain {what}: the chain was cut off or written anew", False


async def run(ends: Sequence[tuple[str, int, bytes]] = ()) -> int:
    """Check the local installation's database, SQLite or PostgreSQL; 1 when something is broken."""
    settings = CoreSettings()
    install(Keyring.from_settings(settings))
    database = Database.from_settings(settings)
    try:
        lines, fits = await verify(database, ends)
    except SQLAlchemyError as error:
        print(f"The database cannot be read, or has no tables yet ({type(error).__name__}): `make run` makes them.")
        return 1
    finally:
        await database.close()
    print("\n".join(lines))
    return 0 if fits else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--noted", nargs="+", type=noted, default=[], metavar="CHAIN:NUMBER:DIGEST", help="ends that were noted earlier"
    )
    options = parser.parse_args()
    os.environ.update(local().env("SAHAYAK_"))
    return asyncio.run(run(options.noted))


if __name__ == "__main__":
    sys.exit(main())
