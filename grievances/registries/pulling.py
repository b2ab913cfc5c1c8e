"""Taking over grievances that were filed at a registry: each once, whatever order and however often they come."""

import hashlib
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core import log
from core.clock import Clock
from core.conversations import service as conversations
from core.db import Database
from core.errors import FinalDelivery, InvalidInput, NotFound, RetryableDelivery
from core.i18n import LANGUAGES
from core.ids import new_id
from grievances import categories
from grievances import service as ledger
from grievances.registries import spool
from grievances.registries.base import ExternalStatus, GrievanceRegistry, RegistryGrievance, UnreadableGrievance
from grievances.registries.fields import cut
from grievances.registries.models import GrievanceExternal, RegistryMark
from grievances.registries.schemas import Origin, Pulled, SpoolState
from grievances.registries.settings import CpgramsSettings
from grievances.schemas import NewGrievance, Particulars, Place, Registry
from handoff.control_rooms import service as control_rooms

_LOG = log.get(__name__)
_PINCODE = re.compile(r"[1-9]\d{5}", re.ASCII)
_OTHER = "other"
_CHANNEL = "cpgrams"


async def run_pull(db: Database, clock: Clock, registry: GrievanceRegistry, settings: CpgramsSettings) -> Pulled:
    """Take over what was filed at the registry since the last pull, and somewhat before.

    Each grievance is a transaction of its own; the mark moves only when the registry's whole list was read, and never
    into the future, whatever its clock says.

    Args:
        db: The application's database.
        clock: Tells the time.
        registry: The client.
        settings: How far back.
    """
    since, mark = await _since(db, clock, settings)
    counts: Counter[str] = Counter()
    newest = mark
    try:
        async for one in registry.pull(since):
            counts[await _take_over(db, clock, one)] += 1
            if isinstance(one, RegistryGrievance):
                newest = max(newest, one.received_at)
    except (RetryableDelivery, FinalDelivery) as error:
        _LOG.warning("registry.pull_incomplete", code=error.code, **counts)
        return Pulled(**counts, trouble=error.code)
    await _move_mark(db, min(newest, clock.now()), clock.now())
    if counts["added"] or counts["unreadable"]:
        _LOG.info("registry.pulled", **counts)
    return Pulled(**counts)


async def _since(db: Database, clock: Clock, settings: CpgramsSettings) -> tuple[datetime, datetime]:
    """From when to ask, and the mark."""
    now = clock.now()
    async with db.reading() as session:
        mark = await session.scalar(
            select(RegistryMark.pulled_until).where(RegistryMark.registered_with == Registry.CPGRAMS)
        )
    if mark is None:
        first = now - timedelta(seconds=settings.pull_first)
        return first, first
    return min(mark, now) - timedelta(seconds=settings.pull_overlap), mark


async def _move_mark(db: Database, until: datetime, now: datetime) -> None:
    async with db.transaction() as session:
        # Two processes may have finished their first pull at once.
        insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        fresh = insert(RegistryMark).values(registered_with=Registry.CPGRAMS, pulled_until=until, pulled_at=now)
        await session.execute(fresh.on_conflict_do_nothing())
        mark = await session.get_one(RegistryMark, Registry.CPGRAMS, with_for_update=True)
        mark.pulled_until, mark.pulled_at = until, now


async def _take_over(db: Database, clock: Clock, one: RegistryGrievance | UnreadableGrievance) -> str:
    """Take one over; what became of it: added, known, finished or unreadable."""
    now = clock.now()
    try:
        async with db.transaction() as session:
            if isinstance(one, UnreadableGrievance):
                return await _keep_unreadable(session, one, now)
            if await spool.holder_of(session, Registry.CPGRAMS, one.number) is not None:
                return "known"
            if one.status is ExternalStatus.CLOSED:
                return "finished"
            await _file(session, one, now)
            return "added"
    except IntegrityError:
        # Another process was taking it over at the same moment.
        return "known"
    except (InvalidInput, NotFound, ValidationError) as error:
        _LOG.error("registry.not_taken_over", number=getattr(one, "number", None), error=type(error).__name__)
        problem = error.field if isinstance(error, InvalidInput) else type(error).__name__
        raw = one.model_dump(mode="json")
        async with db.transaction() as session:
            return await _keep_unreadable(session, UnreadableGrievance(raw=raw, problem=problem), now)


async def _keep_unreadable(session: AsyncSession, one: UnreadableGrievance, now: datetime) -> str:
    """Keep what cannot be read for a person, once."""
    text = json.dumps(one.raw, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:40]
    known = await session.scalar(
        select(GrievanceExternal.id).where(
            GrievanceExternal.registered_with == Registry.CPGRAMS, GrievanceExternal.client_reference == digest
        )
    )
    if known is not None:
        return "known"
    session.add(
        GrievanceExternal(
            id=new_id(),
            registered_with=Registry.CPGRAMS,
            origin=Origin.THEIRS,
            client_reference=digest,
            state=SpoolState.FAILED,
            attempts=0,
            asked=0,
            error_code="unreadable",
            error_fields=one.problem[:200],
            payload={"raw": one.raw},
            created_at=now,
            queued_at=now,
            updated_at=now,
        )
    )
    await session.flush()
    return "unreadable"


def _place(one: RegistryGrievance) -> Place:
    """The place as far as it can be used; a wrong part is left out, not the grievance."""
    given = one.complainant
    pincode = (given.pincode or "").strip()
    return Place(
        pincode=pincode if _PINCODE.fullmatch(pincode) else None,
        district=(given.district or "").strip()[:200] or None,
        state=control_rooms.state_code(given.state),
    )


def _new(one: RegistryGrievance, contact_id: str) -> NewGrievance:
    place = _place(one)
    category = one.category if one.category in categories.all_categories() else _OTHER
    return NewGrievance(
        contact_id=contact_id,
        turn_id=f"cpgrams:{one.number}",
        channel=_CHANNEL,
        language=one.language if one.language in LANGUAGES else "en",
        category=category,
        particulars=Particulars(
            what_happened=cut(one.description.strip()), complainant_name=one.complainant.name.strip()[:200] or None
        ),
        place=place,
        room=categories.room_for(category, place).room.id,
        source="cpgrams",
        external_number=one.number,
    )


async def _file(session: AsyncSession, one: RegistryGrievance, now: datetime) -> None:
    """File it as ours; its clock runs from the moment at which the registry received it."""
    contact_id = await conversations.add_contact(
        session, name=one.complainant.name.strip()[:200] or None, language=None, now=now
    )
    filed = await ledger.file(session, _new(one, contact_id), now=min(one.received_at, now))
    session.add(
        GrievanceExternal(
            id=new_id(),
            grievance_id=filed.view.id,
            registered_with=Registry.CPGRAMS,
            origin=Origin.THEIRS,
            client_reference=filed.view.reference,
            number=one.number,
            state=SpoolState.REGISTERED,
            attempts=0,
            asked=0,
            next_attempt_at=now,
            last_status=one.status,
            status_at=one.received_at,
            payload=one.model_dump(mode="json", exclude_none=True),
            created_at=now,
            queued_at=now,
            updated_at=now,
        )
    )
    await session.flush()
