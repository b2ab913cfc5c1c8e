"""A copy of everything held about a contact: one file for machines, one for people, and the files that were sent."""

import asyncio
import json
import mimetypes
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.media.holdings import kept_files
from core.media.service import MediaStore, MediaView
from core.privacy.encryption import Undecipherable
from grievances import holdings as grievances
from rights.stores import stores, subject_of
from rights.words import moment, say

_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "profile": ("name", "language", "place"),
    "addresses": ("kind", "value"),
    "consents": ("purpose", "version", "noticed_at", "given_at", "declined_at", "withdrawn_at"),
    "grievances": (
        "reference", "category", "status", "filed_at", "particulars", "place", "outcome", "closed_at",
        "closing_reasons", "history",
    ),
    "registrations": ("registered_with", "number", "payload", "remarks"),
    "drafts": ("kind", "started_at", "updated_at", "content"),
    "handovers": ("requested_at", "reason", "resolved_at"),
    "conversations": ("channel", "room", "opened_at", "closed_at"),
}  # fmt: skip
"""What the readable file tells of each kind, in order; data.json has everything."""
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
        language = self.language
        lines = [
            say("copy_title", language),
            say("copy_made", language, when=moment(self.made_at, language)),
            say("copy_json", language),
            *(say(f"shared_{registry}", language) for registry in self.shared_with),
            say("shared_provider", language),
        ]
        for kind, fields in _SECTIONS.items():
            if rows := self.held.get(kind):
                lines += ["", _heading(kind, len(rows), language)]
                for row in rows:
                    lines += [*_described(row, fields, language), ""]
        lines += ["", _heading("files", len(self.files), language), *(f"- {name_of(file)}" for file in self.files)]
        messages = self.held.get("messages", [])
        lines += ["", _heading("messages", len(messages), language)]
        lines += [_line(message, language) for message in messages]
        return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


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


# --- for people ---------------------------------------------------------------------------------------------


def _heading(kind: str, count: int, language: str) -> str:
    title = say(f"held_{kind}", language, count=count)
    return f"{title}\r\n{'=' * len(title)}"


def _described(row: Mapping[str, Any], fields: Sequence[str], language: str) -> list[str]:
    return [
        f"{say(f'field_{field}', language)}: {_value(row[field], language)}"
        for field in fields
        if row.get(field) not in (None, "", {}, [])
    ]


def _value(value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        told = [f"{name}: {_value(inner, language)}" for name, inner in value.items() if inner not in (None, "", {})]
        return "; ".join(told)
    if isinstance(value, list):
        return "".join(f"\r\n  - {_value(one, language)}" for one in value)
    return _moment_or_text(str(value), language)


def _moment_or_text(text: str, language: str) -> str:
    """A moment is shown as people write it; everything else stays as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment(at, language) if at.tzinfo is not None else text


def _line(message: Mapping[str, Any], language: str) -> str:
    content = message.get("content") or {}
    said = str(content.get("text") or "") or f"[{message['kind']}]"
    who = say(f"author_{message['author']}", language)
    indented = said.replace("\n", "\r\n    ")
    return f"{_moment_or_text(str(message['created_at']), language)}  {who}: {indented}"
