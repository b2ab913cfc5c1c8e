"""Takes a list of grievances out of the ledger: CSV and JSON, row by row, and never a formula."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from grievances import reference, repository, service
from grievances.models import Grievance
from grievances.schemas import GrievanceView

Row = dict[str, Any]
BATCH = 200
_PLAIN = (
    "status", "level", "priority", "category", "room", "owed_room", "channel", "language", "source", "filed_at",
    "clock_started_at", "attend_by", "conclude_by", "outer_by", "attended_at", "interim_at", "interim_until",
    "closed_at", "outcome", "feedback", "appeal_until", "reopened", "escalated_at", "cpgrams_number", "odr_number",
)  # fmt: skip
_PERSONAL = (
    "complainant_name", "enterprise_name", "udyam_number", "against_name", "amount_rupees", "happened_on",
    "what_happened",
)  # fmt: skip
COLUMNS = ("reference", *_PLAIN, "state", "overdue", "against")
PERSONAL_COLUMNS = ("district", "pincode", *_PERSONAL, "closing_reasons")
"""What contacts told, and what was told about them."""
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def batch(
    session: AsyncSession, asked: Mapping[str, Any], *, after: str | None, personal: bool
) -> tuple[list[Row], str | None]:
    """Some rows of a list, and where the next ones begin.

    Args:
        session: The caller's transaction.
        asked: The arguments of `service.list_page` that choose and order the list.
        after: What the batch before gave.
        personal: Whether what contacts told is among them.

    Raises:
        InvalidInput: The list cannot be read from there.
    """
    page = await service.list_page(session, **asked, after=after, limit=BATCH)
    ids = [row.id for row in page.rows]
    found = {row.id: row for row in await session.scalars(select(Grievance).where(Grievance.id.in_(ids)))}
    now: datetime = asked["now"]
    return [_row(repository.view(found[one]), now, personal=personal) for one in ids if one in found], page.next_cursor


def _row(view: GrievanceView, now: datetime, *, personal: bool) -> Row:
    told = view.particulars
    row: Row = {"reference": reference.shown(view.reference)}
    row |= {name: _plain(getattr(view, name)) for name in _PLAIN}
    row |= {
        "state": view.place.state,
        "overdue": view.due_at is not None and view.due_at <= now,
        "against": told.against.value if told and told.against else None,
    }
    if personal:
        row |= {"district": view.place.district, "pincode": view.place.pincode}
        row |= {name: _plain(getattr(told, name, None)) for name in _PERSONAL}
        row["closing_reasons"] = view.closing_reasons
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, str | int | bool) else value.isoformat()


def columns(*, personal: bool) -> tuple[str, ...]:
    """The columns, in order."""
    return COLUMNS + PERSONAL_COLUMNS if personal else COLUMNS


def cell(value: Any) -> str:
    """A value as a cell that no spreadsheet takes for a formula.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    risky = isinstance(value, str) and (text.startswith(_STARTS_FORMULA) or text.lstrip().startswith(_STARTS_FORMULA))
    return f"'{text}" if risky else text


class Form(Protocol):
    """A form in which lists are taken away."""

    @property
    def media_type(self) -> str:
        """What the file is."""
        ...

    def write(self, batches: AsyncIterator[list[Row]], *, personal: bool) -> AsyncIterator[str]:
        """The text of the file, in parts."""
        ...


@dataclass(frozen=True)
class _Csv:
    media_type: str = "text/csv; charset=utf-8"

    async def write(self, batches: AsyncIterator[list[Row]], *, personal: bool) -> AsyncIterator[str]:
        names = columns(personal=personal)
        # Spreadsheets read UTF-8 only when the file begins with this mark.
        yield "\ufeff" + _lines([names])
        async for rows in batches:
            if rows:
                yield _lines([[cell(row[name]) for name in names] for row in rows])


@dataclass(frozen=True)
class _Json:
    media_type: str = "application/json"

    async def write(self, batches: AsyncIterator[list[Row]], *, personal: bool) -> AsyncIterator[str]:
        names = columns(personal=personal)
        first = True
        yield "["
        async for rows in batches:
            texts = [json.dumps({name: row[name] for name in names}, ensure_ascii=False) for row in rows]
            if texts:
                yield ("\n" if first else ",\n") + ",\n".join(texts)
                first = False
        yield "\n]\n"


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


FORMS: Mapping[str, Form] = MappingProxyType({"csv": _Csv(), "json": _Json()})
"""The forms by the ending of the file's name."""
