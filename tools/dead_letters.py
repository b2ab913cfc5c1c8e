"""Lists turns that were given up and messages that failed or are uncertain; frees a dead turn to be tried again."""

import argparse
import asyncio
import os
import sys

from sqlalchemy.exc import OperationalError

from core.db import Database
from core.errors import NotFound
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings
from core.turns import service as turns
from tools.installation import local


async def show(database: Database) -> int:
    """Print ids and reasons, never words of a contact; return how many there are."""
    async with database.reading() as session:
        dead = await turns.dead(session)
        failed, uncertain = await outbox.failed(session), await outbox.uncertain(session)
    for turn_id, conversation_id, error, at in dead:
        print(f"dead turn      {turn_id}  conversation {conversation_id}  {at:%Y-%m-%d %H:%M} UTC  {error or ''}")
    for row in failed:
        print(f"failed         {row.id}  conversation {row.conversation_id}  {row.error_code or ''}")
    for row in uncertain:
        print(f"uncertain      {row.id}  conversation {row.conversation_id}  {row.error_code or ''}")
    print(f"{len(dead)} dead turns, {len(failed)} failed and {len(uncertain)} uncertain messages.")
    return len(dead) + len(failed) + len(uncertain)


async def replay(database: Database, turn_id: str) -> None:
    """Free the messages of a dead turn; the gateway's sweep takes them up."""
    async with database.transaction() as session:
        conversation_id = await turns.replay(session, turn_id)
    print(f"Turn {turn_id} is free again; the gateway answers conversation {conversation_id} within two minutes.")


async def run(replayed: str | None) -> int:
    """Open the local installation's database and do what was asked."""
    settings = CoreSettings()
    install(Keyring.from_settings(settings))
    database = Database.from_settings(settings)
    try:
        if replayed is None:
            await show(database)
        else:
            await replay(database, replayed)
    except NotFound:
        print(f"There is no dead turn {replayed}: `make dead-letters` lists them.")
        return 1
    except OperationalError:
        print("The database has no tables yet: start Sahayak once with `make run`.")
        return 1
    finally:
        await database.close()
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replay", metavar="TURN", help="try a dead turn again")
    options = parser.parse_args()
    os.environ.update(local().env("SAHAYAK_"))
    return asyncio.run(run(options.replay))


if __name__ == "__main__":
    sys.exit(main())
