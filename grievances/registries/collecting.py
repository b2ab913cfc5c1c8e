"""What joins the spool by itself: grievances that the settings say are registered, and closings not told yet."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import service as conversations
from core.errors import InvalidInput
from core.ids import new_id
from grievances import service as ledger
from grievances.models import NEVER, Grievance
from grievances.registries import fields
from grievances.registries.models import GrievanceExternal, GrievanceExternalClosing
from grievances.registries.schemas import Origin, SpoolState
from grievances.registries.settings import CpgramsSettings, RegisterWhen
from grievances.schemas import GrievanceView, Level, Registry, Status

_BATCH = 100
_MOBILE_KINDS = frozenset({"whatsapp", "phone"})


async def _mobile(session: AsyncSession, view: GrievanceView, settings: CpgramsSettings) -> str | None:
    if not settings.send_mobile or view.address_id is None:
        return None
    address = await conversations.get_address(session, view.address_id)
    return address.value if address.kind in _MOBILE_KINDS and address.value.startswith("+") else None


async def queue(
    session: AsyncSession, view: GrievanceView, settings: CpgramsSettings, now: datetime, *, strict: bool
) -> GrievanceExternal:
    """Add a registration to the spool.

    Raises:
        InvalidInput: Something is missing without which no registry takes it, if ``strict``; else the row waits as
            failed for a person to complete the grievance.
    """
    row = GrievanceExternal(
        id=new_id(),
        grievance_id=view.id,
        registered_with=Registry.CPGRAMS,
        origin=Origin.OURS,
        client_reference=view.reference,
        state=SpoolState.QUEUED,
        attempts=0,
        asked=0,
        next_attempt_at=now,
        created_at=now,
        queued_at=now,
        updated_at=now,
    )
    try:
        prepared = fields.prepare(view, await _mobile(session, view, settings))
    except InvalidInput as missing:
        if strict:
            raise
        row.state, row.next_attempt_at = SpoolState.FAILED, None
        row.error_code, row.error_fields = "incomplete", missing.field
    else:
        row.payload = prepared.model_dump(mode="json", exclude_none=True)
    session.add(row)
    await session.flush()
    return row


async def registrations(session: AsyncSession, settings: CpgramsSettings, now: datetime) -> int:
    """Queue open grievances that the settings say are registered and that are not; how many."""
    if settings.register_when is RegisterWhen.ASKED:
        return 0
    known = exists().where(
        GrievanceExternal.grievance_id == Grievance.id, GrievanceExternal.registered_with == Registry.CPGRAMS
    )
    wanted = select(Grievance.id).where(
        Grievance.due_at < NEVER, Grievance.cpgrams_number.is_(None), Grievance.erased_at.is_(None), ~known
    )
    if settings.register_when is RegisterWhen.ESCALATED:
        wanted = wanted.where(Grievance.level != Level.ROOM)
    ids = list(await session.scalars(wanted.limit(_BATCH)))
    for grievance_id in ids:
        view = await ledger.get(session, grievance_id, rooms=None)
        await queue(session, view, settings, now, strict=False)
    return len(ids)


async def closings(session: AsyncSession, now: datetime) -> int:
    """Queue closings of ours that a registry was not told of; how many."""
    told = exists().where(
        GrievanceExternalClosing.external_id == GrievanceExternal.id,
        GrievanceExternalClosing.closed_at == Grievance.closed_at,
    )
    wanted = (
        select(GrievanceExternal.id, Grievance.id)
        .join(Grievance, Grievance.id == GrievanceExternal.grievance_id)
        .where(
            # A registration that is still read: whatever is closed there needs no telling.
            GrievanceExternal.next_attempt_at.is_not(None),
            GrievanceExternal.state == SpoolState.REGISTERED,
            GrievanceExternal.registered_with == Registry.CPGRAMS,
            Grievance.status == Status.CLOSED,
            ~told,
        )
        .limit(_BATCH)
    )
    found = [(row[0], row[1]) for row in await session.execute(wanted)]
    for external_id, grievance_id in found:
        view = await ledger.get(session, grievance_id, rooms=None)
        outcome = str(view.outcome or "")
        session.add(
            GrievanceExternalClosing(
                id=new_id(),
                external_id=external_id,
                closed_at=view.closed_at,
                outcome=outcome,
                payload={"reasons": fields.closing_reasons(outcome, view.closing_reasons, view.language)},
                state=SpoolState.QUEUED,
                attempts=0,
                asked=0,
                next_attempt_at=now,
                created_at=now,
                queued_at=now,
                updated_at=now,
            )
        )
    await session.flush()
    return len(found)
