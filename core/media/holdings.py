"""What is held about a contact here: the files that it sent."""

from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.media import service
from core.media.models import Media
from core.media.service import MediaState, MediaStore, MediaView
from core.privacy.holdings import Holding, Rows, Subject


class MediaHolding(Holding):
    """Files, in the folder and in the table; a row without its file stays where a grievance names it.

    Args:
        store: Where the contents are; only who counts and exports rows can do without.
    """

    rows = (
        Rows(
            Media,
            lambda subject: Media.message_id.in_(subject.message_ids),
            personal=(Media.digest, Media.content_type),
            at=Media.created_at,
            kind="files",
        ),
    )

    def __init__(self, store: MediaStore | None = None) -> None:
        self._given = store

    @property
    def _store(self) -> MediaStore:
        if self._given is None:
            raise LookupError("no folder of files was given")
        return self._given

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """Remove the files, and what the rows tell of them."""
        await service.erase(session, self._store, self.rows[0].owned(subject))

    async def left(self, session: AsyncSession, subject: Subject) -> dict[str, int]:
        """As everywhere, and files that still lie in the folder."""
        found = await super().left(session, subject)
        ids = await session.scalars(select(Media.id).where(self.rows[0].owned(subject)))
        if lying := sum(self._store.has(media_id) for media_id in ids):
            found["media folder"] = lying
        return found

    async def purge(self, session: AsyncSession, subject: Subject) -> None:
        """Remove the rows that no grievance names."""
        await session.execute(
            delete(Media)
            .where(self.rows[0].owned(subject), Media.id.not_in(subject.attached_ids))
            .execution_options(synchronize_session=False)
        )


async def kept_files(session: AsyncSession, subject: Subject) -> list[MediaView]:
    """The files of a contact that are there, the oldest first."""
    rows = await session.scalars(
        select(Media)
        .where(Media.message_id.in_(subject.message_ids), Media.state == MediaState.KEPT)
        .order_by(Media.message_id, Media.position)
    )
    return [MediaView.model_validate(row) for row in rows]


def messages_with_files() -> Select[int]:
    """A query of the numbers of messages that a row of a file leads to."""
    return select(func.distinct(Media.message_id))
