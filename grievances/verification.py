"""Checks the ledger: every event against the one before it, and every row against its events.

Encrypted values are read as they are stored and decrypted one by one, so that what cannot be read is named and stops
nothing.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, Select, or_, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict
from core.privacy.encryption import EncryptedJson, Undecipherable, keyring
from grievances import ledger, status
from grievances.ledger import Changes
from grievances.models import Grievance, GrievanceAttachment, GrievanceEvent, GrievanceLink, GrievanceVector
from grievances.schemas import AttachmentView, Decision, Kind, Link, Status
from grievances.status import KIND_OF

Broken = tuple[str, int]

_PAGE = 500
_MOVE_OF = {kind: move for move, kind in KIND_OF.items()}
_UNREADABLE = (SQLAlchemyError, TypeError, ValueError)
_DIGESTS = {"details", "detail_digest", "previous_digest", "digest"}
_CLEAR = tuple(column for column in GrievanceEvent.__table__.columns if column.name not in _DIGESTS)


async def first_broken(session: AsyncSession) -> Broken | None:
    """The first broken event, or row (seq 0); see `service.verify`."""
    return await _first_broken_event(session) or await _first_orphan(session) or await _first_broken_row(session)


def _as_stored(column: ColumnElement[Any]) -> Any:
    """The column, undecrypted if it is encrypted."""
    return type_coerce(column, LargeBinary).label(column.key) if isinstance(column.type, EncryptedJson) else column


async def _readable(session: AsyncSession, query: Select[*tuple[Any, ...]], key: Any) -> tuple[list[Row[Any]], Any]:
    """Rows in the order of their keys up to the first that cannot be read, and that one's key."""
    try:
        return list(await session.execute(query.order_by(key))), None
    except _UNREADABLE:
        rows: list[Row[Any]] = []
        for one in list(await session.scalars(query.with_only_columns(key).order_by(key))):
            try:
                rows.extend(await session.execute(query.where(key == one)))
            except _UNREADABLE:
                return rows, one
        return rows, None


async def _first_broken_event(session: AsyncSession) -> Broken | None:
    erased = set(await session.scalars(select(Grievance.id).where(Grievance.erased_at.is_not(None))))
    query = select(*(_as_stored(column) for column in GrievanceEvent.__table__.columns))
    previous, last = ledger.START, 0
    while True:
        page = query.where(GrievanceEvent.number > last).limit(_PAGE)
        rows, unreadable = await _readable(session, page, GrievanceEvent.number)
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
    stored = row._asdict()
    try:
        clear = [ledger.plain(stored[column.name]) for column in _CLEAR]
        digest = ledger.digest_of(clear, row.detail_digest, previous)
        if row.previous_digest != previous or row.digest != digest:
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


async def _first_broken_row(session: AsyncSession) -> Broken | None:
    query = select(*(_as_stored(column) for column in Grievance.__table__.columns))
    last = ""
    while True:
        page = query.where(Grievance.id > last).limit(_PAGE)
        rows, unreadable = await _readable(session, page, Grievance.id)
        beside = await _Beside.read(session, [row.id for row in rows])
        for row in rows:
            if not _row_fits(row, beside):
                return row.id, 0
            last = row.id
        if unreadable is not None:
            return unreadable, 0
        if len(rows) < _PAGE:
            return None


class _Beside:
    """What lies beside the rows of a page, by grievance."""

    def __init__(self) -> None:
        self.events: dict[str, list[Row[Any]]] = {}
        self.vectors: dict[str, bytes] = {}
        self.attachments: dict[str, list[AttachmentView]] = {}
        self.links: dict[str, list[Link]] = {}

    @classmethod
    async def read(cls, session: AsyncSession, ids: Sequence[str]) -> "_Beside":
        """Read it for these grievances."""
        found = cls()
        event = GrievanceEvent
        columns = (event.grievance_id, event.seq, event.kind, event.from_status, event.to_status, event.changes)
        rows: Sequence[Any] = (
            await session.execute(select(*columns).where(event.grievance_id.in_(ids)).order_by(event.number))
        ).all()
        for row in rows:
            found.events.setdefault(row.grievance_id, []).append(row)
        stored = type_coerce(GrievanceVector.vector, LargeBinary)
        vectors = select(GrievanceVector.grievance_id, stored).where(GrievanceVector.grievance_id.in_(ids))
        found.vectors = {grievance_id: bytes(vector) for grievance_id, vector in await session.execute(vectors)}
        of_these = select(GrievanceAttachment).where(GrievanceAttachment.grievance_id.in_(ids))
        for attachment in await session.scalars(of_these):
            view = AttachmentView.model_validate(attachment)
            found.attachments.setdefault(attachment.grievance_id, []).append(view)
        for link in await session.scalars(
            select(GrievanceLink).where(or_(GrievanceLink.first_id.in_(ids), GrievanceLink.second_id.in_(ids)))
        ):
            for one, other in ((link.first_id, link.second_id), (link.second_id, link.first_id)):
                view_of = Link(other_id=other, decision=Decision(link.decision), officer_id=link.officer_id, at=link.at)
                found.links.setdefault(one, []).append(view_of)
        return found


def _row_fits(stored: Row[Any], beside: _Beside) -> bool:
    """Whether a row, and what lies beside it, is what its events make it."""
    try:
        folded, at = _folded(beside.events.get(stored.id, []))
        row, vector = _decrypted(stored, beside.vectors.get(stored.id))
        actual: Changes = {**ledger.snapshot(row), "content_seal": ledger.content_seal(row, vector)}
    except (Undecipherable, Conflict, KeyError, TypeError, ValueError):
        return False
    if stored.id in beside.attachments or "attached" in folded:
        actual["attached"] = ledger.digest_of_rows(beside.attachments.get(stored.id, []))
    if stored.id in beside.links or "linked" in folded:
        actual["linked"] = ledger.digest_of_rows(beside.links.get(stored.id, []))
    has_stray_words = row.particulars is None and (vector is not None or _says_something(row))
    return folded == actual and row.version == at and not has_stray_words


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


def _decrypted(stored: Row[Any], vector: bytes | None) -> tuple[Grievance, bytes | None]:
    values = stored._asdict()
    for name in ("particulars", "place", "closing_reasons"):
        if values[name] is not None:
            values[name] = json.loads(keyring().decrypt(bytes(values[name]), f"grievance.{name}"))
    plain = keyring().decrypt(vector, "grievance_vector.vector") if vector is not None else None
    return Grievance(**values), plain
