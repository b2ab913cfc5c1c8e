"""What the page of one grievance shows, gathered from the services for one officer."""

import mimetypes
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import service as conversations
from core.errors import NotFound
from core.i18n import LANGUAGES, sentence
from grievances import categories, duplicates, reference, service
from grievances.letters.content import LetterKind
from grievances.registries import service as registries
from grievances.schemas import PRIVATE_KINDS, EventView, GrievanceView, Kind, Outcome, Status
from grievances.status import Move
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.schemas import Why
from handoff.desk import words as desk_words
from handoff.desk.grievances import clock, forms, words
from handoff.desk.grievances.clock import Clockwork
from handoff.desk.grievances.words import Due
from handoff.desk.pages import Reader
from handoff.officers import service as officers
from handoff.queue import service as queue

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """A line of the history."""

    seq: int
    what: str
    who: str
    when: str
    text: str
    because: str
    private: bool


@dataclass(frozen=True)
class Attached:
    """A file of the grievance."""

    media_id: str
    label: str


@dataclass(frozen=True)
class Similar:
    """A grievance that may be the same matter, or about which that was decided."""

    id: str
    reference: str
    about: str
    says: str


@dataclass(frozen=True)
class Elsewhere:
    """A registration in another registry."""

    registry: str
    number: str
    state: str
    error: str
    remarks: str


@dataclass(frozen=True)
class Letter:
    """A letter that can be taken."""

    kind: LetterKind
    language: str
    label: str


@dataclass(frozen=True)
class Opened:
    """A grievance that an officer looks at."""

    view: GrievanceView
    reference: str
    category: str
    status: str
    level: str
    priority: str
    due: Due
    clock: Clockwork
    facts: list[tuple[str, str]]
    room: str
    room_why: str
    history: list[Entry]
    attached: list[Attached]
    suggested: list[Similar]
    decided: list[Similar]
    elsewhere: list[Elsewhere]
    conversation: str
    offered: tuple[Move, ...]
    choices: dict[str, Choices]
    letters: list[Letter]


async def opened(session: AsyncSession, reader: Reader, grievance_id: str) -> Opened:
    """A grievance that the officer may see.

    Raises:
        NotFound: It is not there, or not for the officer.
    """
    officer, say, language = reader.officer, reader.say, reader.officer.language
    view = await service.get(session, grievance_id, rooms=officer.rooms)
    events = await service.events(session, view.id, include_private=True)
    others = await _others(session, reader, view)
    return Opened(
        view=view,
        reference=reference.shown(view.reference),
        category=words.name("category", view.category, language),
        status=words.name("status", view.status, language),
        level=words.name("level", view.level, language),
        priority=words.priority(view.priority, language),
        due=words.due(say, view, reader.now, language),
        clock=clock.clockwork(reader, view),
        facts=[(say(key), value) for key, value in await _facts(session, reader, view) if value],
        room=words.room(view.room, language),
        room_why=_room_why(reader, view, events),
        history=await _history(session, reader, events),
        attached=await _attached(session, reader, view),
        suggested=await _suggested(session, reader, view),
        decided=await _decided(session, reader, view),
        elsewhere=await _elsewhere(session, reader, view),
        conversation=await _conversation(session, reader, view),
        offered=forms.offered(view, reader.now, has_others=bool(others)) if officer.may_answer else (),
        choices=_choices(reader, view, others),
        letters=_letters(reader, view),
    )


async def changes_since(session: AsyncSession, reader: Reader, grievance_id: str, version: int) -> tuple[str, ...]:
    """What others did to a grievance after a version, in words."""
    events = await service.events(session, grievance_id, include_private=True)
    later = [event for event in events if event.seq > version]
    return tuple(
        reader.say("refused_change", what=entry.what, who=entry.who, when=entry.when)
        for entry in reversed(await _history(session, reader, later))
    )


async def _others(session: AsyncSession, reader: Reader, view: GrievanceView) -> list[GrievanceView]:
    """The contact's other grievances that the officer may see and this one may be merged into."""
    rooms = reader.officer.rooms
    return [
        one
        for one in await service.of_contact(session, view.contact_id)
        if one.id != view.id and one.status is not Status.MERGED and (rooms is None or one.room in rooms)
    ]


