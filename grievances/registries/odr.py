"""Delayed payments: what has to be filed on the portal, where that is, and keeping the number that it gives.

The portal for online dispute resolution has no interface that is public; nothing is sent to it from here. Its own
address is not sourced: new filings are reached through Samadhaan, whose address is.
"""

import re
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, InvalidInput, NotPermitted
from core.ids import new_id
from grievances import service as ledger
from grievances.registries import spool
from grievances.registries.links import OfficialLink, fact, official
from grievances.registries.models import GrievanceExternal
from grievances.registries.schemas import Origin, SpoolState
from grievances.schemas import Actor, ActorKind, GrievanceView, Registry
from grievances.status import Move

CATEGORY = "delayed_payment"
_NUMBER = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9/_.-]{2,38}[A-Z0-9]", re.ASCII)


class FilingField(BaseModel):
    """One thing that the portal asks for; `value` None is still to be found. The label is ``registries.odr.<name>``."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: str | None


class OdrFiling(BaseModel):
    """A filing prepared from a grievance: what is known, what is missing, which papers, and where it is filed."""

    model_config = ConfigDict(frozen=True)

    reference: str
    fields: tuple[FilingField, ...]
    missing: tuple[str, ...]
    documents: tuple[str, ...]
    link: OfficialLink
    facts_as_of: str


def prepare(view: GrievanceView) -> OdrFiling:
    """Prepare the filing of a delayed payment.

    Raises:
        Conflict: The grievance is about something else, or its words were erased.
    """
    if view.category != CATEGORY:
        raise Conflict(f"a grievance about {view.category} is not filed as a delayed payment")
    told = view.particulars
    if told is None:
        raise Conflict("the words of this grievance were erased")
    values = {
        "udyam_number": told.udyam_number,
        "enterprise_name": told.enterprise_name,
        "complainant_name": told.complainant_name,
        "buyer_name": told.against_name,
        "amount_rupees": None if told.amount_rupees is None else str(told.amount_rupees),
        "invoice_date": told.happened_on.isoformat() if told.happened_on else None,
        "description": told.what_happened,
    }
    return OdrFiling(
        reference=view.reference,
        fields=tuple(FilingField(name=name, value=value) for name, value in values.items()),
        missing=tuple(name for name, value in values.items() if value is None),
        documents=tuple(fact("samadhaan")["documents"]),
        link=official("samadhaan"),
        facts_as_of=fact("samadhaan")["as_of"],
    )


def normal_number(text: str) -> str:
    """A number of the portal as it is kept; its form is not public, so only what is plainly none is refused.

    Raises:
        InvalidInput: It has no digit, strange signs, or not 4 to 40 signs.
    """
    number = "".join(text.split()).upper()
    if not _NUMBER.fullmatch(number):
        raise InvalidInput("number", "4 to 40 letters, digits and / _ . -, with a digit among them")
    return number


async def keep_number(
    session: AsyncSession,
    grievance_id: str,
    number: str,
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None,
) -> GrievanceView:
    """Keep the number that the portal gave, as an officer or the contact enters it.

    Raises:
        NotFound: There is no such grievance in these rooms.
        NotPermitted: Somebody else than an officer or the contact enters it.
        Conflict: It is not about a delayed payment, has another number, or another grievance has this one.
        InvalidInput: It cannot be a number.
    """
    if actor.kind is ActorKind.SYSTEM:
        raise NotPermitted("the portal's number is entered by a person")
    kept = normal_number(number)
    view = await ledger.get(session, grievance_id, rooms=rooms)
    if view.category != CATEGORY:
        raise Conflict(f"a grievance about {view.category} is not filed as a delayed payment")
    if view.odr_number == kept:
        return view
    if await spool.holder_of(session, Registry.ODR, kept) is not None:
        raise Conflict("another grievance has this number")
    # The ledger lets only officers and the system register: what a contact enters counts as the system's.
    registrar = actor if actor.kind is ActorKind.OFFICER else Actor(kind=ActorKind.SYSTEM)
    changed = await ledger.act(
        session, grievance_id, Move.REGISTER, actor=registrar, now=now, rooms=rooms, registry=Registry.ODR, number=kept
    )
    session.add(
        GrievanceExternal(
            id=new_id(),
            grievance_id=grievance_id,
            registered_with=Registry.ODR,
            origin=Origin.OURS,
            client_reference=view.reference,
            number=kept,
            state=SpoolState.REGISTERED,
            attempts=0,
            asked=0,
            created_at=now,
            queued_at=now,
            updated_at=now,
        )
    )
    await session.flush()
    return changed
