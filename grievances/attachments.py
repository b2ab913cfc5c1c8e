"""Which files a grievance takes: their types, their size, how many, and whose they are."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import service as conversations
from core.errors import InvalidInput, NotFound
from core.media import service as media
from core.media.service import MAX_BYTES, MediaState, MediaView
from grievances.models import GrievanceAttachment
from grievances.schemas import ActorKind, AttachmentView

MAX_FILES = 10
TYPES = frozenset(
    {
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/webp",
        "audio/ogg",
        "audio/mpeg",
        "audio/mp4",
        "video/mp4",
    }
)
"""Types as `core.media` recognises them by content: papers, pictures, voice and video, nothing that could run."""


def check(file: MediaView) -> None:
    """Check a file by itself.

    Raises:
        InvalidInput: It was not kept, is of a type that is not taken, or is too large.
    """
    if file.state is MediaState.TOO_LARGE or file.size > MAX_BYTES:
        raise InvalidInput("media_ids", f"files of at most {MAX_BYTES // 1024 // 1024} MB")
    if file.state is not MediaState.KEPT or file.content_type not in TYPES:
        raise InvalidInput("media_ids", "PDF, JPEG, PNG, WebP, OGG, MP3, M4A or MP4")


async def check_all(session: AsyncSession, media_ids: Sequence[str], contact_id: str) -> list[MediaView]:
    """Check files and whose they are.

    Raises:
        InvalidInput: One is not taken, or they are too many.
        NotFound: One does not exist, or another contact sent it.
    """
    if len(set(media_ids)) > MAX_FILES:
        raise InvalidInput("media_ids", f"at most {MAX_FILES} files")
    found = []
    for media_id in dict.fromkeys(media_ids):
        file = await media.get(session, media_id)
        message = await conversations.get_message(session, file.message_id)
        conversation = await conversations.get(session, message.conversation_id)
        if conversation.contact_id != contact_id:
            raise NotFound("media")
        check(file)
        found.append(file)
    return found


async def add(
    session: AsyncSession, grievance_id: str, files: Sequence[MediaView], *, by: ActorKind, now: datetime
) -> None:
    """Note files that were checked."""
    for file in files:
        session.add(
            GrievanceAttachment(
                grievance_id=grievance_id,
                media_id=file.id,
                content_type=file.content_type,
                size=file.size,
                added_by=by,
                added_at=now,
            )
        )
    await session.flush()


async def of(session: AsyncSession, grievance_id: str) -> list[AttachmentView]:
    """The files of a grievance, the oldest first."""
    rows = await session.scalars(
        select(GrievanceAttachment)
        .where(GrievanceAttachment.grievance_id == grievance_id)
        .order_by(GrievanceAttachment.added_at, GrievanceAttachment.media_id)
    )
    return [AttachmentView.model_validate(row) for row in rows]
