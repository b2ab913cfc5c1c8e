"""Brings queued messages to the provider, in order, at most once."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from channels.base import Manifest, Sender
from channels.gateway import outside
from channels.gateway.metrics import DELIVERIES, SEND_SECONDS
from channels.gateway.settings import GatewaySettings
from core import crash, log
from core.clock import Clock
from core.conversations import service as conversations
from core.conversations.schemas import AddressView
from core.db import Database
from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery
from core.events import WINDOW_CLOSED, DeliveryState
from core.outbox import service as outbox
from core.outbox import waiting
from core.outbox.service import OutboundView

_LOG = log.get(__name__)


class TokenBucket:
    """Lets `rate` a second through, and `burst` at once after a pause.

    Args:
        rate: Tokens a second.
        burst: Most tokens that gather.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = float(burst), time.monotonic()
        self._lock = asyncio.Lock()

    def try_take(self) -> float:
        """Take a token if there is one.

        Returns:
            0 when it was taken, else the seconds until there is one.
        """
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate

    async def take(self) -> None:
        """Wait for a token and take it."""
        async with self._lock:
            while wait := self.try_take():
                await asyncio.sleep(wait)


class ContactBuckets:
    """A bucket for each address that was written to lately.

    Args:
        rate: Tokens a second for one address.
        burst: Most tokens that gather for one address.
        most: How many addresses are remembered; the longest unused are forgotten, with full buckets in all likelihood.
    """

    def __init__(self, rate: float, burst: int, most: int = 10_000) -> None:
        self._rate, self._burst, self._most = rate, burst, most
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def try_take(self, address_id: str) -> float:
        """See `TokenBucket.try_take`."""
        bucket = self._buckets.get(address_id) or TokenBucket(self._rate, self._burst)
        self._buckets[address_id] = bucket
        self._buckets.move_to_end(address_id)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket.try_take()


def backoff(attempts: int, retry_after: float | None) -> float:
    """Seconds until the next attempt: doubling from half a second to a minute, never below what the provider asked."""
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing
    return max(min(0.5 * 2.0 ** (attempts - 1), 60.0) * spread, retry_after or 0.0)


