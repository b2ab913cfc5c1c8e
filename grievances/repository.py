"""Queries on grievances: rows by id, reference and contact, within the rooms that may be seen."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from grievances.models import NEVER, Grievance, GrievanceEvent
from grievances.schemas import (
    PRIVATE_KINDS,
    ActorKind,
    EventView,
    GrievanceView,
    Kind,
    Particulars,
    Place,
    Status,
)

_SALT = "salt"
_STRAIGHT = tuple(
    name for name in GrievanceView.model_fields if name not in {"place", "particulars", "closing_reasons", "due_at"}
)


def view(row: Grievance) -> GrievanceView:
    """The row as others see it."""
    place = row.place if row.place is not None else {"state": row.state}
    return GrievanceView.model_validate(
        {
            **{name: getattr(row, name) for name in _STRAIGHT},
            "place": Place.model_validate(place),
            "particulars": _particulars(row),
            "closing_reasons": row.closing_reasons["text"] if row.closing_reasons else None,
            "due_at": row.due_at if row.due_at < NEVER else None,
        }
    )


def _particulars(row: Grievance) -> Particulars | None:
    if row.particulars is None:
        return None
    return Particulars.model_validate({key: value for key, value in row.particulars.items() if key != _SALT})


def within(query: Select[Grievance], rooms: frozenset[str] | None) -> Select[Grievance]:
    """The query, limited to rooms."""
    return query if rooms is None else query.where(Grievance.room.in_(sorted(rooms)))


async def find(session: AsyncSession, grievance_id: str, rooms: frozenset[str] | None) -> Grievance:
    """The row.

    Raises:
        NotFound: There is none in these rooms.
    """
    row = await session.scalar(within(select(Grievance).where(Grievance.id == grievance_id), rooms))
    if row is None:
        raise NotFound("grievance")
    return row


async def lock(session: AsyncSession, grievance_ids: Iterable[str], rooms: frozenset[str] | None) -> list[Grievance]:
    """Rows to be changed, locked in the order of their ids so that two transactions never wait in a circle.

    Raises:
        NotFound: One does not exist in these rooms.
    """
    found = {}
    for grievance_id in sorted(set(grievance_ids)):
        query = within(select(Grievance).where(Grievance.id == grievance_id), rooms)
        row = await session.scalar(query.with_for_update().execution_options(populate_existing=True))
        if row is None:
            raise NotFound("grievance")
        found[grievance_id] = row
    return [found[grievance_id] for grievance_id in dict.fromkeys(grievance_ids)]


async def by_reference(session: AsyncSession, reference: str, rooms: frozenset[str] | None) -> Grievance | None:
    """The row with this reference."""
    return await session.scalar(within(select(Grievance).where(Grievance.reference == reference), rooms))


async def by_turn(session: AsyncSession, turn_id: str, position: int) -> Grievance | None:
    """The row that a turn has filed."""
    return await session.scalar(select(Grievance).where(Grievance.turn_id == turn_id, Grievance.position == position))


async def of_contact(session: AsyncSession, contact_id: str, limit: int) -> Sequence[Grievance]:
    """A contact's rows, the newest first."""
    query = select(Grievance).where(Grievance.contact_id == contact_id)
    return (await session.scalars(query.order_by(Grievance.filed_at.desc(), Grievance.id.desc()).limit(limit))).all()


async def was_made(session: AsyncSession, grievance_id: str, kind: Kind, turn_id: str) -> bool:
    """Whether a turn has made this move already."""
    found = await session.scalar(
        select(GrievanceEvent.seq).where(
            GrievanceEvent.grievance_id == grievance_id,
            GrievanceEvent.kind == kind,
            GrievanceEvent.turn_id == turn_id,
        )
    )
    return found is not None


async def events(session: AsyncSession, grievance_id: str, *, include_private: bool) -> list[EventView]:
    """The events of a grievance, in order."""
    query = select(GrievanceEvent).where(GrievanceEvent.grievance_id == grievance_id)
    if not include_private:
        query = query.where(GrievanceEvent.kind.not_in(sorted(PRIVATE_KINDS)))
    rows = await session.scalars(query.order_by(GrievanceEvent.seq))
    return [_event(row) for row in rows]


def _event(row: GrievanceEvent) -> EventView:
    details = row.details
    return EventView(
        seq=row.seq,
        at=row.at,
        actor=ActorKind(row.actor),
        officer_id=row.officer_id,
        kind=Kind(row.kind),
        from_status=Status(row.from_status) if row.from_status else None,
        to_status=Status(row.to_status),
        details=None if details is None else {key: value for key, value in details.items() if key != _SALT},
    )
