"""Notices to the contact about what happens to a grievance: each is said once, in the contact's language."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA
from core.conversations import outgoing
from core.errors import NotFound
from core.events import Button, OutboundContent
from core.i18n import sentence
from core.outbox import service as outbox
from core.outbox.splitting import split_text
from grievances import reference
from grievances.models import GrievanceMessage
from grievances.schemas import ActorKind, EventView, GrievanceView, Kind, Level, Outcome
from grievances.status import level_above
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.schemas import Room

DOMAIN = "grievances"
LATE = "deadline_missed"
"""Why the system escalates when a deadline was missed."""
FEEDBACK_INTENT = "/grievance_feedback"
_RATINGS = ((3, "good"), (2, "fair"), (1, "poor"))
_LONGEST = 1000
"""Characters of one message: the least that a channel takes with buttons."""
_DAY = "EEEE, d MMMM y"
_LOCALES = {"en": "en_IN", "hi": "hi_IN", "hi-Latn": "en_IN"}
_OUTCOMES = {outcome.value for outcome in Outcome}


@dataclass(frozen=True)
class Notice:
    """What is said about an event.

    Attributes:
        key: Key of the sentence, without the domain.
        params: Its parameters.
        ratings: Whether the contact is asked for a rating.
    """

    key: str
    params: dict[str, str] = field(default_factory=dict)
    ratings: bool = False


@dataclass(frozen=True)
class Told:
    """An event to be told, and to whom: what the sentences are made from."""

    view: GrievanceView
    event: EventView
    language: str
    code: str | None

    def say(self, key: str, **params: str) -> str:
        """A sentence in the contact's language."""
        return sentence(DOMAIN, f"{DOMAIN}.{key}", self.language, **params)

    def day(self, moment: datetime | date) -> str:
        """A day in India, as it is said."""
        day = moment.astimezone(INDIA).date() if isinstance(moment, datetime) else moment
        return format_date(day, _DAY, locale=_LOCALES.get(self.language, "en_IN"))

    def detail(self, name: str) -> str:
        """A detail of the event; empty when there is none, or it was erased."""
        return str((self.event.details or {}).get(name) or "")

    def room(self) -> str:
        """The room that has the grievance; in Hindi in the form that stands before a postposition."""
        try:
            room = control_rooms.get(self.view.room)
        except NotFound:  # taken off the list since
            return self.say("room_other")
        return self.say("room_hub") if room.id == control_rooms.HUB else self.say("room", city=self._city(room))

    def _city(self, room: Room) -> str:
        return room.city_hi if self.language == "hi" else room.city

    def whom(self, level: Level) -> str:
        """Who answers at a level."""
        return self.room() if level is Level.ROOM else self.say(f"level_{level.value}")

    def owner(self) -> str:
        """Who answers now."""
        return self.whom(self.view.level)

    def clock(self) -> dict[str, str]:
        """The days that were promised."""
        view = self.view
        return {
            "attend_by": self.day(view.attend_by),
            "conclude_by": self.day(view.conclude_by),
            "outer_by": self.day(view.outer_by),
        }


def _filed(told: Told) -> Notice:
    params = {"room": told.owner(), **told.clock()}
    if told.code is None:
        return Notice("acknowledged", params)
    return Notice("acknowledged_with_code", {**params, "code": told.code})


def _attended(told: Told) -> Notice:
    days = {"conclude_by": told.day(told.view.conclude_by)}
    if told.view.level is Level.APPELLATE:
        return Notice("attended_appellate", days)
    return Notice("attended", {"room": told.owner(), **days})


def _replied(told: Told) -> Notice:
    return Notice("replied", {"room": told.owner(), "text": told.detail("text")})


def _interim(told: Told) -> Notice:
    params = {"room": told.owner(), "text": told.detail("text")}
    until = told.detail("until")
    return Notice("interim", {**params, "until": told.day(date.fromisoformat(until) if until else told.view.outer_by)})


def _transferred(told: Told) -> Notice:
    return Notice("transferred", {"room": told.room(), "conclude_by": told.day(told.view.conclude_by)})


def _escalated(told: Told) -> Notice:
    keys = {LATE: "escalated_late", "reopened_again": "escalated_again"}
    to = Level(told.detail("to_level") or told.view.level)
    return Notice(keys.get(told.detail("because"), "escalated"), {"to": told.whom(to)})


def _closed(told: Told) -> Notice:
    view, outcome = told.view, told.detail("outcome")
    params = {
        "outcome": told.say(f"outcome_{outcome if outcome in _OUTCOMES else Outcome.NOT_REDRESSED.value}"),
        "text": told.detail("text"),
    }
    if view.level is Level.APPELLATE or view.appeal_until is None:
        return Notice("closed", params)
    appeal = {"to": told.whom(level_above(view.level)), "appeal_until": told.day(view.appeal_until)}
    return Notice("closed_may_appeal", {**params, **appeal})


