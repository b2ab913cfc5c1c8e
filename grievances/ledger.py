"""The chain of events: add to it, read it, and check it against the rows that follow from it.

Each event carries the digest of the one before it in the whole ledger, so that none can be altered, moved or taken out
unnoticed. `changes` holds the columns that it set and no words of a person: the row of a grievance is their fold, and
that can be checked after its words were erased. Words are checked by salted digests; the salt is erased with them.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Dialect, LargeBinary, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from core.audit import service as audit
from core.privacy.encryption import keyring
from grievances.models import Grievance, GrievanceEvent
from grievances.schemas import Actor, EventView, Kind, Status

Plain = str | int | None
Changes = dict[str, Plain]
Term = tuple[str, bytes]
"""Field and blind index of a search word."""

START = bytes(32)
SEALED = frozenset({"particulars", "place", "closing_reasons", "udyam_index", "against_index", "district_index"})
"""Columns that say something about a person: events hold only a digest of them, `content_seal` or `closing_seal`."""
_UNTRACKED = SEALED | {"id", "version"}
TRACKED = tuple(column.name for column in Grievance.__table__.columns if column.name not in _UNTRACKED)


@dataclass(frozen=True)
class Draft:
    """An event that has happened and is not in the chain yet."""

    grievance_id: str
    seq: int
    at: datetime
    actor: Actor
    kind: Kind
    from_status: Status | None
    to_status: Status
    changes: Changes
    details: Mapping[str, object]
    turn_id: str | None = None

    def view(self) -> EventView:
        """The event as others see it."""
        return EventView(
            seq=self.seq,
            at=self.at,
            actor=self.actor.kind,
            officer_id=self.actor.officer_id,
            kind=self.kind,
            from_status=self.from_status,
            to_status=self.to_status,
            details=dict(self.details),
        )


_DETAILS = "grievance_event.details"
# Details come encrypted, from the same text of which the digest is made.
_TYPES: dict[str, TypeEngine[Any]] = {
    column.name: LargeBinary() if column.name == "details" else column.type
    for column in GrievanceEvent.__table__.columns
}
_INSERT = insert(GrievanceEvent.__table__).values(  # type: ignore[arg-type]
    {name: bindparam(name, type_=type_) for name, type_ in _TYPES.items()}
)


@dataclass(frozen=True)
class _RawInsert:
    """The insert as the driver takes it: many rows at once cost half of what they cost through the toolkit."""

    sql: str
    bind: Mapping[str, Callable[[Any], Any]]
    places: tuple[str, ...] | None
    """The columns in the order of the statement's places; None where the driver takes names."""

    def parameters(self, row: Mapping[str, object]) -> Any:
        """The values of a row as the driver takes them."""
        bound = {name: self.bind[name](value) if name in self.bind else value for name, value in row.items()}
        return bound if self.places is None else tuple(bound[name] for name in self.places)


_raw_inserts: dict[str, _RawInsert] = {}


def _raw_insert(dialect: Dialect) -> _RawInsert:
    if dialect.name not in _raw_inserts:
        compiled = _INSERT.compile(dialect=dialect)
        impls = {name: type_.dialect_impl(dialect).bind_processor(dialect) for name, type_ in _TYPES.items()}
        # Both drivers take bytes as they are; wrapping each costs more than writing it.
        bind = {
            name: process
            for name, process in impls.items()
            if process is not None and not isinstance(_TYPES[name], LargeBinary)
        }
        places = tuple(compiled.positiontup) if compiled.positiontup else None
        _raw_inserts[dialect.name] = _RawInsert(str(compiled), bind, places)
    return _raw_inserts[dialect.name]


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: object) -> str:
    """The one JSON text of a value."""
    return _ENCODER.encode(value)


_AS_THEY_ARE = (str, int)


def plain(value: object) -> Plain:
    """A column's value as events hold it."""
    if value is None or isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(type(value).__name__)


def digest_of_rows(rows: Sequence[BaseModel]) -> str:
    """Digest of rows beside a grievance, in whatever order they come."""
    return hashlib.sha256(
        "\n".join(sorted(canonical(row.model_dump(mode="json")) for row in rows)).encode()
    ).hexdigest()


