"""The door to files: keep one, read one, and make and check links to one."""

import asyncio
import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import filetype
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound, NotPermitted
from core.ids import is_id, new_id
from core.media.models import Media
from core.privacy.encryption import keyring

MAX_BYTES = 16 * 1024 * 1024
"""Largest file that is kept: the provider's own limit for WhatsApp (https://www.twilio.com/docs/whatsapp/api)."""
ALLOWED = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "application/pdf",
        "audio/ogg",
        "audio/mpeg",
        "audio/mp4",
        "audio/aac",
        "audio/amr",
        "video/mp4",
        "video/3gpp",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
"""Types that are kept, as recognised by content; nothing that a browser would run."""
LINK_SECONDS = 300


class MediaState(StrEnum):
    """What became of a file."""

    KEPT = "kept"
    UNKNOWN_TYPE = "unknown_type"
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"
    ERASED = "erased"


class MediaView(BaseModel):
    """A file, without its content."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    message_id: int
    position: int
    state: MediaState
    declared_type: str
    content_type: str | None
    size: int


def recognise(content: bytes) -> str | None:
    """The type of a file by its content, if it is one that is kept."""
    found = filetype.guess_mime(content)
    name = {"audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4"}.get(str(found), str(found))
    return name if name in ALLOWED else None


class MediaStore:
    """Keeps the encrypted content of files in a folder.

    Args:
        folder: Where; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, media_id: str) -> Path:
        if not is_id(media_id):
            raise NotFound("media")
        return self._folder / media_id[-2:] / media_id

    def write(self, media_id: str, content: bytes) -> None:
        """Encrypt and keep a file; either all of it is there afterwards or none."""
        path = self._path(media_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_bytes(keyring().encrypt(content, f"media.{media_id}"))
        partial.replace(path)

    def read(self, media_id: str) -> bytes:
        """The file's content.

        Raises:
            NotFound: There is none.
            Undecipherable: It was altered.
        """
        try:
            return keyring().decrypt(self._path(media_id).read_bytes(), f"media.{media_id}")
        except FileNotFoundError:
            raise NotFound("media") from None

    def rewrite(self, media_id: str) -> bool:
        """Encrypt a file under the present key; whether it was there and under another one.

        Raises:
            Undecipherable: It was altered, or its key is gone.
        """
        try:
            stored = self._path(media_id).read_bytes()
        except FileNotFoundError:
            return False
        if stored[:1] == bytes([keyring().current]):
            return False
        self.write(media_id, keyring().decrypt(stored, f"media.{media_id}"))
        return True

    def has(self, media_id: str) -> bool:
        """Whether the file is there."""
        return self._path(media_id).exists()

    def erase(self, media_id: str) -> None:
        """Remove the file, if it is there."""
        self._path(media_id).unlink(missing_ok=True)


async def erase(
    session: AsyncSession, store: MediaStore, which: ColumnElement[bool] | list[int], but: Collection[str] = ()
) -> None:
    """Erase files: their content, and what tells of it; that there was a file stays.

    Args:
        session: The caller's transaction.
        store: Where the contents are.
        which: Numbers of messages, or a condition on the rows.
        but: Ids of files that stay as they are.
    """
    condition = Media.message_id.in_(which) if isinstance(which, list) else which
    rows = list(await session.scalars(select(Media).where(condition, Media.id.not_in(but))))
    for row in rows:
        row.state, row.declared_type, row.content_type, row.digest = MediaState.ERASED.value, "", None, None
    # The rows first: whoever rewrites a file under a new key holds its row, and would bring the file back.
    await session.flush()
    for row in rows:
        await asyncio.to_thread(store.erase, row.id)


async def keep(
    session: AsyncSession,
    store: MediaStore,
    *,
    message_id: int,
    position: int,
    declared_type: str,
    content: bytes | None,
    now: datetime,
) -> MediaView:
    """Keep a file of a message, or note why it is not kept; what is noted already stays.

    Args:
        session: The caller's transaction.
        store: Where content goes.
        message_id: The message.
        position: The file's place in it, from 0.
        declared_type: What the sender says it is; it is never believed.
        content: The bytes; None when they could not be had.
        now: When.
    """
    present = await session.scalar(select(Media).where(Media.message_id == message_id, Media.position == position))
    if present is not None:
        return MediaView.model_validate(present)
    media_id = new_id()
    content_type: str | None = None
    if content is None:
        state = MediaState.UNREACHABLE
    elif len(content) > MAX_BYTES:
        state = MediaState.TOO_LARGE
    else:
        content_type = recognise(content)
        state = MediaState.KEPT if content_type else MediaState.UNKNOWN_TYPE
    if state is MediaState.KEPT and content is not None:
        await asyncio.to_thread(store.write, media_id, content)
    row = Media(
        id=media_id,
        message_id=message_id,
        position=position,
        state=state,
        declared_type=declared_type[:127],
        content_type=content_type,
        size=len(content or b""),
        digest=hashlib.sha256(content).digest() if content else None,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return MediaView.model_validate(row)


async def of_messages(session: AsyncSession, message_ids: list[int]) -> dict[int, list[MediaView]]:
    """The files of messages, in order, by message."""
    rows = await session.scalars(
        select(Media).where(Media.message_id.in_(message_ids)).order_by(Media.message_id, Media.position)
    )
    found: dict[int, list[MediaView]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(MediaView.model_validate(row))
    return found


async def get(session: AsyncSession, media_id: str) -> MediaView:
    """A file, without its content.

    Raises:
        NotFound: There is none.
    """
    row = await session.get(Media, media_id)
    if row is None:
        raise NotFound("media")
    return MediaView.model_validate(row)


async def kept_after(session: AsyncSession, media_id: str, limit: int) -> list[str]:
    """Ids of kept files, in order, after the given one."""
    rows = await session.scalars(
        select(Media.id).where(Media.state == MediaState.KEPT, Media.id > media_id).order_by(Media.id).limit(limit)
    )
    return list(rows)


async def rewrite(session: AsyncSession, store: MediaStore, media_id: str) -> bool:
    """Encrypt a file under the present key, holding its row so that nobody erases it meanwhile.

    Returns:
        Whether it was there and under another key.

    Raises:
        Undecipherable: It was altered, or its key is gone.
    """
    row = select(Media.id).where(Media.id == media_id, Media.state == MediaState.KEPT).with_for_update()
    if await session.scalar(row) is None:
        return False
    return await asyncio.to_thread(store.rewrite, media_id)


def _signature(media_id: str, viewer: str, expires: int) -> str:
    return keyring().blind_index(f"{media_id}\0{viewer}\0{expires}", "media.link").hex()


def sign_link(media_id: str, viewer: str, now: datetime) -> str:
    """The query of a link that shows a file to one viewer for five minutes."""
    expires = int(now.timestamp()) + LINK_SECONDS
    return f"expires={expires}&signature={_signature(media_id, viewer, expires)}"


def check_link(media_id: str, viewer: str, expires: int, signature: str, now: datetime) -> None:
    """Check a link that `sign_link` made.

    Raises:
        NotPermitted: It is expired, was altered, or is another viewer's.
    """
    if expires < now.timestamp() or not hmac.compare_digest(_signature(media_id, viewer, expires), signature):
        raise NotPermitted("this link has expired")
