"""Lists of grievances: filtered, searched and paged by index, without decrypting anything."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from core.conversations import service as conversations
from core.db import UtcDateTime
from core.errors import InvalidInput
from core.events import AddressRef
from grievances import reference as references
from grievances import terms
from grievances.models import Grievance, GrievanceTerm
from grievances.schemas import Counts, GrievanceSummary, Level, Page, Status
from grievances.status import OPEN

COUNT_LIMIT = 1000
MAX_ROWS = 200
Sort = Literal["due", "filed"]
_TELEPHONE = re.compile(r"(?:\+?91)?(\d{10})")
_ADDRESS_KINDS = ("whatsapp", "telephone")

_SHOWN = (
    *(getattr(Grievance, name) for name in GrievanceSummary.model_fields if name != "overdue"),
    Grievance.due_at,
)


@dataclass(frozen=True)
class Filters:
    """What a list shows."""

    rooms: frozenset[str] | None
    status: tuple[Status, ...] = ()
    level: Level | None = None
    category: str | None = None
    state: str | None = None
    overdue: bool | None = None
    query: str | None = None

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """All but the query, as conditions on columns that the wide indexes hold."""
        found: list[ColumnElement[bool]] = []
        if self.rooms is not None:
            found.append(_among(Grievance.room, sorted(self.rooms)))
        if self.status:
            found.append(_among(Grievance.status, [status.value for status in self.status]))
        for column, value in (
            (Grievance.level, self.level),
            (Grievance.category, self.category),
            (Grievance.state, self.state),
        ):
            if value is not None:
                found.append(column == str(value))
        if self.overdue is not None:
            found.append(Grievance.due_at <= now if self.overdue else Grievance.due_at > now)
        return found


def _among(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    # Equality lets SQLite walk an index in the list's order; IN makes it sort.
    return column == values[0] if len(values) == 1 else column.in_(values)


async def page(
    session: AsyncSession, filters: Filters, *, sort: Sort, after: str | None, limit: int, now: datetime
) -> Page:
    """A page of a list; see `service.list_page`."""
    if not 1 <= limit <= MAX_ROWS:
        raise InvalidInput("limit", f"1 to {MAX_ROWS}")
    conditions = filters.conditions(now)
    if filters.query and filters.query.strip():
        conditions.append(await _searched(session, filters.query.strip()))
    ids = select(Grievance.id).where(*conditions)
    total = await session.scalar(select(func.count()).select_from(ids.limit(COUNT_LIMIT).subquery())) or 0
    rows = (await session.execute(_rows(ids, sort, after, limit + 1))).all()
    cursor = None
    if len(rows) > limit:
        last = rows[limit - 1]
        cursor = _cursor(sort, last.due_at if sort == "due" else last.filed_at, last.id)
    shown = tuple(_summary(row, now) for row in rows[:limit])
    return Page(rows=shown, next_cursor=cursor, total_estimate=total)


def _rows(ids: Select[str], sort: Sort, after: str | None, limit: int) -> Select[Any]:
    """The rows of a page: the ids come from an index alone, and only these rows are read."""
    if sort == "due":
        keys = (Grievance.due_at.asc(), Grievance.id.asc())
    else:
        keys = (Grievance.filed_at.desc(), Grievance.id.desc())
    if after is not None:
        at, grievance_id = _read_cursor(sort, after)
        place = tuple_(literal(at, UtcDateTime()), literal(grievance_id))
        columns = tuple_(Grievance.due_at if sort == "due" else Grievance.filed_at, Grievance.id)
        ids = ids.where(columns > place if sort == "due" else columns < place)
    wanted = ids.order_by(*keys).limit(limit).subquery()
    return select(*_SHOWN).join(wanted, wanted.c.id == Grievance.id).order_by(*keys)


def _summary(row: Any, now: datetime) -> GrievanceSummary:
    return GrievanceSummary.model_validate({**row._asdict(), "overdue": row.due_at <= now})


def _cursor(sort: Sort, at: datetime, grievance_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, at.isoformat(), grievance_id]).encode()).decode()


def _read_cursor(sort: Sort, cursor: str) -> tuple[datetime, str]:
    try:
        kind, at, grievance_id = json.loads(base64.urlsafe_b64decode(cursor))
        moment = datetime.fromisoformat(at)
    except (binascii.Error, TypeError, ValueError) as error:
        raise InvalidInput("after", "the cursor of the page before") from error
    if kind != sort or moment.tzinfo is None or not isinstance(grievance_id, str):
        raise InvalidInput("after", "the cursor of the page before, in the same order")
    return moment, grievance_id


async def _searched(session: AsyncSession, query: str) -> ColumnElement[bool]:
    """The condition that a query makes: the first reading that fits it."""
    try:
        return Grievance.reference == references.parse(query)
    except InvalidInput:
        pass
    if "/" in query:
        return or_(Grievance.cpgrams_number == query.upper(), Grievance.odr_number == query.upper())
    telephone = _TELEPHONE.fullmatch(_plain_number(query))
    if telephone:
        return await _of_telephone(session, f"+91{telephone.group(1)}")
    words = terms.asked(query)
    if not words:
        return false()
    return and_(*(Grievance.id.in_(_with_any(indexes)) for indexes in words))


def _with_any(indexes: Sequence[bytes]) -> Select[str]:
    return select(GrievanceTerm.grievance_id).where(GrievanceTerm.term.in_(indexes))


def _plain_number(query: str) -> str:
    try:
        return references.normalise(query.removeprefix("+"))
    except InvalidInput:
        return ""


async def _of_telephone(session: AsyncSession, number: str) -> ColumnElement[bool]:
    found = [await conversations.find_address(session, AddressRef(kind=kind, value=number)) for kind in _ADDRESS_KINDS]
    contacts = {address.contact_id for address in found if address is not None}
    return Grievance.contact_id.in_(sorted(contacts)) if contacts else false()


async def counts(session: AsyncSession, rooms: frozenset[str] | None, now: datetime) -> Counts:
    """How many grievances stand where; see `service.counts`."""
    # Every status fits the words of the index that is made for this.
    among = Filters(rooms=rooms).conditions(now) if rooms is not None else [text("status != ''")]
    is_overdue = Grievance.due_at <= now
    rows = await session.execute(
        select(
            Grievance.status,
            Grievance.level,
            func.count(),
            func.sum(case((is_overdue, 1), else_=0)),
        )
        .where(*among)
        .group_by(Grievance.status, Grievance.level)
    )
    by_status = dict.fromkeys(Status, 0)
    open_by_level = dict.fromkeys(Level, 0)
    overdue = 0
    for status, level, number, late in rows:
        by_status[Status(status)] += number
        if Status(status) in OPEN:
            open_by_level[Level(level)] += number
            overdue += late
    return Counts(by_status=by_status, open_by_level=open_by_level, overdue=overdue)