async def _facts(session: AsyncSession, reader: Reader, view: GrievanceView) -> list[tuple[str, str]]:
    say, language = reader.say, reader.officer.language
    channel = desk_words.channel_name(say, view.channel)
    filed = say("fact_filed_value", when=words.moment(view.filed_at, language), channel=channel)
    return [
        *_told(reader, view),
        ("fact_place", words.place(view.place, language) or say("place_unknown")),
        ("fact_filed", filed),
        ("fact_language", desk_words.language_name(say, view.language)),
        ("fact_address", await _address(session, view)),
        ("fact_cpgrams", view.cpgrams_number or ""),
        ("fact_odr", view.odr_number or ""),
        ("fact_follows", await _reference_of(session, reader, view.follows)),
        ("fact_merged_into", await _reference_of(session, reader, view.merged_into)),
        ("fact_reopened", say("fact_times", count=view.reopened) if view.reopened else ""),
        ("fact_outcome", words.name("outcome", view.outcome, language) if view.outcome else ""),
        ("fact_reasons", view.closing_reasons or ""),
        ("fact_feedback", _feedback(reader, view)),
    ]


def _told(reader: Reader, view: GrievanceView) -> list[tuple[str, str]]:
    told, language = view.particulars, reader.officer.language
    if told is None:
        return []
    against = (words.name("against", told.against, language) if told.against else "", told.against_name or "")
    return [
        ("fact_complainant", told.complainant_name or ""),
        ("fact_enterprise", told.enterprise_name or ""),
        ("fact_udyam", told.udyam_number or ""),
        ("fact_against", ": ".join(part for part in against if part)),
        ("fact_amount", words.rupees(told.amount_rupees) if told.amount_rupees else ""),
        ("fact_happened_on", words.day(told.happened_on, language) if told.happened_on else ""),
    ]


def _feedback(reader: Reader, view: GrievanceView) -> str:
    if view.feedback is not None:
        return words.name("feedback", view.feedback, reader.officer.language)
    return reader.say("fact_feedback_asked") if view.feedback_asked_at else ""


async def _address(session: AsyncSession, view: GrievanceView) -> str:
    if view.address_id is None:
        return ""
    address = await conversations.get_address(session, view.address_id)
    return desk_words.masked_address("", address.value).strip()


async def _reference_of(session: AsyncSession, reader: Reader, grievance_id: str | None) -> str:
    if grievance_id is None:
        return ""
    try:
        other = await service.get(session, grievance_id, rooms=reader.officer.rooms)
    except NotFound:
        return ""
    return reference.shown(other.reference)


def _room_why(reader: Reader, view: GrievanceView, events: list[EventView]) -> str:
    """Why the room has the grievance: it was moved there, or the place or the category chose it."""
    say, language = reader.say, reader.officer.language
    moves = [event.details or {} for event in events if event.kind is Kind.TRANSFERRED]
    if moves:
        return say("room_why_moved", room=words.room(str(moves[-1].get("from_room", "")), language))
    category = categories.all_categories().get(view.category)
    if category is not None and category.level.value == "hub":
        return say("room_why_category")
    routed = control_rooms.for_place(view.place.pincode, view.place.district, view.place.state)
    if routed.room.id != view.room:
        return ""
    distance = "" if routed.distance_km is None else f"{routed.distance_km:.0f}"
    if routed.why is Why.SERVES_STATE:
        return sentence("queue", "queue.why_serves_state", language, distance=distance)
    return say(f"room_why_{routed.why}", distance=distance)


async def _history(session: AsyncSession, reader: Reader, events: list[EventView]) -> list[Entry]:
    say, language = reader.say, reader.officer.language
    names = await officers.names(session, {event.officer_id for event in events if event.officer_id})
    entries = [
        Entry(
            seq=event.seq,
            what=words.happened(say, event, language),
            who=words.actor(say, event, names),
            when=words.moment(event.at, language),
            text=say("history_erased") if event.details is None else str(event.details.get("text") or ""),
            because=words.because(say, event),
            private=event.kind in PRIVATE_KINDS,
        )
        for event in events
    ]
    return entries[::-1]


