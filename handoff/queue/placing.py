"""Where a contact is: what was said, a shared location, a complaint, what is known of the contact."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations.schemas import ConversationView, MessageView
from grievances import service as grievances
from grievances.drafts import service as drafts
from grievances.drafts.schemas import Kind
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.schemas import Point
from handoff.queue.routing import Spot
from handoff.queue.schemas import SaidPlace, Source


async def spot_of(
    session: AsyncSession, view: ConversationView, lines: Iterable[MessageView], said: SaidPlace | None
) -> Spot:
    """The first source that names a State, or nothing.

    In this order: what was said, a shared location, the complaint that is being told, what is known of the contact, its
    latest grievance.

    Args:
        session: The caller's transaction.
        view: The conversation.
        lines: Its transcript.
        said: What the assistant heard.
    """
    found = _named(said, Source.SAID) or _shared(lines)
    if found is not None:
        return found
    draft = await drafts.find(session, view.contact_id, Kind.FILING)
    found = _named(_place_in(draft.content if draft else None), Source.DRAFT)
    found = found or _named(_place_in(view.place), Source.CONTACT)
    if found is not None:
        return found
    for grievance in await grievances.of_contact(session, view.contact_id, limit=1):
        place = grievance.place
        earlier = SaidPlace(pincode=place.pincode, district=place.district, state=place.state)
        found = _named(earlier, Source.GRIEVANCE)
    return found or Spot()


def _place_in(told: dict[str, Any] | None) -> SaidPlace | None:
    if not told:
        return None
    values = {name: told.get(name) for name in ("pincode", "district", "state")}
    return SaidPlace(**{name: value for name, value in values.items() if isinstance(value, str)})


def _named(place: SaidPlace | None, source: Source) -> Spot | None:
    """The spot of a place that was named; None where that says no State."""
    if place is None or not place.is_known:
        return None
    state = control_rooms.state_code(place.state) if place.state else None
    found, point = control_rooms.locate(place.pincode, place.district, state)
    return Spot(found, point, source) if found else None


def _shared(lines: Iterable[MessageView]) -> Spot | None:
    """The spot of the location that the contact shared last."""
    for line in reversed(list(lines)):
        shared = (line.content or {}).get("location") if line.author == "contact" else None
        if shared:
            point = Point(latitude=shared["latitude"], longitude=shared["longitude"])
            nearest = control_rooms.at_point(point)
            return Spot(nearest.state, point, Source.LOCATION) if nearest else None
    return None