def _withdrawn(told: Told) -> Notice:
    return Notice("withdrawn")


def _reopened(told: Told) -> Notice:
    return Notice("reopened", {"room": told.owner(), **told.clock()})


def _appealed(told: Told) -> Notice:
    key = "appealed_poor" if told.detail("because") == "poor_feedback" else "appealed"
    to = Level(told.detail("to_level") or told.view.level)
    return Notice(key, {"to": told.whom(to), **told.clock()})


def _feedback_asked(told: Told) -> Notice:
    return Notice("feedback_ask", {"closed_on": told.day(told.view.closed_at or told.event.at)}, ratings=True)


def _merged(told: Told) -> Notice:
    return Notice("merged", {"into": reference.shown(told.detail("reference"))})


def _registered(told: Told) -> Notice:
    return Notice("registered", {"registry": told.detail("registry").upper(), "number": told.detail("number")})


_NOTICES: dict[Kind, Callable[[Told], Notice]] = {
    Kind.FILED: _filed,
    Kind.ATTENDED: _attended,
    Kind.REPLIED: _replied,
    Kind.INTERIM: _interim,
    Kind.TRANSFERRED: _transferred,
    Kind.ESCALATED: _escalated,
    Kind.CLOSED: _closed,
    Kind.WITHDRAWN: _withdrawn,
    Kind.REOPENED: _reopened,
    Kind.APPEALED: _appealed,
    Kind.FEEDBACK_ASKED: _feedback_asked,
    Kind.MERGED: _merged,
    Kind.REGISTERED: _registered,
}
TOLD_KINDS = frozenset(_NOTICES)
"""Events of which the contact is told."""


async def announce(
    session: AsyncSession,
    view: GrievanceView,
    event: EventView,
    *,
    now: datetime,
    code: str | None = None,
    in_turn: bool | None = None,
) -> bool:
    """Tell the contact about an event, once; many kinds of events are not told.

    It is posted into the conversation of the address that the contact used last, in the caller's transaction; the
    gateway's sweep finds what is queued. Whoever stopped messages or took the consent back is told nothing, not later
    either.

    Args:
        session: The caller's transaction.
        view: The grievance as the event left it.
        event: What happened.
        now: When.
        code: The access code, with the event of filing.
        in_turn: Whether the assistant's answer in the same turn says it, so that nothing is posted; None means so for
            a grievance that the contact has filed, and for nothing else.

    Returns:
        Whether something was posted.
    """
    if event.kind not in TOLD_KINDS or not await _first_time(session, view.id, event, now):
        return False
    if in_turn is None:
        in_turn = event.kind is Kind.FILED and event.actor is ActorKind.CONTACT
    conversation = None if in_turn else await outgoing.find_or_open(session, view.contact_id, now=now)
    if conversation is None:
        return False
    told = Told(view, event, conversation.language or view.language, code)
    posted = await outbox.post(
        session, conversation.id, turn_id(view.id, event.seq), contents(told), author="system", now=now
    )
    await _note(session, view.id, event, conversation.id)
    return bool(posted)


def turn_id(grievance_id: str, seq: int) -> str:
    """The turn of a notice: at most 40 characters, the same for the same event."""
    return f"g{grievance_id}.{seq}"


def contents(told: Told) -> list[OutboundContent]:
    """What is said about an event, in messages that are short enough for every channel."""
    notice = _NOTICES[told.event.kind](told)
    params = {"reference": reference.shown(told.view.reference), **notice.params}
    said = OutboundContent(
        text=told.say(notice.key, **params),
        language=told.language,
        key=f"{DOMAIN}.{notice.key}",
        params=params,
        buttons=_rating_buttons(told) if notice.ratings else (),
    )
    return split_text(said, _LONGEST)


def _rating_buttons(told: Told) -> tuple[Button, ...]:
    payload = FEEDBACK_INTENT + '{{"grievance":"{id}","rating":"{rating}"}}'
    return tuple(
        Button(title=told.say(f"rating_{word}"), payload=payload.format(id=told.view.id, rating=rating))
        for rating, word in _RATINGS
    )


async def _first_time(session: AsyncSession, grievance_id: str, event: EventView, now: datetime) -> bool:
    """Take the right to tell an event; False when it was told, or somebody else is about to."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = await session.execute(
        insert(GrievanceMessage)
        .values(grievance_id=grievance_id, seq=event.seq, notice=event.kind.value, posted_at=now)
        .on_conflict_do_nothing()
    )
    return bool(added.rowcount)  # type: ignore[attr-defined]


async def _note(session: AsyncSession, grievance_id: str, event: EventView, conversation_id: str) -> None:
    """Note where an event was told."""
    row = await session.get_one(GrievanceMessage, (grievance_id, event.seq, event.kind.value))
    row.conversation_id = conversation_id
