"""Filing: the number, the access code, the clock and the first event."""

import secrets
from datetime import datetime
from random import SystemRandom
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA
from core.dues import service as dues
from core.dues.service import NewDue
from core.errors import InvalidInput, NotFound, StorageUnavailable
from core.ids import new_id
from grievances import access, attachments, categories, deadlines, duplicates, ledger, reference, repository, terms
from grievances.acts import Story
from grievances.ledger import Draft
from grievances.models import Grievance, GrievanceTerm, GrievanceVector
from grievances.schemas import CONTACT, SYSTEM, Actor, ActorKind, Filed, Kind, NewGrievance, Particulars, Status
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.calendar import calendars

_ATTEMPTS = 20
_CHOOSE = SystemRandom()


async def file(session: AsyncSession, new: NewGrievance, *, now: datetime) -> Filed:
    """File a grievance; see `service.file`."""
    repeated = await repository.by_turn(session, new.turn_id, new.position)
    if repeated is not None:
        return Filed(view=repository.view(repeated), code=None, created=False)
    await _check_followed(session, new)
    files = await attachments.check_all(session, new.attachment_ids, new.contact_id)
    particulars = checked(new.particulars, now)
    clock = deadlines.clock_for(calendars().of_room(_room(new.room)), now)
    vector = duplicates.packed(new.vector) if new.vector is not None else None
    row, code = row_of(new, particulars, clock, now), f"{secrets.randbelow(10**6):06}"
    row.code_index = access.code_index(row.id, code)
    if not await _inserted(session, row, now):
        first = await repository.by_turn(session, new.turn_id, new.position)
        return Filed(view=repository.view(first or row), code=None, created=False)
    words = terms.of(particulars, new.place)
    await _add_beside(session, row, vector, words)
    await dues.schedule_many(session, [NewDue(what, row.id, at) for what, at in clock.dues()])
    actor = actor_of(new)
    changes = ledger.snapshot(row) | {"content_seal": ledger.content_seal(row, vector, words)}
    if files:
        await attachments.add(session, row.id, files, by=actor.kind, now=now)
        changes["attached"] = ledger.digest_of_rows(await attachments.of(session, row.id))
    view = repository.view(row)
    story = Story(session, now)
    draft = Draft(
        grievance_id=row.id,
        seq=row.version,
        at=now,
        actor=actor,
        kind=Kind.FILED,
        from_status=None,
        to_status=Status.FILED,
        changes=changes,
        details={"media_ids": [file.id for file in files]} if files else {},
    )
    story.tell(draft, view)
    await story.end(code=code)
    return Filed(view=view, code=code, created=True)


def actor_of(new: NewGrievance) -> Actor:
    """Who files it."""
    if new.source == "officer":
        return Actor(kind=ActorKind.OFFICER, officer_id=new.officer_id)
    return CONTACT if new.source == "contact" else SYSTEM


def _room(room_id: str) -> str:
    try:
        return control_rooms.get(room_id).id
    except NotFound:
        raise InvalidInput("room", "the id of a control room") from None


def checked(particulars: Particulars, now: datetime) -> Particulars:
    """The particulars with the Udyam number in its printed form.

    Raises:
        InvalidInput: The day lies in the future, or the Udyam number is none.
    """
    if particulars.happened_on is not None and particulars.happened_on > now.astimezone(INDIA).date():
        raise InvalidInput("happened_on", "a day that is not in the future")
    if particulars.udyam_number is None:
        return particulars
    return particulars.model_copy(update={"udyam_number": terms.normal_udyam(particulars.udyam_number)})


async def _check_followed(session: AsyncSession, new: NewGrievance) -> None:
    if new.follows is None:
        return
    owner = await session.scalar(select(Grievance.contact_id).where(Grievance.id == new.follows))
    if owner != new.contact_id:
        raise InvalidInput("follows", "an earlier grievance of the same contact")


def row_of(new: NewGrievance, particulars: Particulars, clock: deadlines.Clock, now: datetime) -> Grievance:
    """The row of a new grievance, without its reference and code."""
    category = categories.get(new.category)
    by_rule = categories.priority_of(category, particulars, follows=new.follows is not None)
    return Grievance(
        id=new_id(),
        status=Status.FILED.value,
        level=category.level.value,
        priority=by_rule.value if new.priority is None else new.priority.value,
        category=category.id,
        room=new.room,
        owed_room=new.room,
        state=new.place.state,
        contact_id=new.contact_id,
        conversation_id=new.conversation_id,
        address_id=new.address_id,
        turn_id=new.turn_id,
        position=new.position,
        channel=new.channel,
        language=new.language,
        source=new.source,
        filed_at=now,
        clock_started_at=now,
        attend_by=clock.attend_by,
        conclude_by=clock.conclude_by,
        outer_by=clock.outer_by,
        due_at=clock.attend_by,
        reopened=0,
        follows=new.follows,
        cpgrams_number=new.external_number.upper() if new.external_number else None,
        version=1,
        udyam_index=terms.similar_udyam(particulars),
        against_index=terms.similar_against(particulars),
        district_index=terms.similar_district(new.place),
        particulars={"salt": ledger.new_salt(), **particulars.model_dump(mode="json", exclude_none=True)},
        place=new.place.model_dump(exclude_none=True),
    )


async def _inserted(session: AsyncSession, row: Grievance, now: datetime) -> bool:
    """Insert the row under a number that nobody has; False when another transaction has filed for this turn.

    Raises:
        NotFound: There is no such contact, conversation or address.
    """
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    year = now.astimezone(INDIA).year
    for _ in range(_ATTEMPTS):
        row.reference = reference.new_reference(year, _CHOOSE)
        values = {column.name: getattr(row, column.name) for column in Grievance.__table__.columns}
        statement = dialect.insert(Grievance).values(values).on_conflict_do_nothing().returning(Grievance.id)
        try:
            if await session.scalar(statement) is not None:
                return True
        except IntegrityError as error:
            raise NotFound("contact, conversation or address") from error
        if await repository.by_turn(session, row.turn_id, row.position) is not None:
            return False
    raise StorageUnavailable("no reference is free")


async def _add_beside(
    session: AsyncSession, row: Grievance, vector: bytes | None, words: set[tuple[str, bytes]]
) -> None:
    """Add what lies beside the row: the vector and the search words."""
    if vector is not None:
        await session.execute(insert(GrievanceVector), [{"grievance_id": row.id, "vector": vector}])
    if words:
        await session.execute(
            insert(GrievanceTerm),
            [{"grievance_id": row.id, "field": field, "term": term} for field, term in sorted(words)],
        )
