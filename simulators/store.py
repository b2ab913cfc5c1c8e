"""The simulated provider's memory: one SQLite file, or nothing but memory in tests."""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulators.records import Content, Media, Message, MessageFilter

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT UNIQUE NOT NULL, direction TEXT NOT NULL,
  contact TEXT NOT NULL, business TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL,
  created_at REAL NOT NULL, updated_at REAL NOT NULL, sent_at REAL, error_code INTEGER,
  num_media INTEGER NOT NULL, details TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_contact ON message (contact, sequence);
CREATE TABLE IF NOT EXISTS media (
  sid TEXT PRIMARY KEY, message_sid TEXT NOT NULL, content_type TEXT NOT NULL, filename TEXT NOT NULL,
  data BLOB NOT NULL, created_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS media_message ON media (message_sid);
CREATE TABLE IF NOT EXISTS content (
  sid TEXT PRIMARY KEY, friendly_name TEXT NOT NULL, language TEXT NOT NULL, variables TEXT NOT NULL,
  types TEXT NOT NULL, approval TEXT NOT NULL, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS contact_window (contact TEXT PRIMARY KEY, last_inbound_at REAL NOT NULL);
"""
_MESSAGE_COLUMNS = (
    "sid, direction, contact, business, body, status, created_at, updated_at, sent_at, error_code, num_media,"
    " details, sequence"
)
_MEDIA_COLUMNS = "sid, message_sid, content_type, filename, data, created_at"
_CONTENT_COLUMNS = "sid, friendly_name, language, variables, types, approval, created_at"
_UPDATABLE = frozenset({"body", "status", "updated_at", "sent_at", "error_code", "num_media", "details"})


def _message(row: tuple[Any, ...]) -> Message:
    """Build a message from a row in the order of the columns above."""
    values = list(row)
    values[11] = json.loads(values[11])
    return Message(*values)


def _content(row: tuple[Any, ...]) -> Content:
    """Build a template from a row in the order of the columns above."""
    values = list(row)
    values[3], values[4] = json.loads(values[3]), json.loads(values[4])
    return Content(*values)


class Store:
    """Messages, media, templates and service windows.

    It is used from one event loop only; each call is one short statement or transaction.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add_message(self, message: Message, media: Iterable[Media] = ()) -> Message:
        """Store a message with its files and return it with its place in the order of acceptance."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            cursor = self._db.execute(
                f"INSERT INTO message ({_MESSAGE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,NULL)",  # noqa: S608
                (
                    message.sid, message.direction, message.contact, message.business, message.body, message.status,
                    message.created_at, message.updated_at, message.sent_at, message.error_code, message.num_media,
                    json.dumps(message.details, ensure_ascii=False),
                ),
            )  # fmt: skip
            for file in media:
                self._insert_media(file)
            if message.inbound:
                self.set_window(message.contact, message.created_at)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        stored = self.message(message.sid)
        if stored is None:  # pragma: no cover - the row was committed above
            raise LookupError(cursor.lastrowid)
        return stored

    def add_media(self, media: Media) -> None:
        """Store a file that was fetched after its message had been accepted."""
        self._insert_media(media)

    def _insert_media(self, media: Media) -> None:
        self._db.execute(
            f"INSERT INTO media ({_MEDIA_COLUMNS}) VALUES (?,?,?,?,?,?)",  # noqa: S608
            (media.sid, media.message_sid, media.content_type, media.filename, media.data, media.created_at),
        )

    def update_message(self, sid: str, **changes: Any) -> Message | None:
        """Change some columns of a message; None when it is not there (any more)."""
        unknown = set(changes) - _UPDATABLE
        if unknown:
            raise KeyError(sorted(unknown))
        if "details" in changes:
            changes["details"] = json.dumps(changes["details"], ensure_ascii=False)
        assignments = ", ".join(f"{name} = ?" for name in changes)
        self._db.execute(f"UPDATE message SET {assignments} WHERE sid = ?", (*changes.values(), sid))  # noqa: S608
        return self.message(sid)

    def message(self, sid: str) -> Message | None:
        """Find a message by its identifier."""
        row = self._db.execute(f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE sid = ?", (sid,)).fetchone()  # noqa: S608
        return _message(row) if row else None

    def messages(self, wanted: MessageFilter) -> list[Message]:
        """List messages, newest first."""
        when = "CAST(COALESCE(sent_at, created_at) AS INTEGER)"
        recipient = "CASE direction WHEN 'inbound' THEN business ELSE contact END"
        sender = "CASE direction WHEN 'inbound' THEN contact ELSE business END"
        conditions = {
            f"{recipient} = ?": wanted.recipient,
            f"{sender} = ?": wanted.sender,
            f"{when} >= ?": wanted.sent_from,
            f"{when} <= ?": wanted.sent_until,
            "sequence < ?": wanted.before_sequence,
        }
        used = {text: value for text, value in conditions.items() if value is not None}
        where = " AND ".join(used) or "1"
        rows = self._db.execute(
            f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE {where} ORDER BY sequence DESC LIMIT ?",  # noqa: S608
            (*used.values(), wanted.limit),
        )
        return [_message(row) for row in rows]

    def in_order(self, *, direction: str | None = None, contact: str | None = None, after: int = 0) -> list[Message]:
        """List messages in the order in which the provider accepted them."""
        rows = self._db.execute(
            f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE sequence > ?"  # noqa: S608
            " AND (? IS NULL OR direction = ?) AND (? IS NULL OR contact = ?) ORDER BY sequence",
            (after, direction, direction, contact, contact),
        )
        return [_message(row) for row in rows]

    def latest(self, contact: str, limit: int) -> list[Message]:
        """The newest messages of one contact, oldest of them first."""
        rows = self._db.execute(
            f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE contact = ? ORDER BY sequence DESC LIMIT ?",  # noqa: S608
            (contact, limit),
        )
        return [_message(row) for row in rows][::-1]

    def delete_message(self, sid: str) -> bool:
        """Forget a message and its files."""
        self._db.execute("DELETE FROM media WHERE message_sid = ?", (sid,))
        return self._db.execute("DELETE FROM message WHERE sid = ?", (sid,)).rowcount > 0

    def media(self, sid: str) -> Media | None:
        """Find a file by its identifier."""
        row = self._db.execute(f"SELECT {_MEDIA_COLUMNS} FROM media WHERE sid = ?", (sid,)).fetchone()  # noqa: S608
        return Media(*row) if row else None

    def media_of(self, message_sid: str) -> list[Media]:
        """List a message's files in the order in which they were attached."""
        rows = self._db.execute(
            f"SELECT {_MEDIA_COLUMNS} FROM media WHERE message_sid = ? ORDER BY rowid",  # noqa: S608
            (message_sid,),
        )
        return [Media(*row) for row in rows]

    def delete_media(self, sid: str) -> bool:
        """Forget one file."""
        return self._db.execute("DELETE FROM media WHERE sid = ?", (sid,)).rowcount > 0

    def save_content(self, content: Content) -> None:
        """Store a template, or its new approval."""
        self._db.execute(
            f"INSERT OR REPLACE INTO content ({_CONTENT_COLUMNS}) VALUES (?,?,?,?,?,?,?)",  # noqa: S608
            (
                content.sid, content.friendly_name, content.language,
                json.dumps(content.variables, ensure_ascii=False), json.dumps(content.types, ensure_ascii=False),
                content.approval, content.created_at,
            ),
        )  # fmt: skip

    def content(self, sid: str) -> Content | None:
        """Find a template by its identifier."""
        row = self._db.execute(f"SELECT {_CONTENT_COLUMNS} FROM content WHERE sid = ?", (sid,)).fetchone()  # noqa: S608
        return _content(row) if row else None

    def contents(self) -> list[Content]:
        """List all templates, newest first."""
        rows = self._db.execute(f"SELECT {_CONTENT_COLUMNS} FROM content ORDER BY created_at DESC, sid")  # noqa: S608
        return [_content(row) for row in rows]

    def delete_content(self, sid: str) -> bool:
        """Forget a template."""
        return self._db.execute("DELETE FROM content WHERE sid = ?", (sid,)).rowcount > 0

    def last_inbound_at(self, contact: str) -> float | None:
        """When the contact last wrote, which opens the service window."""
        row = self._db.execute("SELECT last_inbound_at FROM contact_window WHERE contact = ?", (contact,)).fetchone()
        return float(row[0]) if row else None

    def set_window(self, contact: str, when: float) -> None:
        """Set when the contact last wrote."""
        self._db.execute("INSERT OR REPLACE INTO contact_window VALUES (?, ?)", (contact, when))

    def clear(self, *, contents: bool) -> None:
        """Forget messages, files and windows, and templates if asked."""
        tables = ["message", "media", "contact_window", *(["content"] if contents else [])]
        for table in tables:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608
