"""What the pages show, gathered from the services for one officer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.schemas import AddressView, ConsentView, ConversationView, MessageView
from core.events import WINDOW_CLOSED, DeliveryState
from core.i18n import sentence
from core.outbox import service as outbox
from grievances import reference
from grievances import service as grievances
from handoff.desk import ways, words
from handoff.desk.words import Say
from handoff.officers import service as officers
from handoff.officers.schemas import OfficerView
from handoff.queue import service as queue
from handoff.queue.service import HandoverView

RECENT = 100
"""Lines of a transcript that are shown before earlier ones are asked for."""
_TICKED = 40
"""Lines whose ticks are shown again when a transcript grows."""
_TICKS = {
    DeliveryState.QUEUED: "…",
    DeliveryState.SENDING: "…",
    DeliveryState.SENT: "✓",
    DeliveryState.DELIVERED: "✓✓",
    DeliveryState.READ: "✓✓",
    DeliveryState.FAILED: "✕",
    DeliveryState.UNCERTAIN: "?",
}


@dataclass(frozen=True)
class Reader:
    """Who looks at a page, and when."""

    officer: OfficerView
    say: Say
    now: datetime


@dataclass(frozen=True)
class Entry:
    """A conversation in one of the lists."""

    handover: HandoverView
    name: str
    reason: str
    waiting: str
    language: str
    unread: bool
    room: str
    position: int


@dataclass(frozen=True)
class Lists:
    """The lists on the left."""

    waiting: list[Entry]
    mine: list[Entry]


@dataclass(frozen=True)
class Tick:
    """How far a line of ours has come."""

    line: int
    sign: str
    state: DeliveryState
    title: str


@dataclass(frozen=True)
class File:
    """A file that came with a line."""

    position: int
    kind: str


@dataclass(frozen=True)
class Line:
    """A line of a transcript as it is shown."""

    id: int
    author: str
    by: str
    text: str
    language: str | None
    note: str
    files: tuple[File, ...]
    choices: tuple[str, ...]
    at: str
    tick: Tick | None


@dataclass(frozen=True)
class Owned:
    """A grievance of the contact."""

    id: str
    reference: str
    status: str


@dataclass(frozen=True)
class Opened:
    """A conversation that an officer looks at."""

    view: ConversationView
    handover: HandoverView
    name: str
    status: str
    is_mine: bool
    may_claim: bool
    facts: list[tuple[str, str]]
    routed: list[str]
    summary: list[tuple[str, str]]
    targets: ways.Targets | None
    grievances: list[Owned]
    stopped: bool


@dataclass(frozen=True)
class Trouble:
    """A message that did not go out, or of which it is not known."""

    id: str
    conversation_id: str
    may_open: bool
    text: str
    state: str
    error_code: str
    at: str


async def lists(session: AsyncSession, reader: Reader) -> Lists:
    """What waits in the officer's rooms, and what the officer has."""
    officer = reader.officer
    waiting = await queue.waiting_for(session, rooms=officer.rooms, speaks=officer.languages, now=reader.now)
    places = await queue.positions(session, officer.rooms)
    mine = await queue.claimed_by(session, officer.id)
    ids = [one.conversation_id for one in (*waiting, *mine)]
    views = await conversations.get_many(session, ids)
    last = await conversations.last_lines(session, [one.conversation_id for one in mine])

    def entries(requests: Iterable[HandoverView], *, masked: bool) -> list[Entry]:
        return [
            Entry(
                handover=one,
                name=_name(reader.say, views[one.conversation_id], masked=masked),
                reason=words.reason(reader.say, one.reason),
                waiting=words.wait(reader.say, one.requested_at, reader.now),
                language=words.language_name(reader.say, views[one.conversation_id].language),
                unread=last.get(one.conversation_id, (0, ""))[1] == "contact",
                room=ways.room(reader.say, one.room, officer.language),
                position=places.get(one.id, 0),
            )
            for one in requests
            if one.conversation_id in views
        ]

    return Lists(waiting=entries(waiting, masked=True), mine=entries(mine, masked=False))


