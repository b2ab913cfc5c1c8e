"""What is held about a contact here: grievances with their history, search words, files and registrations."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy.holdings import Holding, Plain, Rows, Subject, any_of
from grievances import service
from grievances.models import (
    Grievance,
    GrievanceAttachment,
    GrievanceEvent,
    GrievanceLink,
    GrievanceMessage,
    GrievanceTerm,
    GrievanceVector,
)
from grievances.registries import spool
from grievances.registries.models import GrievanceExternal, GrievanceExternalClosing
from grievances.schemas import CONTACT, Kind
from grievances.status import OPEN, Move

_EXTERNAL = select(GrievanceExternal.id)


class GrievancesHolding(Holding):
    """The ledger keeps its bare facts: that there was a grievance of a kind, in which room, and when what happened."""

    rows = (
        Rows(
            Grievance,
            lambda subject: Grievance.contact_id == subject.contact_id,
            personal=(
                Grievance.particulars,
                Grievance.place,
                Grievance.closing_reasons,
                Grievance.udyam_index,
                Grievance.against_index,
                Grievance.district_index,
            ),
            at=Grievance.filed_at,
            kind="grievances",
            stays=True,
        ),
        Rows(
            GrievanceEvent,
            lambda subject: any_of(GrievanceEvent.grievance_id, subject.grievance_ids),
            personal=(GrievanceEvent.details,),
            at=GrievanceEvent.at,
            stays=True,
        ),
        Rows(
            GrievanceVector,
            lambda subject: any_of(GrievanceVector.grievance_id, subject.grievance_ids),
            removed=True,
        ),
        Rows(
            GrievanceTerm,
            lambda subject: any_of(GrievanceTerm.grievance_id, subject.grievance_ids),
            removed=True,
        ),
        Rows(
            GrievanceAttachment,
            lambda subject: any_of(GrievanceAttachment.grievance_id, subject.grievance_ids),
            at=GrievanceAttachment.added_at,
            stays=True,
        ),
        Rows(
            GrievanceLink,
            lambda subject: (
                any_of(GrievanceLink.first_id, subject.grievance_ids)
                | any_of(GrievanceLink.second_id, subject.grievance_ids)
            ),
            at=GrievanceLink.at,
            stays=True,
        ),
        Rows(
            GrievanceMessage,
            lambda subject: any_of(GrievanceMessage.grievance_id, subject.grievance_ids),
            at=GrievanceMessage.posted_at,
        ),
        Rows(
            GrievanceExternal,
            lambda subject: any_of(GrievanceExternal.grievance_id, subject.grievance_ids),
            personal=(GrievanceExternal.payload, GrievanceExternal.remarks),
            at=GrievanceExternal.queued_at,
            kind="registrations",
            stays=True,
        ),
        Rows(
            GrievanceExternalClosing,
            lambda subject: GrievanceExternalClosing.external_id.in_(
                _EXTERNAL.where(any_of(GrievanceExternal.grievance_id, subject.grievance_ids))
            ),
            personal=(GrievanceExternalClosing.payload,),
            stays=True,
        ),
    )

    async def export(self, session: AsyncSession, subject: Subject) -> Mapping[str, list[Plain]]:
        """Each grievance with its history, without what only officers read."""
        found: list[Plain] = []
        views = [await service.get(session, one, rooms=None) for one in subject.grievance_ids]
        for view in sorted(views, key=lambda one: (one.filed_at, one.id), reverse=True):
            events = await service.events(session, view.id, include_private=False)
            files = await service.attachments(session, view.id)
            history = [event.model_dump(mode="json", exclude={"officer_id"}) for event in events]
            attached = [file.model_dump(mode="json") for file in files]
            found.append(view.model_dump(mode="json") | {"history": history, "attachments": attached})
        registrations = await super().export(session, subject)
        return {"grievances": found, "registrations": registrations["registrations"]}

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """Withdraw what is open, since nobody could be answered; then take out every word."""
        for grievance_id in subject.grievance_ids:
            view = await service.get(session, grievance_id, rooms=None)
            if view.status in OPEN:
                await service.act(session, view.id, Move.WITHDRAW, actor=CONTACT, now=now)
            await service.erase(session, view.id, actor=CONTACT, now=now)
            await spool.erase(session, view.id, now)

    async def left(self, session: AsyncSession, subject: Subject) -> dict[str, int]:
        """As everywhere; that a grievance was erased is told by an event whose details are a salt alone."""
        found = await super().left(session, subject)
        events = self.rows[1]
        told = await session.scalar(
            select(func.count())
            .select_from(GrievanceEvent)
            .where(events.owned(subject), events.filled(), GrievanceEvent.kind != Kind.ERASED)
        )
        return {table: number for table, number in (found | {events.table: int(told or 0)}).items() if number}


async def ids_of_contact(session: AsyncSession, contact_id: str) -> tuple[str, ...]:
    """Ids of a contact's grievances."""
    return tuple(await session.scalars(select(Grievance.id).where(Grievance.contact_id == contact_id)))


async def count_open(session: AsyncSession, contact_id: str) -> int:
    """How many grievances of a contact are owed an answer."""
    query = select(func.count()).select_from(Grievance)
    return int(
        await session.scalar(query.where(Grievance.contact_id == contact_id, Grievance.status.in_(sorted(OPEN)))) or 0
    )


async def attached_ids(session: AsyncSession, contact_id: str) -> tuple[str, ...]:
    """Ids of the files that a contact's grievances name."""
    theirs = select(Grievance.id).where(Grievance.contact_id == contact_id)
    return tuple(
        await session.scalars(
            select(GrievanceAttachment.media_id).where(GrievanceAttachment.grievance_id.in_(theirs)).distinct()
        )
    )


async def attached_of(session: AsyncSession, media_ids: list[str]) -> set[str]:
    """Those of the files that some grievance names."""
    return set(
        await session.scalars(select(GrievanceAttachment.media_id).where(GrievanceAttachment.media_id.in_(media_ids)))
    )


async def registries_of(session: AsyncSession, subject: Subject) -> tuple[str, ...]:
    """Registries that were sent a grievance of the contact, or sent it to us."""
    rows = await session.scalars(
        select(GrievanceExternal.registered_with)
        .where(any_of(GrievanceExternal.grievance_id, subject.grievance_ids), GrievanceExternal.number.is_not(None))
        .distinct()
    )
    return tuple(sorted(rows))
