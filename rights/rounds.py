"""The round that carries erasures out, for the gateway's sweep: in the database, outside it, and the log a year later.

The effect of a due row and its settling are one transaction. What lies outside the database is asked to forget after
that, again and again until it has; forgetting twice does no harm.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core import log
from core.clock import Clock
from core.db import Database
from core.dues import service as dues
from core.dues.service import DueView
from core.errors import Conflict
from core.media.service import MediaStore
from rights import erasure, journal
from rights.erasure import NotErased
from rights.service import ERASE, FINISH, PREFIX
from rights.settings import RightsSettings
from rights.stores import stores

_LOG = log.get(__name__)
_BATCH = 50


class Outside(Protocol):
    """A place outside the database where conversations and turns are known by their ids."""

    async def __call__(self, conversation_ids: Sequence[str], turn_ids: Sequence[str], /) -> None:
        """Forget them; whoever cannot raises an error of ours and is asked again."""


class PrivacyRounds:
    """Works off what is due.

    Args:
        db: The application's database.
        clock: Tells the time.
        settings: How long the log is kept.
        data_dir: Where files of contacts, and the journal of erasures for a restore, are kept.
        outside: Who else has to forget.
    """

    def __init__(
        self, db: Database, clock: Clock, settings: RightsSettings, data_dir: Path, outside: Sequence[Outside] = ()
    ) -> None:
        self._db, self._clock, self._settings, self._outside = db, clock, settings, outside
        self._stores = stores(MediaStore(data_dir / "media"))
        self._journal = journal.path(data_dir)

    async def run(self) -> int:
        """Do what is due; what cannot be done now is left for the next round and holds nothing else up.

        Returns:
            How many rows were settled.
        """
        done, left = 0, set[str]()
        while rows := await self._due(left):
            for row in rows:
                if await self._tried(row):
                    done += 1
                else:
                    left.add(row.id)
        await journal.keep(self._db, self._journal, now=self._clock.now())
        return done

    async def _due(self, without: set[str]) -> list[DueView]:
        async with self._db.reading() as session:
            return await dues.due(session, self._clock.now(), [PREFIX], _BATCH, without=without)

    async def _tried(self, row: DueView) -> bool:
        try:
            await self._work(row)
        except Conflict as later:
            _LOG.info("privacy.postponed", erasure=row.subject_id, what=row.what, reason=str(later))
        except NotErased as left:
            _LOG.error("privacy.something_left", erasure=row.subject_id, left=str(left))
        except Exception as error:
            _LOG.error("privacy.failed", erasure=row.subject_id, what=row.what, error=type(error).__name__)
        else:
            _LOG.info("privacy.done", erasure=row.subject_id, what=row.what)
            return True
        return False

    async def _work(self, row: DueView) -> None:
        if row.what == FINISH:
            await self._outside_forgets(row.subject_id)
        now = self._clock.now()
        async with self._db.transaction() as session:
            if not await dues.settle(session, row.id, now):
                return
            if row.what == ERASE:
                await erasure.erase(session, row.subject_id, self._stores, settings=self._settings, now=now)
            elif row.what == FINISH:
                await erasure.finish(session, row.subject_id, now=now)
            else:
                await erasure.purge(session, row.subject_id, self._stores, now=now)

    async def _outside_forgets(self, erasure_id: str) -> None:
        """No transaction is open while others are asked."""
        async with self._db.reading() as session:
            conversation_ids, turn_ids = await erasure.ids_outside(session, erasure_id)
        if conversation_ids:
            for forget in self._outside:
                await forget(conversation_ids, turn_ids)
        if not await self._db.scrub():
            raise Conflict("the database is in use")
