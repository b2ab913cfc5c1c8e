"""What lies beside the rows of grievances, read for those who check it: a value that cannot be read stops nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core import stored
from core.db import Base
from grievances.ledger import Term
from grievances.models import GrievanceAttachment, GrievanceEvent, GrievanceLink, GrievanceTerm, GrievanceVector
from grievances.schemas import AttachmentView, Decision, Link

_UNREADABLE = (SQLAlchemyError, TypeError, ValueError)
_OF_EVENTS = ("grievance_id", "seq", "kind", "from_status", "to_status", "changes")


@dataclass
class Beside:
    """What lies beside one grievance; the vector is encrypted still."""

    events: list[Row[Any]] = field(default_factory=list)
    vector: bytes | None = None
    terms: set[Term] = field(default_factory=set)
    attachments: list[AttachmentView] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def rows_of(session: AsyncSession, table: type[Base]) -> Select[*tuple[Any, ...]]:
    """Rows as they are stored, and as ``as_written`` whether they stand there in the form in which we write."""
    columns = table.__table__.columns
    is_written = stored.as_written(session, columns).label("as_written")
    return select(*(stored.as_stored(column) for column in columns), is_written)


async def read(session: AsyncSession, ids: Sequence[str]) -> dict[str, Beside]:
    """What lies beside these grievances; one of which something cannot be read is left out."""
    try:
        return await _read(session, ids)
    except _UNREADABLE:
        found: dict[str, Beside] = {}
        for one in ids:
            try:
                found |= await _read(session, [one])
            except _UNREADABLE:
                continue
        return found


async def _read(session: AsyncSession, ids: Sequence[str]) -> dict[str, Beside]:
    found = {one: Beside() for one in ids}
    columns = (getattr(GrievanceEvent, name) for name in _OF_EVENTS)
    of_these = select(*columns).where(GrievanceEvent.grievance_id.in_(ids)).order_by(GrievanceEvent.number)
    for row in await session.execute(of_these):
        found[row.grievance_id].events.append(row)
    for row in await _written(session, GrievanceVector, GrievanceVector.grievance_id.in_(ids)):
        found[row.grievance_id].vector = bytes(row.vector)
    for row in await _written(session, GrievanceTerm, GrievanceTerm.grievance_id.in_(ids)):
        found[row.grievance_id].terms.add((row.field, bytes(row.term)))
    for row in await _written(session, GrievanceAttachment, GrievanceAttachment.grievance_id.in_(ids)):
        found[row.grievance_id].attachments.append(AttachmentView.model_validate(row))
    either = or_(GrievanceLink.first_id.in_(ids), GrievanceLink.second_id.in_(ids))
    for row in await _written(session, GrievanceLink, either):
        for one, other in ((row.first_id, row.second_id), (row.second_id, row.first_id)):
            if one in found:
                link = Link(other_id=other, decision=Decision(row.decision), officer_id=row.officer_id, at=row.at)
                found[one].links.append(link)
    return found


async def _written(session: AsyncSession, table: type[Base], those: ColumnElement[bool]) -> list[Row[Any]]:
    """Rows beside grievances.

    Raises:
        ValueError: One stands there in another form than ours.
    """
    rows = list(await session.execute(rows_of(session, table).where(those)))
    if not all(row.as_written for row in rows):
        raise ValueError(table.__tablename__)
    return rows
