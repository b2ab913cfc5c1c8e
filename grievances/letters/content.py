"""What the letters about a grievance say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from core.clock import INDIA
from core.errors import Conflict
from core.i18n import sentence
from grievances import reference
from grievances.deadlines import india_day
from grievances.letters.signs import REPLACEMENT, fit
from grievances.schemas import GrievanceView, Level, Outcome, Particulars, Status
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.calendar import calendars
from handoff.control_rooms.schemas import Room

_LOCALES = {"en": "en_IN", "hi": "hi_IN", "hi-Latn": "en_IN"}
Say = Callable[..., str]


class LetterKind(StrEnum):
    """What a letter is for."""

    ACKNOWLEDGEMENT = "acknowledgement"
    CLOSING = "closing"


@dataclass(frozen=True)
class Section:
    """A part of a letter under a title of its own; `quoted` are a person's words, `rules` name what it rests on."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    quoted: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """Everything that a letter says, in the order in which it stands there."""

    language: str
    organisation: str
    sender: tuple[str, ...]
    title: str
    reference: str
    to_label: str
    to: tuple[str, ...]
    opening: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str
    page: str
    made_at: datetime


def compose(kind: LetterKind, view: GrievanceView, *, language: str, now: datetime) -> Letter:
    """The letter about a grievance as it stands now.

    Args:
        kind: Which letter.
        view: The grievance.
        language: Of the letter.
        now: Its date.

    Raises:
        Conflict: A closing letter of a grievance that is not closed.
    """
    if kind is LetterKind.CLOSING and view.status is not Status.CLOSED:
        raise Conflict(f"a grievance that is {view.status} has no closing letter")
    return _Writer(view, language, now).letter(kind)