async def _attached(session: AsyncSession, reader: Reader, view: GrievanceView) -> list[Attached]:
    say = reader.say
    found = []
    for file in await service.attachments(session, view.id):
        kind = desk_words.media_kind(say, file.content_type)
        ending = (mimetypes.guess_extension(file.content_type) or "").lstrip(".").upper()
        label = say("attachment", kind=f"{kind} {ending}".strip(), size=max(1, file.size // 1024))
        found.append(Attached(file.media_id, label))
    return found


async def _suggested(session: AsyncSession, reader: Reader, view: GrievanceView) -> list[Similar]:
    if not view.is_open:
        return []
    found = []
    for one in await duplicates.suggest(session, view, now=reader.now, rooms=reader.officer.rooms):
        other = await service.get(session, one.id, rooms=reader.officer.rooms)
        if other.status is not Status.MERGED:
            found.append(_similar(reader, other, reader.say("duplicate_alike", percent=round(100 * one.score))))
    return found


async def _decided(session: AsyncSession, reader: Reader, view: GrievanceView) -> list[Similar]:
    found = []
    for link in await service.links(session, view.id):
        says = reader.say(f"duplicate_{link.decision}")
        try:
            other = await service.get(session, link.other_id, rooms=reader.officer.rooms)
        except NotFound:
            continue
        found.append(_similar(reader, other, says))
    return found


def _similar(reader: Reader, other: GrievanceView, says: str) -> Similar:
    language = reader.officer.language
    told = other.particulars
    parts = (
        words.name("category", other.category, language),
        told.enterprise_name if told else None,
        words.day(other.filed_at, language),
        words.name("status", other.status, language),
    )
    about = ", ".join(part for part in parts if part)
    return Similar(other.id, reference.shown(other.reference), about, says)


async def _elsewhere(session: AsyncSession, reader: Reader, view: GrievanceView) -> list[Elsewhere]:
    say = reader.say
    return [
        Elsewhere(
            registry=one.registry.upper(),
            number=one.number or "",
            state=say(f"elsewhere_{one.state}"),
            error=say("elsewhere_error", code=one.error_code, fields=one.error_fields or "") if one.error_code else "",
            remarks=one.remarks or "",
        )
        for one in await registries.of_grievance(session, view.id, rooms=reader.officer.rooms)
    ]


async def _conversation(session: AsyncSession, reader: Reader, view: GrievanceView) -> str:
    """Id of the conversation if the officer may open it; empty otherwise."""
    if view.conversation_id is None:
        return ""
    officer = reader.officer
    seen = await queue.was_handed_over(session, view.conversation_id, rooms=officer.rooms, officer_id=officer.id)
    return view.conversation_id if seen else ""


def _choices(reader: Reader, view: GrievanceView, others: list[GrievanceView]) -> dict[str, Choices]:
    language = reader.officer.language
    outcomes = [one.value for one in Outcome if one is not Outcome.WITHDRAWN]
    return {
        "outcome": [(one, words.name("outcome", one, language)) for one in outcomes],
        "ground": [(one, words.name("ground", one, language)) for one in categories.grounds()],
        "to_room": [(one.id, words.room(one.id, language)) for one in control_rooms.all_rooms() if one.id != view.room],
        "into": [(one.id, _line(reader, one)) for one in others],
        "decision": [(one, reader.say(f"duplicate_{one}")) for one in ("confirmed", "rejected")],
    }


def _line(reader: Reader, one: GrievanceView) -> str:
    language = reader.officer.language
    parts = (reference.shown(one.reference), words.name("category", one.category, language))
    return ", ".join((*parts, words.day(one.filed_at, language)))


def _letters(reader: Reader, view: GrievanceView) -> list[Letter]:
    kinds = [LetterKind.ACKNOWLEDGEMENT, *([LetterKind.CLOSING] if view.status is Status.CLOSED else [])]
    return [
        Letter(
            kind,
            language,
            reader.say(
                "letter_in",
                letter=reader.say(f"letter_{kind}"),
                tongue=desk_words.language_name(reader.say, language),
            ),
        )
        for kind in kinds
        for language in LANGUAGES
        if language != "hi-Latn"
    ]
