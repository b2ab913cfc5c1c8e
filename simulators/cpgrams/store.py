"""The stand-in's memory: one SQLite file, or nothing but memory in tests."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from simulators.cpgrams.records import Grievance, Origin, Status

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grievance (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT UNIQUE NOT NULL, origin TEXT NOT NULL,
  client_reference TEXT NOT NULL, status TEXT NOT NULL, received_at REAL NOT NULL, updated_at REAL NOT NULL,
  details TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS grievance_reference ON grievance (client_reference);
CREATE INDEX IF NOT EXISTS grievance_received ON grievance (origin, received_at);
"""
_COLUMNS = "sequence, number, origin, client_reference, status, received_at, updated_at, details"


def _grievance(row: tuple[Any, ...]) -> Grievance:
    """Build a grievance from a row in the order of the columns above."""
    sequence, number, origin, client_reference, status, received_at, updated_at, details = row
    return Grievance(sequence, number, origin, client_reference, status, received_at, updated_at, json.loads(details))


class Store:
    """Grievances by number, by the client's reference and by receipt; used from one event loop only."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM grievance")

    def add(
        self,
        prefix: str,
        *,
        origin: Origin,
        client_reference: str,
        received_at: float,
        details: dict[str, Any],
    ) -> Grievance:
        """Register under the next number of this prefix (``ORGCODE/E/YYYY``)."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            (last,) = self._db.execute(
                "SELECT max(number) FROM grievance WHERE number GLOB ?", (f"{prefix}/[0-9]*",)
            ).fetchone()
            number = f"{prefix}/{int(last.rpartition('/')[2]) + 1 if last else 1:07d}"
            self._db.execute(
                "INSERT INTO grievance (number, origin, client_reference, status, received_at, updated_at, details)"
                " VALUES (?,?,?,'received',?,?,?)",
                (number, origin, client_reference, received_at, received_at, json.dumps(details, ensure_ascii=False)),
            )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        found = self.by_number(number)
        if found is None:  # pragma: no cover - the row was committed above
            raise LookupError(number)
        return found

    def by_number(self, number: str) -> Grievance | None:
        """Find a grievance by its registration number."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM grievance WHERE number = ?", (number,)).fetchone()  # noqa: S608
        return _grievance(row) if row else None

    def by_reference(self, client_reference: str) -> list[Grievance]:
        """Find what a client registered under its reference, in order."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM grievance WHERE client_reference = ? ORDER BY sequence",  # noqa: S608
            (client_reference,),
        )
        return [_grievance(row) for row in rows]

    def all(self) -> list[Grievance]:
        """Everything, in the order of registration."""
        return [_grievance(row) for row in self._db.execute(f"SELECT {_COLUMNS} FROM grievance ORDER BY sequence")]  # noqa: S608

    def direct(self, since: float, after: int, limit: int) -> list[Grievance]:
        """What citizens filed directly since a moment, in the order of registration."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM grievance"  # noqa: S608
            " WHERE origin = 'direct' AND received_at >= ? AND sequence > ? ORDER BY sequence LIMIT ?",
            (since, after, limit),
        )
        return [_grievance(row) for row in rows]

    def move(self, number: str, status: Status, at: float, details: dict[str, Any]) -> Grievance | None:
        """Set the status and add to the details; None when it is not there."""
        found = self.by_number(number)
        if found is None:
            return None
        self._db.execute(
            "UPDATE grievance SET status = ?, updated_at = ?, details = ? WHERE number = ?",
            (status, at, json.dumps(found.details | details, ensure_ascii=False), number),
        )
        return self.by_number(number)