class _Writer:
    """Writes a letter about one grievance in one language."""

    def __init__(self, view: GrievanceView, language: str, now: datetime) -> None:
        self._view, self._language, self._now = view, language, now
        self._number = reference.shown(view.reference)

    def letter(self, kind: LetterKind) -> Letter:
        if kind is LetterKind.CLOSING:
            sections = (*self._complaint(), *self._reasons(), self._appeal())
        else:
            sections = (*self._complaint(), self._deadlines())
        room = control_rooms.get(self._view.room)
        to = self._to()
        footer = self._say("footer", when=self._moment(self._now))
        if any(REPLACEMENT in text for text in (*to, *(section.quoted for section in sections))):
            footer = f"{footer} {self._say('unprintable')}"
        return Letter(
            language=self._language,
            organisation=self._say("organisation"),
            sender=_address(self._room(room), room),
            title=self._say(f"{kind}_title"),
            reference=self._number,
            to_label=self._say("to"),
            to=to,
            opening=self._opening(kind),
            facts=tuple((self._say(label), value) for label, value in self._facts(kind) if value),
            sections=sections,
            footer=footer,
            page=self._say("page", number="{number}", total="{total}"),
            made_at=self._now,
        )

    def _say(self, key: str, **params: Any) -> str:
        return sentence("letters", f"letters.{key}", self._language, **params)

    def _name(self, what: str, value: str) -> str:
        return sentence("ledger", f"{what}.{value}", self._language)

    def _date(self, moment: datetime | date | None) -> str:
        if moment is None:
            return ""
        day = india_day(moment) if isinstance(moment, datetime) else moment
        return format_date(day, "d MMMM y", locale=_LOCALES[self._language])

    def _moment(self, moment: datetime) -> str:
        return self._say("when", date=self._date(moment), time=moment.astimezone(INDIA).strftime("%H:%M"))

    def _room(self, room: Room) -> str:
        return f"{room.name} ({room.city_hi})" if self._language == "hi" else room.name

    def _to(self) -> tuple[str, ...]:
        told = self._view.particulars
        named = (told.complainant_name, told.enterprise_name) if told else ()
        return tuple(fit(name) for name in named if name) or (self._say("to_unnamed"),)

    def _opening(self, kind: LetterKind) -> str:
        if kind is LetterKind.ACKNOWLEDGEMENT:
            return self._say("registered", reference=self._number)
        key = "withdrawn_text" if self._view.outcome is Outcome.WITHDRAWN else "closed_text"
        return self._say(key, reference=self._number, date=self._date(self._view.closed_at))

    def _facts(self, kind: LetterKind) -> list[tuple[str, str]]:
        view, closing = self._view, kind is LetterKind.CLOSING
        again = view.clock_started_at != view.filed_at
        # After an appeal the hub owes it anew: it did not receive it first.
        moved = view.owed_room != view.room and not (again and view.owed_room == control_rooms.HUB)
        facts = [
            ("reference", self._number),
            ("date", self._date(self._now)),
            ("filed_on", self._date(view.filed_at)),
            ("reopened_on", self._date(view.clock_started_at) if again else ""),
            ("attended_on", self._date(view.attended_at)),
            ("closed_on", self._date(view.closed_at) if closing else ""),
            ("cpgrams_number", fit(view.cpgrams_number or "")),
            ("odr_number", fit(view.odr_number or "")),
            ("first_room", self._room(control_rooms.get(view.owed_room)) if moved else ""),
            ("level", self._name("level", view.level) if closing else ""),
            ("category", self._name("category", view.category)),
            ("place", self._place()),
        ]
        if view.particulars is not None:
            facts += self._told(view.particulars)
        if closing and view.outcome is not None:
            facts.append(("outcome", self._name("outcome", view.outcome)))
        return facts

    def _told(self, told: Particulars) -> list[tuple[str, str]]:
        against = (self._name("against", told.against) if told.against else "", fit(told.against_name or ""))
        amount = format_decimal(told.amount_rupees, locale="en_IN") if told.amount_rupees else ""
        return [
            ("against", ": ".join(part for part in against if part)),
            ("amount", self._say("amount_value", amount=amount) if amount else ""),
            ("happened_on", self._date(told.happened_on)),
            ("udyam", fit(told.udyam_number or "")),
        ]

    def _place(self) -> str:
        place = self._view.place
        state = control_rooms.states().get(place.state or "")
        named = (state.name_hi if self._language == "hi" else state.name) if state else ""
        return ", ".join(part for part in (fit(place.district or ""), named, place.pincode) if part)

    def _complaint(self) -> tuple[Section, ...]:
        told = self._view.particulars
        title = self._say("complaint")
        if told is None:
            return (Section(title, paragraphs=(self._say("erased"),)),)
        return (Section(title, quoted=fit(told.what_happened)),)

    def _deadlines(self) -> Section:
        view = self._view
        conclude = "conclude_by" if view.level is Level.ROOM else "conclude_by_upper"
        items = (
            self._say("attend_by", when=self._moment(view.attend_by)),
            self._say(conclude, when=self._moment(view.conclude_by)),
            self._say("outer_by", when=self._moment(view.outer_by)),
        )
        free = self._holidays()
        rules = [self._say("rule_champions"), self._say("rule_darpg")]
        if free:
            rules.insert(0, self._say("holidays", days="; ".join(self._date(day) for day in free)))
        return Section(self._say("deadlines"), items=items, rules=tuple(rules))

    def _holidays(self) -> list[date]:
        view = self._view
        first, last = india_day(view.clock_started_at), india_day(view.conclude_by)
        free = calendars().of_room(view.owed_room).holidays
        return sorted(day for day in free if first < day <= last and day.weekday() < 5)

    def _reasons(self) -> tuple[Section, ...]:
        reasons = self._view.closing_reasons
        return (Section(self._say("reasons"), quoted=fit(reasons)),) if reasons else ()

    def _appeal(self) -> Section:
        view, title = self._view, self._say("appeal")
        until = view.appeal_until
        if view.outcome is Outcome.WITHDRAWN:
            return Section(title, paragraphs=(self._say("appeal_withdrawn", reference=self._number),))
        if view.level is Level.APPELLATE:
            return Section(title, paragraphs=(self._say("appeal_last", reference=self._number),))
        if until is None or until < self._now:
            params = {"date": self._date(until or view.closed_at), "reference": self._number}
            return Section(title, paragraphs=(self._say("appeal_over", **params),), rules=(self._say("rule_appeal"),))
        above = "hub" if view.level is Level.ROOM else "appellate"
        how = self._say(
            "appeal_how",
            date=self._date(until),
            reference=self._number,
            level=self._say(f"appeal_level_{above}"),
        )
        return Section(title, paragraphs=(how,), rules=(self._say("rule_appeal"),))


def _address(name: str, room: Room) -> tuple[str, ...]:
    """The lines of a room's address; the city is not printed twice."""
    named = room.address.endswith(room.city)
    places = (room.address, "" if named else room.city)
    return name, f"{', '.join(place for place in places if place)} {room.pincode}".strip()
