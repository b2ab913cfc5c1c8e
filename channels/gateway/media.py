"""Fetches the files of a contact's messages from the provider and keeps them."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from channels.base import Sender
from core.clock import Clock
from core.conversations.schemas import MessageView
from core.db import Database
from core.errors import ProviderError, RetryableDelivery
from core.media import service as media
from core.media.service import MediaStore, MediaView

_TRIES = 3


class MediaKeeper:
    """Keeps files, or notes why one is not kept.

    Args:
        db: The application's database.
        clock: Tells the time.
        store: Where content goes.
        senders: The sender of each channel, which fetches from its provider.
    """

    def __init__(self, db: Database, clock: Clock, store: MediaStore, senders: Mapping[str, Sender]) -> None:
        self._db, self._clock, self._store, self._senders = db, clock, store, senders

    async def keep(self, channel: str, messages: Sequence[MessageView]) -> list[MediaView]:
        """Keep every file of these messages.

        Returns:
            The files, with what became of each.
        """
        async with self._db.reading() as session:
            known = await media.of_messages(session, [message.id for message in messages])
        found: list[MediaView] = []
        for message in messages:
            files = (message.content or {}).get("media") or []
            kept = {view.position: view for view in known.get(message.id, [])}
            for position, file in enumerate(files):
                if position not in kept:
                    kept[position] = await self._keep_one(channel, message.id, position, file)
                found.append(kept[position])
        return found

    async def erase(self, session: AsyncSession, message_ids: list[int]) -> None:
        """Erase the files of messages, in the caller's transaction."""
        await media.erase(session, self._store, message_ids)

    async def _keep_one(self, channel: str, message_id: int, position: int, file: Mapping[str, str]) -> MediaView:
        content = await self._fetch(channel, file["url"])
        async with self._db.transaction() as session:
            return await media.keep(
                session,
                self._store,
                message_id=message_id,
                position=position,
                declared_type=file["declared_type"],
                content=content,
                now=self._clock.now(),
            )

    async def _fetch(self, channel: str, url: str) -> bytes | None:
        for attempt in range(_TRIES):
            try:
                return await self._senders[channel].fetch(url, media.MAX_BYTES + 1)
            except RetryableDelivery:
                await asyncio.sleep(0.5 * 2**attempt)
            except ProviderError:
                return None
        return None
