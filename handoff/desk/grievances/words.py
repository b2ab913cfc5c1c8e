"""What the grievance pages say: names of what the ledger knows, the clock in words, and the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from babel.dates import format_date
from babel.numbers import format_decimal

from core.clock import INDIA
from core.errors import NotFound
from core.i18n import MissingSentence, sentence
from grievances import reference
from grievances.schemas import ActorKind, EventView, Kind, Place, Status
from handoff.control_rooms import service as control_rooms
from handoff.desk.words import Say

_LOCALES = {"en": "en_IN", "hi": "hi_IN", "hi-Latn": "en_IN"}
_PRIORITIES = {0: "normal", 1: "high", 2: "urgent"}
_TOGETHER = ("from_level", "to_level", "level")


class Clocked(Protocol):
    """What has deadlines: a row of a list, or a grievance."""

    @property
    def status(self) -> Status: ...  # noqa: D102
    @property
    def attend_by(self) -> datetime: ...  # noqa: D102
    @property
    def conclude_by(self) -> datetime: ...  # noqa: D102
    @property
    def attended_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def closed_at(self) -> datetime | None: ...  # noqa: D102


@dataclass(frozen=True)
class Due:
    """The next deadline in words, with a sign and a tone: ``late``, ``soon``, ``fine`` or ``over``."""

    text: str
    tone: str
    sign: str


def name(what: str, value: object, language: str) -> str:
    """The name of something that the ledger knows, such as ``name("status", "filed", "hi")``."""
    try:
        return sentence("ledger", f"{what}.{value}", language)
    except MissingSentence:
        return str(value)


def priority(value: int, language: str) -> str:
    """The name of a priority; nothing for the normal one."""
    return name("priority", _PRIORITIES[value], language) if value else ""


def day(moment: datetime | date, language: str) -> str:
    """A day in India."""
    local = moment.astimezone(INDIA).date() if isinstance(moment, datetime) else moment
    return format_date(local, "d MMM y", locale=_LOCALES[language])


def rupees(amount: int) -> str:
    """An amount, grouped as in India."""
    return f"₹ {format_decimal(amount, locale='en_IN')}"


def room(room_id: str, language: str) -> str:
    """A control room's name, with its city in Devanagari on Hindi pages."""
    if room_id == control_rooms.HUB:
        return name("level", "hub", language)
    try:
        found = control_rooms.get(room_id)
    except NotFound:
        return room_id
    return f"{found.name} ({found.city_hi})" if language == "hi" else found.name


def state(code: str | None, language: str) -> str:
    """A State's name."""
    found = control_rooms.states().get(code or "")
    if found is None:
        return code or ""
    return found.name_hi if language == "hi" else found.name


def place(value: Place, language: str) -> str:
    """A place as one line; empty when nothing is known."""
    return ", ".join(part for part in (value.district, state(value.state, language), value.pincode) if part)


def due(say: Say, one: Clocked, now: datetime, language: str) -> Due:
    """The next deadline of a grievance."""
    if one.status is Status.MERGED:
        return Due(say("due_merged"), "over", "–")
    if one.status is Status.CLOSED:
        return Due(say("due_closed", date=day(one.closed_at or now, language)), "over", "✓")
    owed = "attend" if one.attended_at is None else "conclude"
    by = one.attend_by if owed == "attend" else one.conclude_by
    return until(say, say(f"due_{owed}"), by, now)


def until(say: Say, what: str, by: datetime, now: datetime) -> Due:
    """How long there is until a deadline, or how late it is."""
    local = by.astimezone(INDIA)
    days = (local.date() - now.astimezone(INDIA).date()).days
    told: dict[str, Any] = {"what": what, "time": local.strftime("%H:%M"), "days": abs(days)}
    if by <= now:
        return Due(say(_late(days), **told), "late", "!")
    key = {0: "due_today", 1: "due_tomorrow"}.get(days, "due_days")
    return Due(say(key, **told), "soon" if days <= 1 else "fine", "◔" if days <= 1 else "○")


def _late(days: int) -> str:
    return {0: "due_late_today", -1: "due_late_day"}.get(days, "due_late_days")


def moment(value: datetime, language: str) -> str:
    """A day with its time, in India."""
    return f"{day(value, language)}, {value.astimezone(INDIA).strftime('%H:%M')}"


def actor(say: Say, event: EventView, names: Mapping[str, str]) -> str:
    """Who did what an event tells."""
    if event.actor is ActorKind.OFFICER:
        return names.get(event.officer_id or "") or say("by_officer")
    return say(f"history_by_{event.actor}")


def happened(say: Say, event: EventView, language: str) -> str:
    """What an event says has happened, without its text."""
    details = event.details or {}
    key = f"event_{event.kind}"
    if event.kind is Kind.LINKED:
        key = f"event_linked_{details.get('decision', 'rejected')}"
    told = dict.fromkeys(_PARAMETERS, "")
    told |= {field: _detail(field, value, language) for field, value in details.items()}
    told["count"] = str(len(_listed(details.get("media_ids"))))
    told["level"] = told.get("to_level", "")
    told["deadline"] = say(f"clock_{details['deadline']}") if details.get("deadline") else ""
    try:
        return say(key, **told).strip()
    except MissingSentence:
        return say("event_other", kind=str(event.kind))


_PARAMETERS = ("until", "from_room", "to_room", "outcome", "rating", "reference", "registry", "number", "to_level")
"""What sentences about events name; blank where the details were erased."""


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _detail(field: str, value: object, language: str) -> str:
    text = str(value)
    if field in ("from_room", "to_room"):
        return room(text, language)
    if field in _TOGETHER:
        return name("level", text, language)
    if field == "outcome":
        return name("outcome", text, language)
    if field == "rating":
        return name("feedback", text, language)
    if field == "reference":
        return reference.shown(text)
    if field == "until":
        return day(date.fromisoformat(text), language)
    return text.upper() if field == "registry" else text


def because(say: Say, event: EventView) -> str:
    """Why the system did something by itself; empty otherwise."""
    word = (event.details or {}).get("because")
    if not word:
        return ""
    try:
        return say(f"because_{word}")
    except MissingSentence:
        return str(word)