class Delivery:
    """Delivers the rows of one conversation at a time; lanes make sure that nobody else does.

    Args:
        db: The application's database.
        clock: Tells the time.
        senders: The sender of each channel.
        settings: Patience and limits.
        manifests: What each channel can do; one without an entry takes free text at any time.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        senders: Mapping[str, Sender],
        settings: GatewaySettings,
        manifests: Mapping[str, Manifest] | None = None,
    ) -> None:
        self._db, self._clock, self._senders, self._settings = db, clock, senders, settings
        self._windows = {name: manifest.window for name, manifest in (manifests or {}).items()}
        self._buckets = {name: TokenBucket(settings.send_rate, settings.send_burst) for name in senders}
        self._contacts = ContactBuckets(settings.contact_rate, settings.contact_burst)

    async def deliver(self, conversation_id: str) -> None:
        """Send what is due in a conversation, in order; a row that must wait holds the later ones up, for a while."""
        async with self._db.peeking() as session:
            rows = await outbox.lane(session, conversation_id)
        for row in rows:
            if waiting.waits(row):
                continue
            if row.state is DeliveryState.SENDING:
                await self._found_in_sending(row)
            elif not await self._try(row):
                held_for = (self._clock.now() - row.created_at).total_seconds()
                if held_for < self._settings.lane_patience:
                    return

    async def _found_in_sending(self, row: OutboundView) -> None:
        """A process died between its commit and the provider's answer, or is at it at this moment."""
        started = row.sending_at or row.created_at
        mine = row.executor_id == self._settings.executor_id
        if not mine and self._clock.now() - started < timedelta(seconds=self._settings.takeover_after):
            return
        await self._settle(row, DeliveryState.UNCERTAIN, error_code="interrupted")

    async def _try(self, row: OutboundView) -> bool:
        """Whether the lane may go on to the next row."""
        now = self._clock.now()
        if row.next_attempt_at > now:
            return False
        wait = self._contacts.try_take(row.address_id)
        if wait:
            async with self._db.transaction() as session:
                await outbox.postpone(session, row.id, now + timedelta(seconds=wait))
            return False
        async with self._db.transaction() as session:
            address = await conversations.get_address(session, row.address_id)
            if address.stopped_at is not None and row.content.key != "gateway.stopped":
                await outbox.settle(session, row.id, DeliveryState.FAILED, now, error_code="stopped")
                return True
            closed = outside.is_closed(row, address, self._windows.get(row.channel), now)
            if not closed and not await outbox.begin_sending(session, row.id, self._settings.executor_id, now):
                return True
        if closed:
            return await self._outside(row, address)
        return await self._send(row, address, self._senders[row.channel].send)

    async def _outside(self, row: OutboundView, address: AddressView) -> bool:
        """Say what may be said to a contact who has not written lately: its template, or that something waits."""
        sender = self._senders[row.channel]
        try:
            way, nudge = await outside.choose(sender, row.content)
        except RetryableDelivery as error:
            retry_at = self._clock.now() + timedelta(seconds=backoff(row.attempts + 1, error.retry_after))
            async with self._db.transaction() as session:
                await outbox.postpone(session, row.id, retry_at)
            return False
        async with self._db.transaction() as session:
            now = self._clock.now()
            if nudge is not None:
                await outside.nudge(session, row, nudge, address, now)
            elif way is None:
                await outbox.settle(session, row.id, DeliveryState.FAILED, now, error_code=WINDOW_CLOSED)
            elif not await outbox.begin_sending(session, row.id, self._settings.executor_id, now):
                return True
        if way is None:
            DELIVERIES.labels(row.channel, DeliveryState.FAILED if nudge is None else DeliveryState.QUEUED).inc()
            _LOG.warning("delivery.outside", outbound_id=row.id, turn_id=row.turn_id, waits=nudge is not None)
            return True
        return await self._send(row, address, way)

    async def _send(self, row: OutboundView, address: AddressView, send: outside.Send) -> bool:
        crash.point("before_send")
        await self._buckets[row.channel].take()
        began = time.perf_counter()
        try:
            provider_id = await send(address.value, row.content, row.id)
        except RetryableDelivery as error:
            return await self._retry_or_fail(row, error, address)
        except FinalDelivery as error:
            await self._settle(row, DeliveryState.FAILED, error_code=error.code)
        except UncertainDelivery as error:
            await self._settle(row, DeliveryState.UNCERTAIN, error_code=error.code)
        else:
            SEND_SECONDS.observe(time.perf_counter() - began)
            crash.point("after_send")
            await self._settle(row, DeliveryState.SENT, provider_id=provider_id)
        return True

    async def _retry_or_fail(self, row: OutboundView, error: RetryableDelivery, address: AddressView) -> bool:
        now = self._clock.now()
        # What had to wait for the contact could not be tried before.
        since = max(row.created_at, address.last_inbound_at or row.created_at)
        if now - since > timedelta(seconds=self._settings.give_up_after):
            await self._settle(row, DeliveryState.FAILED, error_code=error.code)
            return True
        retry_at = now + timedelta(seconds=backoff(row.attempts + 1, error.retry_after))
        await self._settle(row, DeliveryState.QUEUED, error_code=error.code, retry_at=retry_at)
        return False

    async def _settle(
        self,
        row: OutboundView,
        state: DeliveryState,
        *,
        provider_id: str | None = None,
        error_code: str | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        async with self._db.transaction() as session:
            await outbox.settle(
                session,
                row.id,
                state,
                self._clock.now(),
                provider_id=provider_id,
                error_code=error_code,
                retry_at=retry_at,
            )
            if error_code == WINDOW_CLOSED:
                await waiting.say_otherwise(session, row.id, self._clock.now())
        DELIVERIES.labels(row.channel, state).inc()
        if state is not DeliveryState.SENT:
            _LOG.warning("delivery.not_sent", outbound_id=row.id, state=state, code=error_code, turn_id=row.turn_id)
        else:
            _LOG.info("delivery.sent", outbound_id=row.id, turn_id=row.turn_id)

    async def settle_uncertain(self) -> None:
        """Ask the providers about uncertain rows: one found there, and not known as another row, was sent."""
        async with self._db.reading() as session:
            rows = await outbox.uncertain(session)
        for row in rows:
            await self._settle_by_asking(row)

    async def _settle_by_asking(self, row: OutboundView) -> None:
        since = (row.sending_at or row.created_at) - timedelta(seconds=2)
        async with self._db.reading() as session:
            address = await conversations.get_address(session, row.address_id)
        try:
            found = await self._senders[row.channel].find(address.value, row.content, since)
        except (RetryableDelivery, FinalDelivery, UncertainDelivery):
            return
        async with self._db.transaction() as session:
            unknown = [sid for sid in found if sid not in await outbox.known_provider_ids(session, found)]
            if len(unknown) == 1:
                await outbox.settle(
                    session, row.id, DeliveryState.SENT, self._clock.now(), provider_id=unknown[0], error_code="asked"
                )
