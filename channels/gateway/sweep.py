"""Finds what was left lying: unanswered messages, queued rows, silent processes, missing webhooks, uncertain rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from channels.base import Sender
from channels.gateway.delivery import Delivery
from channels.gateway.engine import TurnEngine
from channels.gateway.media import MediaKeeper
from channels.gateway.metrics import DEAD, UNCERTAIN
from channels.gateway.settings import GatewaySettings
from core import log
from core.clock import Clock
from core.conversations import consents
from core.conversations import service as conversations
from core.db import Database
from core.errors import ProviderError, StorageUnavailable, TooMany
from core.ids import new_id
from core.outbox import service as outbox
from core.outbox import waiting
from core.turns import heartbeats
from core.turns import service as turns
from core.turns.service import Intake
from grievances.drafts import service as drafts

_LOG = log.get(__name__)
_WITHOUT_CONSENT = timedelta(hours=24)
Round = tuple[str, float, Callable[[], Awaitable[object]]]
"""Name of a round, seconds from one to the next, and its work."""


class Sweep:
    """The gateway's rounds.

    Args:
        db: The application's database.
        clock: Tells the time.
        engine: Starts and takes over turns.
        delivery: Settles uncertain rows.
        intake: Takes in what a provider has and we have not.
        senders: The sender of each channel.
        keeper: Erases the files of what is forgotten.
        settings: How often, how patiently.
        others: Rounds of features.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        engine: TurnEngine,
        delivery: Delivery,
        intake: Intake,
        senders: Mapping[str, Sender],
        keeper: MediaKeeper,
        settings: GatewaySettings,
        others: Sequence[Round] = (),
    ) -> None:
        self._db, self._clock, self._engine, self._delivery = db, clock, engine, delivery
        self._intake, self._senders, self._settings = intake, senders, settings
        self._keeper, self._others = keeper, others
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin the rounds."""
        every = self._settings.sweep_every
        rounds: list[Round] = [
            ("heartbeat", min(3.0, self._settings.takeover_after / 4), self.heartbeat),
            ("lanes", every, self.lanes),
            ("unanswered", max(every, 5.0), self.unanswered),
            ("uncertain", max(every * 5, 10.0), self.uncertain),
            ("reconcile", self._settings.reconcile_every, self.reconcile),
            ("purge", 600.0, self.purge),
            *self._others,
        ]
        self._tasks = [asyncio.create_task(self._repeat(*round_)) for round_ in rounds]

    async def stop(self) -> None:
        """End the rounds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, name: str, every: float, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            began = time.monotonic()
            try:
                await work()
            except Exception:
                _LOG.exception("sweep.failed", round=name)
            await asyncio.sleep(max(every - (time.monotonic() - began), 0.05))

    async def heartbeat(self) -> None:
        """Show that this process lives, and take over the turns of those that do not."""
        now = self._clock.now()
        async with self._db.transaction() as session:
            await heartbeats.beat(session, self._settings.executor_id, now)
            silence = timedelta(seconds=self._settings.takeover_after)
            silent = await heartbeats.claim_silent(session, self._settings.executor_id, now, silence)
        if silent:
            _LOG.warning("sweep.taking_over", executors=silent)
            await self._engine.take_over(silent)

    async def lanes(self) -> None:
        """Wake the lanes with rows that are due, or that stand in ``sending``."""
        now = self._clock.now()
        async with self._db.reading() as session:
            lanes = await outbox.waiting_lanes(session, now, timedelta(seconds=self._settings.takeover_after))
        for conversation_id in lanes:
            await self._engine.wake(conversation_id, str(int(now.timestamp() / 2)))

    async def unanswered(self) -> None:
        """Start a turn for messages that were stored and never answered."""
        now = self._clock.now()
        older = now - timedelta(seconds=self._settings.unanswered_after)
        async with self._db.reading() as session:
            lanes = await conversations.open_since(session, older)
            unfinished = {lane: await turns.unfinished_turn(session, lane) for lane, _ in lanes}
        for conversation_id, _first in lanes:
            # A turn that claimed is run again under its own id; its workflow may be lost, so the engine's id differs.
            turn_id = unfinished[conversation_id] or f"s{new_id()}"
            _LOG.warning("sweep.unanswered", conversation_id=conversation_id, turn_id=turn_id)
            await self._engine.restart_turn(conversation_id, turn_id, str(int(now.timestamp() / 60)))

    async def uncertain(self) -> None:
        """Ask the providers about uncertain rows, and show how many there are."""
        await self._delivery.settle_uncertain()
        async with self._db.reading() as session:
            UNCERTAIN.set(len(await outbox.uncertain(session)))
            DEAD.set(len(await turns.dead(session)))

    async def reconcile(self) -> None:
        """Compare the providers' lists of inbound messages with ours and take in what is missing."""
        since = self._clock.now() - timedelta(seconds=self._settings.reconcile_window)
        for channel, sender in self._senders.items():
            missing = 0
            try:
                async for event in sender.list_inbound(since):
                    if not await self._intake.is_known(event.provider, event.provider_id):
                        await self._intake.accept(event)
                        missing += 1
            except (ProviderError, TooMany, StorageUnavailable) as error:
                _LOG.warning("reconcile.incomplete", channel=channel, error=type(error).__name__)
            if missing:
                _LOG.warning("reconcile.accepted", channel=channel, missing=missing)

    async def purge(self) -> None:
        """Forget finished workflows, very old provider ids, and what contacts without consent wrote a day ago.

        What has waited too long for its contact to write is given up.
        """
        await self._engine.purge()
        async with self._db.transaction() as session:
            forgotten = await consents.forget_without_consent(session, self._clock.now() - _WITHOUT_CONSENT)
            await self._keeper.erase(session, forgotten)
            await turns.forget_old_ids(session, self._clock.now())
            await waiting.give_up(session, self._clock.now() - timedelta(days=self._settings.wait_for_contact))
            await drafts.purge(session, self._clock.now())
