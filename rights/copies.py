"""A copy of everything held about a contact: one file for machines, one for people, and the files that were sent."""

import asyncio
import json
import mimetypes
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.media.holdings import kept_files
from core.media.service import MediaStore, MediaView
from core.privacy.encryption import Undecipherable
from grievances import holdings as grievances
from rights import readable
from rights.stores import stores, subject_of

_PIECE = 64 * 1024


@dataclass(frozen=True)
class Copy:
    """Everything held about a contact at a moment, read and not yet packed."""

    made_at: datetime
    language: str
    held: Mapping[str, list[dict[str, Any]]]
    shared_with: tuple[str, ...]
    files: tuple[MediaView, ...]

    def as_json(self) -> bytes:
        """For machines."""
        told = {"made_at": self.made_at.isoformat(), "shared_with": self.shared_with, **self.held}
        return json.dumps(told, ensure_ascii=False, indent=1, default=str).encode()

    def as_text(self) -> bytes:
        """For people, in their language."""
        told = readable.text_of(self, [name_of(file) for file in self.files])
        return told.replace("\n", "\r\n").encode("utf-8-sig")


async def read(session: AsyncSession, contact_id: str, *, language: str, now: datetime) -> Copy:
    """Read everything that a contact may have."""
    subject = await subject_of(session, contact_id)
    held: dict[str, list[dict[str, Any]]] = {}
    for store in stores():
        held |= await store.export(session, subject)
    return Copy(
        made_at=now,
        language=language,
        held=held,
        shared_with=await grievances.registries_of(session, subject),
        files=tuple(await kept_files(session, subject)),
    )


def name_of(file: MediaView) -> str:
    """The name of a contact's file in the copy."""
    return f"files/{file.message_id}-{file.position + 1}{mimetypes.guess_extension(file.content_type or '') or ''}"


async def packed(copy: Copy, folder: MediaStore) -> AsyncIterator[bytes]:
    """The copy as a ZIP archive, piece by piece: nothing of it is written to a disk, one file at a time is in memory.

    A file that was erased meanwhile is left out.
    """
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", copy.as_json())
        archive.writestr("data.txt", copy.as_text())
        for piece in out.taken():
            yield piece
        for file in copy.files:
            try:
                content = await asyncio.to_thread(folder.read, file.id)
            except (NotFound, Undecipherable):
                continue
            archive.writestr(zipfile.ZipInfo(name_of(file)), content)
            for piece in out.taken():
                yield piece
    for piece in out.taken():
        yield piece


class _Pieces:
    """Where an archive is written to, and taken away from."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, content: bytes, /) -> int:
        """Take what the archive writes."""
        self._pieces.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> Iterable[bytes]:
        """What was written since the last time."""
        whole, self._pieces = b"".join(self._pieces), []
        return (whole[start : start + _PIECE] for start in range(0, len(whole), _PIECE))
