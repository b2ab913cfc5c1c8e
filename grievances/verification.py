"""Checks the ledger: every event against the one before it, and every row against its events.

Encrypted values are read as they are stored and decrypted one by one, so that what cannot be read is named and stops
nothing.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import stored
from core.errors import Conflict
from core.privacy.encryption import Undecipherable, keyring
from grievances import beside, ledger, status
from grievances.beside import Beside
from grievances.ledger import Changes
from grievances.models import (
    Grievance,
    GrievanceAttachment,
    GrievanceEvent,
    GrievanceLink,
    GrievanceTerm,
    GrievanceVector,
)
from grievances.schemas import Kind, Status
from grievances.status import KIND_OF

Broken = tuple[str, int]

_PAGE = 500
_MOVE_OF = {kind: move for move, kind in KIND_OF.items()}
_DIGESTS = {"details", "detail_digest", "previous_digest", "digest"}
_CLEAR = tuple(column for column in GrievanceEvent.__table__.columns if column.name not in _DIGESTS)


async def first_broken(session: AsyncSession) -> Broken | None:
    """The first broken event, or row (seq 0); see `service.verify`."""
    return await first_broken_event(session) or await first_broken_row(session)


async def extent(session: AsyncSession) -> dict[str, int]:
    """How many rows of each table there are to be checked."""
    tables = (Grievance, GrievanceEvent, GrievanceTerm, GrievanceVector, GrievanceAttachment, GrievanceLink)
    return {table.__tablename__: await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


async def first_broken_event(session: AsyncSession) -> Broken | None:
    """The first event that does not fit the one before it, or whose grievance was taken away."""
    return await _first_off_the_chain(session) or await _first_orphan(session)


async def _first_off_the_chain(session: AsyncSession) -> Broken | None:
    erased = set(await session.scalars(select(Grievance.id).where(Grievance.erased_at.is_not(None))))
    query = beside.rows_of(session, GrievanceEvent)
    previous, last = ledger.START, 0
    while True:
        page = query.where(GrievanceEvent.number > (last or stored.BELOW_ALL)).limit(_PAGE)
        rows, unreadable = await stored.readable(session, page, GrievanceEvent.number)
        for row in rows:
            if row.number != last + 1 or not _event_fits(row, previous, is_erased=row.grievance_id in erased):
                return await _named(session, row.number)
            previous, last = bytes(row.digest), row.number
        if unreadable is not None:
            return await _named(session, unreadable)
        if len(rows) < _PAGE:
            return None


async def _named(session: AsyncSession, number: int) -> Broken:
    row = (
        await session.execute(
            select(GrievanceEvent.grievance_id, GrievanceEvent.seq).where(GrievanceEvent.number == number)
        )
    ).one()
    return str(row.grievance_id), row.seq if isinstance(row.seq, int) else 0


def _event_fits(row: Row[Any], previous: bytes, *, is_erased: bool) -> bool:
    """Whether an event is the one that was written after the previous one, and its details are its own or erased."""
    values = row._asdict()
    try:
        clear = [ledger.plain(values[column.name]) for column in _CLEAR]
        digest = ledger.digest_of(clear, row.detail_digest, previous)
        if not row.as_written or row.previous_digest != previous or row.digest != digest:
            return False
        if row.details is None:
            return is_erased
        details = json.loads(keyring().decrypt(bytes(row.details), "grievance_event.details"))
        return ledger.detail_digest_of(details) == bytes(row.detail_digest)
    except (Undecipherable, TypeError, ValueError):
        return False


async def _first_orphan(session: AsyncSession) -> Broken | None:
    """An event whose grievance was taken away."""
    known = select(Grievance.id).where(Grievance.id == GrievanceEvent.grievance_id).exists()
    query = select(GrievanceEvent.grievance_id, GrievanceEvent.seq).where(~known).order_by(GrievanceEvent.number)
    row = (await session.execute(query.limit(1))).one_or_none()
    return (row[0], row[1]) if row else None


async def first_broken_row(session: AsyncSession) -> Broken | None:
    """The first grievance (with seq 0) whose row, or what lies beside it, is not what its events make it."""
    query = beside.rows_of(session, Grievance)
    last = ""
    while True:
        page = query.where(Grievance.id > last).limit(_PAGE)
        rows, unreadable = await stored.readable(session, page, Grievance.id)
        near = await beside.read(session, [row.id for row in rows])
        for row in rows:
            if not row.as_written or row.id not in near or not _row_fits(row, near[row.id]):
                return row.id, 0
            last = row.id
        if unreadable is not None:
            return unreadable, 0
        if len(rows) < _PAGE:
            return None


def _row_fits(row: Row[Any], near: Beside) -> bool:
    """Whether a row, and what lies beside it, is what its events make it."""
    try:
        folded, at = _folded(near.events)
        grievance, vector = _decrypted(row, near.vector)
        seal = ledger.content_seal(grievance, vector, near.terms)
        actual: Changes = {**ledger.snapshot(grievance), "content_seal": seal}
    except (Undecipherable, Conflict, KeyError, TypeError, ValueError):
        return False
    if near.attachments or "attached" in folded:
        actual["attached"] = ledger.digest_of_rows(near.attachments)
    if near.links or "linked" in folded:
        actual["linked"] = ledger.digest_of_rows(near.links)
    is_empty = not (near.terms or vector is not None or _says_something(grievance))
    return folded == actual and grievance.version == at and (grievance.particulars is not None or is_empty)


def _says_something(row: Grievance) -> bool:
    return any(value is not None for value in (row.place, row.udyam_index, row.against_index, row.district_index))


def _folded(events: Sequence[Row[Any]]) -> tuple[Changes, int]:
    """What the events make of a row, and how many they are.

    Raises:
        Conflict: One of them was not legal.
    """
    folded: Changes = {}
    at: Status | None = None
    for seq, event in enumerate(events, 1):
        kind, to_status = Kind(event.kind), Status(event.to_status)
        if event.seq != seq or event.from_status != at or (kind is Kind.FILED) != (at is None):
            raise Conflict("an event out of place")
        if at is not None and status.after(at, _MOVE_OF[kind]) is not to_status:
            raise Conflict("an event that leads elsewhere")
        folded |= json.loads(event.changes)
        at = to_status
    return folded, len(events)


def _decrypted(row: Row[Any], vector: bytes | None) -> tuple[Grievance, bytes | None]:
    values = {name: value for name, value in row._asdict().items() if name != "as_written"}
    for name in ("particulars", "place", "closing_reasons"):
        if values[name] is not None:
            values[name] = json.loads(keyring().decrypt(bytes(values[name]), f"grievance.{name}"))
    plain = keyring().decrypt(vector, "grievance_vector.vector") if vector is not None else None
    return Grievance(**values), plain
