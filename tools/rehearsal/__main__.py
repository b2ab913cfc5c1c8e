"""``python -m tools.rehearsal``: many messages, many kills, and an account of every message."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tools.rehearsal.processes import Surroundings
from tools.rehearsal.rehearsal import Rehearsal


def main() -> int:
    """Run a rehearsal from the command line.

    Returns:
        0 when nothing was lost, doubled or out of order.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.rehearsal", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--contacts", type=int, default=60)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--gateways", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default="", help="empty: SQLite in a temporary folder")
    parser.add_argument("--durable-url", default="")
    parser.add_argument("--keep", default="", help="keep everything in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        surroundings = Surroundings(Path(options.keep or folder), options.database_url, options.durable_url)
        rehearsal = Rehearsal(
            surroundings,
            messages=options.messages,
            contacts=options.contacts,
            rate=options.rate,
            kills=options.kills,
            gateways=options.gateways,
            seed=options.seed,
        )
        account = asyncio.run(rehearsal.run())
    print(f"messages {options.messages}, deaths of a gateway {rehearsal.killed}")
    for name, value in vars(account).items():
        print(f"{name:>10} {value}")
    print("every message accounted for" if account.whole else "NOT every message accounted for")
    return 0 if account.whole and account.accepted == options.messages else 1


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