async def opened(session: AsyncSession, reader: Reader, conversation_id: str) -> Opened:
    """A conversation that the officer may see.

    Raises:
        NotFound: It is not there, or not for the officer.
    """
    officer, say = reader.officer, reader.say
    handover = await queue.latest_visible(session, conversation_id, rooms=officer.rooms, officer_id=officer.id)
    view = await conversations.get(session, conversation_id)
    address = await conversations.get_address(session, view.address_id)
    is_open = handover.resolved_at is None
    is_mine = is_open and handover.officer_id == officer.id
    waited = words.wait(say, handover.requested_at, reader.now)
    where, found_ways, summary = await ways.facts(session, say, officer.language, handover, waited)
    since = queue.away_since(reader.now)
    return Opened(
        view=view,
        handover=handover,
        name=_name(say, view, masked=is_open and not is_mine),
        status=await _status(session, reader, handover, is_mine=is_mine),
        is_mine=is_mine,
        may_claim=is_open and handover.officer_id is None and officer.may_answer,
        facts=where + _facts(reader, view, handover, address, await consents.latest(session, view.contact_id)),
        routed=found_ways,
        summary=summary,
        targets=await ways.targets(session, say, officer, handover, since) if is_mine else None,
        grievances=await _owned(session, reader, view.contact_id),
        stopped=address.stopped_at is not None,
    )


async def _owned(session: AsyncSession, reader: Reader, contact_id: str) -> list[Owned]:
    """The contact's grievances that the officer may see."""
    rooms, language = reader.officer.rooms, reader.officer.language
    return [
        Owned(one.id, reference.shown(one.reference), sentence("ledger", f"status.{one.status}", language))
        for one in await grievances.of_contact(session, contact_id)
        if rooms is None or one.room in rooms
    ]


async def transcript(
    session: AsyncSession, reader: Reader, conversation_id: str, *, after_id: int = 0
) -> tuple[list[Line], list[Tick]]:
    """The lines after a number, and the ticks of the last lines up to it."""
    states = (await outbox.delivery_states(session, [conversation_id])).get(conversation_id, {})
    messages = await conversations.transcript(session, conversation_id, after_id)
    names = await officers.names(session, {one.officer_id for one in messages if one.officer_id})
    ticks = {line: _tick(reader.say, line, state, code) for line, (state, code) in states.items()}
    lines = [_line(reader, one, names, ticks.get(one.id)) for one in messages]
    return lines, [ticks[line] for line in sorted(ticks)[-_TICKED:] if line <= after_id]


async def troubles(session: AsyncSession, reader: Reader) -> list[Trouble]:
    """Messages of the officer's rooms that failed or are uncertain and that nobody has looked at."""
    rows = await outbox.needing_attention(session, rooms=reader.officer.rooms)
    return [
        Trouble(
            id=row.id,
            conversation_id=row.conversation_id,
            may_open=await _may_open(session, reader, row.conversation_id),
            text=row.content.text,
            state=reader.say(f"tick_{row.state}"),
            error_code=_reason(reader.say, row.error_code),
            at=words.clock_time(row.created_at, reader.now, reader.officer.language),
        )
        for row in rows
    ]


async def _may_open(session: AsyncSession, reader: Reader, conversation_id: str) -> bool:
    officer = reader.officer
    return await queue.was_handed_over(session, conversation_id, rooms=officer.rooms, officer_id=officer.id)


def _name(say: Say, view: ConversationView, *, masked: bool) -> str:
    fallback = say("contact_unnamed", code=words.short_code(view.contact_id))
    return words.masked_name(view.contact_name, fallback) if masked else view.contact_name or fallback


