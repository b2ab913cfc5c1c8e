"""Who is on duty: officers whose desk gave a sign of life a short while ago."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.officers.models import Officer, OfficerPresence
from handoff.officers.schemas import OfficerView


async def beat(session: AsyncSession, officer_ids: Iterable[str], now: datetime) -> None:
    """Note that these officers' desks are open; a clock that went back does not make them older."""
    known = set(await session.scalars(select(Officer.id).where(Officer.id.in_(set(officer_ids)))))
    if not known:
        return
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = insert(OfficerPresence)
    await session.execute(
        rows.on_conflict_do_update(index_elements=["officer_id"], set_={"seen_at": rows.excluded.seen_at}),
        [{"officer_id": officer_id, "seen_at": now} for officer_id in sorted(known)],
    )


async def leave(session: AsyncSession, officer_id: str) -> None:
    """Note that an officer went off duty."""
    await session.execute(delete(OfficerPresence).where(OfficerPresence.officer_id == officer_id))


async def on_duty(session: AsyncSession, since: datetime) -> list[OfficerView]:
    """Active officers who answer and were seen since the moment, in order of their ids."""
    rows = await session.scalars(
        select(Officer)
        .join(OfficerPresence, OfficerPresence.officer_id == Officer.id)
        .where(OfficerPresence.seen_at >= since, Officer.active == true())
        .order_by(Officer.id)
    )
    return [view for row in rows if (view := OfficerView.model_validate(row)).may_answer]


def staffing(officers: Iterable[OfficerView]) -> dict[str, int]:
    """How many of the officers work in each room."""
    return dict(Counter(officer.works_at for officer in officers if officer.works_at is not None))


async def away(session: AsyncSession, officer_ids: Collection[str], since: datetime) -> set[str]:
    """Those of the officers who were not seen since the moment."""
    seen = await session.scalars(
        select(OfficerPresence.officer_id).where(
            OfficerPresence.officer_id.in_(set(officer_ids)), OfficerPresence.seen_at >= since
        )
    )
    return set(officer_ids) - set(seen)


async def inactive(session: AsyncSession, officer_ids: Collection[str]) -> set[str]:
    """Those of the officers who were deactivated."""
    rows = await session.scalars(select(Officer.id).where(Officer.id.in_(set(officer_ids)), Officer.active != true()))
    return set(rows)


async def lock(session: AsyncSession, officer_id: str) -> OfficerView | None:
    """An officer, whom no other transaction can lock until this one ends."""
    row = await session.scalar(select(Officer).where(Officer.id == officer_id).with_for_update())
    return OfficerView.model_validate(row) if row else None
