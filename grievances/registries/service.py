"""The door to registrations elsewhere: ask for one, see how it stands, and settle by hand what went wrong."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.errors import Conflict, InvalidInput, NotFound
from grievances import service as ledger
from grievances.models import Grievance
from grievances.registries import collecting, fields, spool
from grievances.registries.cpgrams import is_number
from grievances.registries.models import GrievanceExternal, GrievanceExternalClosing
from grievances.registries.pulling import run_pull as run_pull
from grievances.registries.rounds import run_spool as run_spool
from grievances.registries.schemas import ClosingView, ExternalView, Origin, SpoolState
from grievances.registries.settings import CpgramsSettings
from grievances.schemas import Actor, Registry
from grievances.status import Move

_TROUBLED = (SpoolState.FAILED, SpoolState.UNCERTAIN)


async def request_registration(
    session: AsyncSession,
    grievance_id: str,
    settings: CpgramsSettings,
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None,
) -> ExternalView:
    """Have a grievance registered at CPGRAMS; asking again gives the registration that there is.

    Raises:
        NotFound: There is no such grievance in these rooms.
        Conflict: There is no link to CPGRAMS, or the grievance is closed or merged.
        InvalidInput: Something is missing without which it is not taken: ``complainant_name``, ``state``,
            ``particulars``.
    """
    view = await ledger.get(session, grievance_id, rooms=rooms)
    known = await _of(session, grievance_id, Registry.CPGRAMS)
    if known is not None:
        return ExternalView.model_validate(known)
    if not settings.linked:
        raise Conflict("there is no link to CPGRAMS")
    if not view.is_open:
        raise Conflict(f"a grievance that is {view.status} cannot be registered elsewhere")
    row = await collecting.queue(session, view, settings, now, strict=True)
    await _record(session, row, "request", actor, now)
    return ExternalView.model_validate(row)


async def of_grievance(session: AsyncSession, grievance_id: str, *, rooms: frozenset[str] | None) -> list[ExternalView]:
    """A grievance's registrations elsewhere.

    Raises:
        NotFound: There is no such grievance in these rooms.
    """
    await ledger.get(session, grievance_id, rooms=rooms)
    rows = await session.scalars(
        select(GrievanceExternal).where(GrievanceExternal.grievance_id == grievance_id).order_by(GrievanceExternal.id)
    )
    return [ExternalView.model_validate(row) for row in rows]


async def closings_of(session: AsyncSession, external_id: str) -> list[ClosingView]:
    """Our closings that a registry is told of, the oldest first."""
    rows = await session.scalars(
        select(GrievanceExternalClosing)
        .where(GrievanceExternalClosing.external_id == external_id)
        .order_by(GrievanceExternalClosing.closed_at)
    )
    return [ClosingView.model_validate(row) for row in rows]


async def received(
    session: AsyncSession, external_id: str, *, rooms: frozenset[str] | None
) -> dict[str, object] | None:
    """What a registry sent about a grievance that was filed there, the complainant's number included; None if erased.

    Raises:
        NotFound: There is no such registration in these rooms.
    """
    row = await _find(session, external_id, rooms)
    return row.payload if row.origin == Origin.THEIRS else None


async def needing_attention(
    session: AsyncSession, *, rooms: frozenset[str] | None, limit: int = 50
) -> list[ExternalView]:
    """Registrations that failed, are uncertain or look wrong, and that nobody has looked at, the newest first.

    Args:
        session: The caller's transaction.
        rooms: Rooms whose grievances may be seen; None for all of them, and for what could not be read at all.
        limit: How many at most.
    """
    wrong = or_(
        GrievanceExternal.state.in_(_TROUBLED),
        (GrievanceExternal.state == SpoolState.REGISTERED) & GrievanceExternal.error_code.is_not(None),
        GrievanceExternal.id.in_(
            select(GrievanceExternalClosing.external_id).where(
                GrievanceExternalClosing.state == SpoolState.FAILED, GrievanceExternalClosing.seen_at.is_(None)
            )
        ),
    )
    rows = await session.scalars(
        _in_rooms(rooms)
        .where(wrong, GrievanceExternal.seen_at.is_(None))
        .order_by(GrievanceExternal.updated_at.desc())
        .limit(limit)
    )
    return [ExternalView.model_validate(row) for row in rows]


async def mark_seen(session: AsyncSession, external_id: str, *, rooms: frozenset[str] | None, now: datetime) -> None:
    """Note that a person has looked at it.

    Raises:
        NotFound: There is no such registration in these rooms.
    """
    row = await _find(session, external_id, rooms)
    row.seen_at = now
    await session.flush()


async def retry(
    session: AsyncSession,
    external_id: str,
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None,
) -> ExternalView:
    """Try a failed registration again, with what the grievance says now.

    One that was ever on its way is asked for first: it is never registered twice.

    Raises:
        NotFound: There is no such registration in these rooms.
        Conflict: It has not failed, or could not be read when it was received.
        InvalidInput: Something is still missing; names the field.
    """
    row = await _find(session, external_id, rooms)
    if row.state != SpoolState.FAILED or row.grievance_id is None or row.origin != Origin.OURS:
        raise Conflict("only a registration of ours that failed can be tried again")
    prepared = fields.prepare(await ledger.get(session, row.grievance_id, rooms=rooms))
    mobile = ((row.payload or {}).get("complainant") or {}).get("mobile")
    complainant = prepared.complainant.model_copy(update={"mobile": mobile})
    row.payload = prepared.model_copy(update={"complainant": complainant}).model_dump(mode="json", exclude_none=True)
    row.state = SpoolState.QUEUED if row.sending_at is None else SpoolState.UNCERTAIN
    row.next_attempt_at = row.queued_at = row.updated_at = now
    row.error_code = row.error_fields = row.seen_at = None
    row.asked += 1
    await _record(session, row, "retry", actor, now)
    return ExternalView.model_validate(row)


async def enter_number(
    session: AsyncSession,
    external_id: str,
    number: str,
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None,
) -> ExternalView:
    """Settle a failed or uncertain registration by hand: a person has found its number at CPGRAMS.

    Raises:
        NotFound: There is no such registration in these rooms.
        InvalidInput: It is no registration number (field ``number``).
        Conflict: It is registered already, or another grievance has this number.
    """
    row = await _find(session, external_id, rooms)
    kept = number.strip().upper()
    if not is_number(kept):
        raise InvalidInput("number", "a registration number such as DMSME/E/2026/0000001")
    if row.state not in _TROUBLED or row.grievance_id is None:
        raise Conflict("only a registration that failed or is uncertain can be settled by hand")
    if await spool.holder_of(session, row.registered_with, kept) not in (None, row.id):
        raise Conflict("another grievance has this number")
    row.number, row.state, row.next_attempt_at, row.updated_at = kept, SpoolState.REGISTERED, now, now
    row.error_code = row.error_fields = row.seen_at = None
    row.asked += 1
    await _record(session, row, "number", actor, now)
    await ledger.act(
        session,
        row.grievance_id,
        Move.REGISTER,
        actor=actor,
        now=now,
        rooms=rooms,
        registry=Registry(row.registered_with),
        number=kept,
    )
    return ExternalView.model_validate(row)


async def all_sending_to_uncertain(session: AsyncSession, now: datetime) -> int:
    """After a restore: whatever may have been registered since the backup is asked for before it is sent.

    Returns:
        How many rows were changed.
    """
    changed = 0
    tables: tuple[type[spool.AnyRow], ...] = (GrievanceExternal, GrievanceExternalClosing)
    for table in tables:
        result = await session.execute(
            update(table)
            .where(table.state.in_([SpoolState.QUEUED, SpoolState.SENDING]))
            .values(
                state=SpoolState.UNCERTAIN,
                error_code="restored",
                sending_at=func.coalesce(table.sending_at, now),
                next_attempt_at=now,
                updated_at=now,
                asked=table.asked + 1,
            )
            .execution_options(synchronize_session=False)
        )
        changed += int(result.rowcount)  # type: ignore[attr-defined]
    return changed


def _in_rooms(rooms: frozenset[str] | None) -> Select[GrievanceExternal]:
    found = select(GrievanceExternal)
    if rooms is None:
        return found
    seen: ColumnElement[bool] = Grievance.room.in_(rooms)
    return found.join(Grievance, Grievance.id == GrievanceExternal.grievance_id).where(seen)


async def _find(session: AsyncSession, external_id: str, rooms: frozenset[str] | None) -> GrievanceExternal:
    row: GrievanceExternal | None = await session.scalar(
        _in_rooms(rooms).where(GrievanceExternal.id == external_id).with_for_update(of=GrievanceExternal)
    )
    if row is None:
        raise NotFound("registration")
    return row


async def _of(session: AsyncSession, grievance_id: str, registry: Registry) -> GrievanceExternal | None:
    row: GrievanceExternal | None = await session.scalar(
        select(GrievanceExternal).where(
            GrievanceExternal.grievance_id == grievance_id, GrievanceExternal.registered_with == registry
        )
    )
    return row


async def _record(session: AsyncSession, row: GrievanceExternal, what: str, actor: Actor, now: datetime) -> None:
    await session.flush()
    await audit.record(
        session,
        actor=actor.officer_id or actor.kind.value,
        act=f"registration.{what}",
        subject=row.id,
        now=now,
        detail={"grievance": row.grievance_id, "registry": row.registered_with},
    )