async def _status(session: AsyncSession, reader: Reader, handover: HandoverView, *, is_mine: bool) -> str:
    say = reader.say
    if handover.resolved_at is not None:
        return say("state_closed", outcome=say(f"disposition_{handover.disposition}"))
    if handover.officer_id is None:
        return say("state_waiting")
    if is_mine:
        return say("state_mine")
    names = await officers.names(session, [handover.officer_id])
    return say("state_theirs", name=names.get(handover.officer_id, ""))


def _facts(
    reader: Reader,
    view: ConversationView,
    handover: HandoverView,
    address: AddressView,
    consent: ConsentView | None,
) -> list[tuple[str, str]]:
    say, now, language = reader.say, reader.now, reader.officer.language
    channel = words.channel_name(say, view.channel)
    facts = [
        ("fact_reason", words.reason(say, handover.reason)),
        ("fact_language", words.language_name(say, view.language)),
        ("fact_channel", channel),
        ("fact_address", words.masked_address("", address.value).strip()),
        ("fact_opened", words.clock_time(view.opened_at, now, language)),
        ("fact_requested", words.clock_time(handover.requested_at, now, language)),
        ("fact_place", words.place_text(view.place) or say("place_unknown")),
        ("fact_consent", _consent(reader, consent)),
        ("fact_reference", words.short_code(view.id)),
    ]
    if address.last_inbound_at is not None:
        facts.insert(6, ("fact_last_inbound", words.clock_time(address.last_inbound_at, now, language)))
    return [(say(key), value) for key, value in facts]


def _consent(reader: Reader, consent: ConsentView | None) -> str:
    say = reader.say
    if consent is None:
        return say("consent_none")
    if consent.withdrawn_at is not None:
        return say("consent_withdrawn")
    if consent.given_at is not None:
        when = words.clock_time(consent.given_at, reader.now, reader.officer.language)
        return say("consent_given", when=when)
    return say("consent_declined" if consent.declined_at is not None else "consent_none")


def _tick(say: Say, line: int, state: DeliveryState, error_code: str | None) -> Tick:
    if state is DeliveryState.QUEUED and error_code == WINDOW_CLOSED:
        return Tick(line=line, sign=_TICKS[state], state=state, title=say("tick_waits_for_contact"))
    title = say(f"tick_{state}")
    shown = state in {DeliveryState.FAILED, DeliveryState.UNCERTAIN}
    code = f" ({_reason(say, error_code)})" if error_code and shown else ""
    return Tick(line=line, sign=_TICKS[state], state=state, title=title + code)


def _reason(say: Say, error_code: str | None) -> str:
    """Why something was not sent: in words where they are ours, else the provider's code."""
    return say("code_window_closed") if error_code == WINDOW_CLOSED else error_code or ""


def _line(reader: Reader, message: MessageView, names: dict[str, str], tick: Tick | None) -> Line:
    say, content = reader.say, message.content
    by = names.get(message.officer_id or "") or say(f"by_{message.author}")
    text = str((content or {}).get("text") or "")
    files = tuple(
        File(position, words.media_kind(say, str(media.get("declared_type", ""))))
        for position, media in enumerate((content or {}).get("media") or ())
    )
    note = _note(say, content)
    return Line(
        id=message.id,
        author=message.author,
        by=by,
        text=text,
        language=(content or {}).get("language"),
        note=note or ("" if text or files else say("empty")),
        files=files,
        choices=tuple(str(button.get("title", "")) for button in (content or {}).get("buttons") or ()),
        at=words.clock_time(message.created_at, reader.now, reader.officer.language),
        tick=tick,
    )


def _note(say: Say, content: dict[str, Any] | None) -> str:
    if content is None:
        return say("erased")
    place = content.get("location")
    if not place:
        return ""
    latitude, longitude = f"{place['latitude']:.4f}", f"{place['longitude']:.4f}"
    return say("location", latitude=latitude, longitude=longitude, label=place.get("label") or "").strip()
