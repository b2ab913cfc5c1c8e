"""The queue's round: conversations of officers who are gone come back, and waiting contacts are told or moved on.

What is due lies in due rows; each is settled in the same transaction as its effect, so that a crash leaves both undone
or both done. A row whose request is claimed or resolved meanwhile is settled without an effect.
"""

import math
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core import log
from core.clock import Clock
from core.db import Database
from core.dues import service as dues
from core.dues.service import DueView
from core.errors import NotFound
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.hours import next_opening, open_at
from handoff.officers import presence
from handoff.queue import notices, service
from handoff.queue.schemas import HandoverView
from handoff.queue.settings import QueueSettings

_LOG = log.get(__name__)
_AT_ONCE = 200
_TRY_AGAIN = 600.0
"""Seconds after which a row that could not be worked off is tried again."""
Effect = Callable[[AsyncSession, HandoverView, datetime], Awaitable[None]]


class QueueRounds:
    """Keeps the queue moving.

    Args:
        db: The application's database.
        clock: Tells the time.
        chosen: Limits and patience.
    """

    def __init__(self, db: Database, clock: Clock, chosen: QueueSettings) -> None:
        self._db, self._clock, self._settings = db, clock, chosen
        self._failed: dict[str, float] = {}
        self._effects: dict[str, Effect] = {
            service.TELL: self._tell,
            service.SPILL: self._spill,
            service.TO_HUB: self._to_hub,
            service.LIMIT: self._limit,
        }

    async def sweep(self) -> int:
        """One round.

        Returns:
            How many conversations came back or were told or moved.
        """
        return await self.requeue_dropped() + await self.work_off()

    async def requeue_dropped(self) -> int:
        """Put the conversations of officers who are gone back to the front of their rooms' queues."""
        now = self._clock.now()
        since = service.away_since(now, self._settings)
        async with self._db.reading() as session:
            claimed = [one for one in await service.open_requests(session) if one.officer_id and one.claimed_at]
            owners = {one.officer_id for one in claimed if one.officer_id}
            gone = await presence.away(session, owners, since) if owners else set()
            barred = await presence.inactive(session, owners) if owners else set()
        # Whoever has just claimed may have no live page yet.
        lost = [
            one
            for one in claimed
            if one.officer_id in barred or (one.officer_id in gone and one.claimed_at and one.claimed_at < since)
        ]
        for one in lost:
            async with self._db.transaction() as session:
                if await service.put_back(session, one, now=now):
                    await notices.tell(session, one.conversation_id, ("dropped",), now=now, room=one.room)
                    _LOG.warning("queue.dropped", conversation_id=one.conversation_id, officer_id=one.officer_id)
        return len(lost)

    async def work_off(self) -> int:
        """Do what has come due."""
        now = self._clock.now()
        resting = [due_id for due_id, at in self._failed.items() if time.monotonic() - at < _TRY_AGAIN]
        async with self._db.reading() as session:
            found = await dues.due(session, now, (service.DUE,), _AT_ONCE, without=resting)
        done = 0
        for due in found:
            try:
                done += await self._do(due, now)
            except Exception as error:
                self._failed[due.id] = time.monotonic()
                _LOG.exception("queue.due_failed", what=due.what, subject=due.subject_id, error=type(error).__name__)
        return done

    async def _do(self, due: DueView, now: datetime) -> bool:
        async with self._db.transaction() as session:
            if not await dues.settle(session, due.id, now):
                return False
            try:
                view = await service.get(session, due.subject_id)
            except NotFound:
                return False
            effect = self._effects.get(due.what)
            if effect is None or view.claimed_at is not None or view.resolved_at is not None:
                return False
            await effect(session, view, now)
            return True

    async def _tell(self, session: AsyncSession, view: HandoverView, now: datetime) -> None:
        """The place in the queue and the expected wait; or at once that nobody is on duty, and until when."""
        place = await service.position(session, view)
        key, opening = await self._duty(session, view, now)
        keys: tuple[str, ...] = (key,)
        minutes = 0
        if key == "position":
            wait = await service.expected_wait(session, view.room or "", place, now=now, chosen=self._settings)
            if wait is not None:
                minutes = max(1, math.ceil(wait.total_seconds() / 60))
                keys = ("position", "expected")
        await notices.tell(
            session, view.conversation_id, keys, now=now, room=view.room, position=place, opening=opening,
            minutes=minutes,
        )  # fmt: skip

    async def _duty(self, session: AsyncSession, view: HandoverView, now: datetime) -> tuple[str, datetime | None]:
        """``position`` while an officer is there, ``nobody`` in hours without one, else ``closed`` and the opening."""
        there = presence.staffing(await presence.on_duty(session, service.away_since(now, self._settings)))
        if there.get(view.room or "", 0):
            return "position", None
        opening = _opening(view.room, now)
        return ("nobody", None) if opening is None or opening <= now else ("closed", opening)

    async def _spill(self, session: AsyncSession, view: HandoverView, now: datetime) -> None:
        moved = await service.move_on(session, view, now=now, hub=False)
        if moved is not None:
            await notices.tell(session, view.conversation_id, ("spilled",), now=now, room=moved.room)
        else:
            await self._when_open(session, view, service.SPILL, self._settings.spill_after, now)

    async def _to_hub(self, session: AsyncSession, view: HandoverView, now: datetime) -> None:
        moved = await service.move_on(session, view, now=now, hub=True)
        if moved is not None:
            await notices.tell(session, view.conversation_id, ("spilled",), now=now, room=moved.room)
        elif view.room != control_rooms.HUB:
            await self._when_open(session, view, service.TO_HUB, self._settings.hub_after, now)

    async def _limit(self, session: AsyncSession, view: HandoverView, now: datetime) -> None:
        """Offer a complaint instead; once, and not while the contact knows that the room is closed."""
        key, _ = await self._duty(session, view, now)
        if key == "closed":
            await self._when_open(session, view, service.LIMIT, self._settings.wait_limit, now)
            return
        minutes = int((now - view.requested_at).total_seconds() // 60)
        await notices.tell(session, view.conversation_id, ("waited",), now=now, choices=True, minutes=minutes)

    async def _when_open(
        self, session: AsyncSession, view: HandoverView, what: str, after: float, now: datetime
    ) -> None:
        """Try again when the room has been open for as long; while it is open, after as long again."""
        begin = max(_opening(view.room, now) or now, now)
        await dues.schedule(session, what, view.id, begin + timedelta(seconds=after))


def _opening(room_id: str | None, now: datetime) -> datetime | None:
    """When a room opens; the moment itself while it is open, None for a room that is not known or never opens."""
    try:
        room = control_rooms.get(room_id or control_rooms.HUB)
    except NotFound:
        return None
    return now if open_at(room, now) else next_opening(room, now)
