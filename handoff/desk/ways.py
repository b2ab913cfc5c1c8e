"""What the pages say of a request's way: why it is in its room, where it stands, what it carries, where it can go."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from grievances import categories
from handoff.control_rooms import service as control_rooms
from handoff.desk.grievances import words as grievance_words
from handoff.desk.words import Say
from handoff.officers import presence
from handoff.officers import service as officers
from handoff.officers.schemas import OfficerView
from handoff.queue import notices
from handoff.queue import service as queue
from handoff.queue.schemas import Carried, Cause, HandoverView, Step
from handoff.queue.settings import settings

Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Targets:
    """Where an officer can move a conversation to: values of the form and what they are called."""

    officers: list[tuple[str, str]]
    rooms: list[tuple[str, str]]


def room(say: Say, room_id: str | None, language: str) -> str:
    """A room as officers read it."""
    return grievance_words.room(room_id, language) if room_id else say("place_unknown")


async def facts(
    session: AsyncSession, say: Say, language: str, handover: HandoverView, waiting: str
) -> tuple[Facts, list[str], Facts]:
    """Room, place and waiting time; the way to the room, the last step first; and the summary.

    Args:
        session: The caller's transaction.
        say: Gives sentences.
        language: The officer's.
        handover: The request.
        waiting: How long it has waited, in words.
    """
    carried = await queue.carried(session, handover.id)
    names = await officers.names(session, {one.by for one in carried.steps if one.by})
    found = [(say("fact_room"), room(say, handover.room, language))]
    place = await queue.position(session, handover)
    if place:
        found += [(say("fact_position"), say("place_in_queue", position=place)), (say("fact_waited"), waiting)]
    ways = [" ".join(_way(say, step, names, language)) for step in reversed(carried.steps)]
    return found, [way for way in ways if way], _summary(say, carried, language)


def _way(say: Say, step: Step, names: dict[str, str], language: str) -> list[str]:
    said = []
    if step.cause is Cause.TRANSFER:
        said.append(say("cause_transfer", name=names.get(step.by or "", ""), reason=step.reason))
    elif step.cause is not Cause.REQUEST:
        said.append(say(f"cause_{step.cause}"))
    if step.why:
        distance = "" if step.distance_km is None else f"{step.distance_km:.0f}"
        said.append(say(f"why_{step.why}", distance=distance))
    if step.cause is Cause.REQUEST and step.source is not None:
        said.append(say(f"source_{step.source}"))
    if step.skipped:
        rooms = ", ".join(say(f"skip_{one.because}", room=room(say, one.room, language)) for one in step.skipped)
        said.append(say("passed_over", rooms=rooms))
    return said


def _summary(say: Say, carried: Carried, language: str) -> Facts:
    """What it carries, but for grievances: the page lists those that the officer's rooms may see."""
    known = carried.summary
    complaint = known.get("complaint") or {}
    category = complaint.get("category")
    if category in categories.all_categories():
        category = grievance_words.name("category", category, language)
    values = [
        ("summary_category", category),
        ("summary_against", complaint.get("against_name")),
        ("summary_amount", complaint.get("amount")),
        ("summary_files", complaint.get("files")),
        ("summary_asked", known.get("asked")),
    ]
    return [(say(key), str(value)) for key, value in values if value]


async def targets(
    session: AsyncSession, say: Say, officer: OfficerView, handover: HandoverView, since: datetime
) -> Targets:
    """Officers on duty with room for another conversation, and every other room."""
    there = [one for one in await presence.on_duty(session, since) if one.id != officer.id]
    loads = await queue.loads(session, [one.id for one in there])
    free = [one for one in there if loads.get(one.id, 0) < settings().most_at_once]
    language = officer.language
    return Targets(
        officers=[
            (
                f"officer:{one.id}",
                f"{one.name}, {notices.room_name(one.works_at, language)} ({loads.get(one.id, 0)})",
            )
            for one in free
        ],
        rooms=[
            (f"room:{one.id}", room(say, one.id, language))
            for one in control_rooms.all_rooms()
            if one.id != handover.room
        ],
    )
