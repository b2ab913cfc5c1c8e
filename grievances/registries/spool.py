"""The spool's rows: who may take one, and where it goes from there. Knows no registry and no ledger."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from grievances.registries.base import ExternalStatus
from grievances.registries.models import GrievanceExternal, GrievanceExternalClosing
from grievances.registries.schemas import SpoolState

Row = TypeVar("Row", GrievanceExternal, GrievanceExternalClosing)
AnyRow = GrievanceExternal | GrievanceExternalClosing


async def due(session: AsyncSession, table: type[Row], now: datetime, horizon: timedelta, limit: int) -> list[Row]:
    """Rows whose time has come, the longest waiting first.

    A row that waits for a moment beyond the horizon was scheduled by a clock that has since been set back.
    """
    when = table.next_attempt_at
    rows = await session.scalars(
        select(table).where(or_(when <= now, when > now + horizon)).order_by(when).limit(limit)
    )
    return list(rows)


async def take(session: AsyncSession, row: AnyRow, now: datetime, until: datetime, **values: Any) -> bool:
    """Take a row as it was read, so that nobody else does until the moment; whether it was still so."""
    table = type(row)
    changed = await session.execute(
        update(table)
        .where(table.id == row.id, table.state == row.state, table.next_attempt_at == row.next_attempt_at)
        .values(next_attempt_at=until, updated_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


async def put(
    session: AsyncSession,
    row: AnyRow,
    state: SpoolState,
    now: datetime,
    *,
    next_attempt_at: datetime | None,
    **values: Any,
) -> bool:
    """Put a row that was taken into a state; whether nobody has taken it over since.

    Every attempt and every question is counted, so that whoever comes back late, after the row was taken over, finds
    other numbers and changes nothing.
    """
    table = type(row)
    changed = await session.execute(
        update(table)
        .where(table.id == row.id, table.state == row.state, table.attempts == row.attempts, table.asked == row.asked)
        .values(state=state, updated_at=now, next_attempt_at=next_attempt_at, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


async def closed_there(session: AsyncSession, external_id: str, now: datetime) -> None:
    """Note that a grievance is closed at its registry on our report: it is read no more."""
    await session.execute(
        update(GrievanceExternal)
        .where(GrievanceExternal.id == external_id, GrievanceExternal.state == SpoolState.REGISTERED)
        .values(last_status=ExternalStatus.CLOSED, status_at=now, updated_at=now, next_attempt_at=None)
        .execution_options(synchronize_session=False)
    )


async def holder_of(session: AsyncSession, registry: str, number: str) -> str | None:
    """Id of the row that has this number."""
    found: str | None = await session.scalar(
        select(GrievanceExternal.id).where(
            GrievanceExternal.registered_with == registry, GrievanceExternal.number == number
        )
    )
    return found


async def erase(session: AsyncSession, grievance_id: str, now: datetime) -> None:
    """Remove what the rows of a grievance say about a person; numbers and states stay.

    A registration that was not sent never is; a closing still is told, without its words.
    """
    of_it = GrievanceExternal.grievance_id == grievance_id
    ids = select(GrievanceExternal.id).where(of_it)
    quietly = {"synchronize_session": False}
    await session.execute(
        update(GrievanceExternal)
        .where(of_it, GrievanceExternal.state == SpoolState.QUEUED)
        .values(state=SpoolState.FAILED, error_code="erased", next_attempt_at=None)
        .execution_options(**quietly)
    )
    await session.execute(
        update(GrievanceExternal)
        .where(of_it)
        .values(payload=null(), remarks=null(), updated_at=now)
        .execution_options(**quietly)
    )
    await session.execute(
        update(GrievanceExternalClosing)
        .where(GrievanceExternalClosing.external_id.in_(ids))
        .values(payload=null(), updated_at=now)
        .execution_options(**quietly)
    )