def new_salt() -> str:
    """Makes a digest of words useless for guessing them once it is erased."""
    return secrets.token_hex(16)


def content_seal(row: Grievance, vector: bytes | None, terms: Iterable[Term]) -> str | None:
    """Digest of everything that the contact told and of the words by which it is found; its salt is a particular."""
    if row.particulars is None:
        return None
    indexes = [plain(row.udyam_index), plain(row.against_index), plain(row.district_index)]
    told = [row.particulars, row.place, *indexes, [[field, plain(term)] for field, term in sorted(terms)]]
    return hashlib.sha256(canonical(told).encode() + (vector or b"")).hexdigest()


def closing_seal(row: Grievance) -> str | None:
    """Digest of the reasons for closing, with their salt."""
    if row.closing_reasons is None:
        return None
    return hashlib.sha256(canonical(row.closing_reasons).encode()).hexdigest()


def snapshot(row: Grievance) -> Changes:
    """The tracked columns of a row, and the seal of its closing."""
    return {name: plain(getattr(row, name)) for name in TRACKED} | {"closing_seal": closing_seal(row)}


def changed(before: Changes, after: Changes) -> Changes:
    """What differs."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def digest_of(fields: Sequence[Plain], detail_digest: bytes, previous: bytes) -> bytes:
    """The digest of an event: of what it says in the clear, of its details' digest and of the event before."""
    return hashlib.sha256(canonical(list(fields)).encode() + detail_digest + previous).digest()


def detail_digest_of(details: Mapping[str, object]) -> bytes:
    """The digest of details with their salt."""
    return hashlib.sha256(canonical(details).encode()).digest()


async def append(session: AsyncSession, drafts: Sequence[Draft]) -> None:
    """Write events to the end of the chain, in order.

    The chain is locked until the transaction ends: take every other lock before.
    """
    # The lock of the audit chain serves both: with two, one transaction could wait for the other in a circle.
    await audit.lock(session)
    last, previous = await head(session)
    ring = keyring()
    rows: list[dict[str, object]] = []
    for number, draft in enumerate(drafts, last + 1):
        fields = _fields(number, draft)
        details = canonical({"salt": new_salt(), **draft.details}).encode()
        detail_digest = hashlib.sha256(details).digest()
        digest = digest_of([plain(value) for value in fields.values()], detail_digest, previous)
        fields |= {
            "details": ring.encrypt(details, _DETAILS),
            "detail_digest": detail_digest,
            "previous_digest": previous,
            "digest": digest,
        }
        rows.append(fields)
        previous = digest
    connection = await session.connection()
    raw = _raw_insert(connection.dialect)
    await connection.exec_driver_sql(raw.sql, [raw.parameters(row) for row in rows])


def _fields(number: int, draft: Draft) -> dict[str, object]:
    """What an event says in the clear, in the order in which its digest takes it."""
    return {
        "number": number,
        "grievance_id": draft.grievance_id,
        "seq": draft.seq,
        "at": draft.at,
        "actor": draft.actor.kind.value,
        "officer_id": draft.actor.officer_id,
        "kind": draft.kind.value,
        "from_status": draft.from_status.value if draft.from_status else None,
        "to_status": draft.to_status.value,
        "turn_id": draft.turn_id,
        "changes": canonical(draft.changes),
    }


async def head(session: AsyncSession) -> tuple[int, bytes]:
    """How many events there are, and the digest of the last one: noted elsewhere, they betray a rewritten ledger."""
    last = (
        await session.execute(
            select(GrievanceEvent.number, GrievanceEvent.digest).order_by(GrievanceEvent.number.desc()).limit(1)
        )
    ).one_or_none()
    return (int(last[0]), bytes(last[1])) if last else (0, START)


async def digest_at(session: AsyncSession, number: int) -> bytes | None:
    """The digest of an event; None where there is none."""
    found = await session.scalar(select(GrievanceEvent.digest).where(GrievanceEvent.number == number))
    return bytes(found) if found is not None else None
