"""Draws the demo country: who lives there, what happened to them, and what becomes of it; the same in every run."""

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal

from core.clock import INDIA
from grievances import categories
from grievances.schemas import Against, NewGrievance, Particulars, Place
from handoff.control_rooms import service as control_rooms
from tools.demo.scripts import Plan, deal, steps_of
from tools.demo.scripts import Step as Step

DAYS = 365
"""How far back the country goes."""
NUMBER = "+9101"
"""How every telephone number of the country begins: no number in India begins with 0."""
TURN = "demo-"
"""How the turn of every grievance of the country begins."""
_DATA = Path(__file__).with_name("country.toml")
_POPULOUS = {"UP": 14, "MH": 13, "TN": 9, "GJ": 8, "WB": 7, "KA": 7, "RJ": 6, "BR": 5, "TS": 5, "AP": 5, "MP": 5,
             "PB": 4, "HR": 4, "OD": 4, "KL": 4, "DL": 4, "JH": 3, "AS": 3, "CG": 2, "UK": 2, "HP": 2}  # fmt: skip
_LANGUAGES = (("en", 30), ("hi", 45), ("hi-Latn", 25))
_CHANNELS = (("whatsapp", 82), ("telegram", 10), ("ivr", 8))
_KINDS = {"whatsapp": "whatsapp", "telegram": "telegram", "ivr": "telephone"}
_DISTRICTS = 5
_ROUND = (5_000, 10_000, 25_000)


@cache
def data() -> dict[str, Any]:
    """What the country is made of."""
    return tomllib.loads(_DATA.read_text("utf-8"))


@dataclass(frozen=True)
class Person:
    """An invented entrepreneur and how to reach them."""

    number: str
    channel: str
    language: str
    name: str
    enterprise: str
    udyam: str
    place: Place

    @property
    def kind(self) -> str:
        """Kind of the address."""
        return _KINDS[self.channel]


@dataclass(frozen=True)
class Matter:
    """One grievance to come: whose, what about, when, and what becomes of it."""

    turn: str
    person: Person
    category: str
    particulars: Particulars
    filed_at: datetime
    plan: Plan
    steps: tuple[Step, ...]
    twin: str | None = None

    @property
    def text(self) -> str:
        """What happened."""
        return self.particulars.what_happened

    def new(self, contact_id: str, conversation_id: str | None, address_id: str | None, **more: Any) -> NewGrievance:
        """The grievance as it is filed."""
        return NewGrievance(
            contact_id=contact_id,
            conversation_id=conversation_id,
            address_id=address_id,
            turn_id=self.turn,
            channel=self.person.channel,
            language=self.person.language,
            category=self.category,
            particulars=self.particulars,
            place=self.person.place,
            room=_room_for(self.category, self.person.place),
            **more,
        )


class Country:
    """Draws grievances in an order of their own; sort them by time to live through them.

    Args:
        count: How many grievances.
        seed: The same number and the same moment give the same country.
        now: Its present moment.
    """

    def __init__(self, count: int, seed: int, now: datetime) -> None:
        self._count, self._seed, self._now = count, seed, now
        self._draw = random.Random(f"country {seed} {count}")  # noqa: S311 - a play, no secret
        self._people: list[Person] = []
        self._unseen = list(categories.all_categories())
        self._states = sorted(control_rooms.states())
        self._weights = [_POPULOUS.get(code, 1) for code in self._states]

    def matters(self) -> Iterator[Matter]:
        """Every grievance; two that belong together follow each other."""
        made = 0
        for plan in deal(self._count, self._draw):
            matter = self._matter(made, plan, self._person())
            yield matter
            made += 1
            if plan.twin and made < self._count:
                yield self._twin(made, matter)
                made += 1
            if made >= self._count:
                return

    def _person(self) -> Person:
        """Somebody new, or now and then somebody who has complained before."""
        draw = self._draw
        if self._people and draw.random() < 0.15:
            return draw.choice(self._people)
        number, people, firms = len(self._people), data()["people"], data()["enterprises"]
        language = _weighted(draw, _LANGUAGES)
        spelling = 1 if language == "hi" else 0
        place = self._place()
        person = Person(
            number=f"{NUMBER}{number:08}",
            channel=_weighted(draw, _CHANNELS),
            language=language,
            name=f"{draw.choice(people['first'])[spelling]} {draw.choice(people['last'])[spelling]}",
            enterprise=f"{draw.choice(firms['first'])} {draw.choice(firms['trade'])}",
            udyam=f"UDYAM-{place.state}-{draw.randrange(1, 40):02}-{9_000_000 + number:07}",
            place=place,
        )
        self._people.append(person)
        return person

    def _place(self) -> Place:
        draw = self._draw
        code = draw.choices(self._states, self._weights)[0]
        known = _districts(code)
        if not known or draw.random() < 0.03:
            return Place(state=code)
        district = draw.choice(known)
        room = next((one for one in control_rooms.of_state(code) if one.district == district and one.pincode), None)
        return Place(pincode=room.pincode if room else None, district=district, state=code)

    def _matter(self, number: int, plan: Plan, person: Person) -> Matter:
        draw = self._draw
        category = _weighted(draw, tuple(data()["shares"].items()))
        if plan.twin:
            category = "delayed_payment"
        elif self._unseen:
            category = self._unseen.pop()
        filed_at = self._moment(plan)
        particulars = self._particulars(category, person, filed_at)
        steps = steps_of(plan, filed_at, person.place.state or "DL", draw)
        turn = f"{TURN}{self._seed}-{number}"
        return Matter(turn, person, category, particulars, filed_at, plan, steps)

    def _twin(self, number: int, first: Matter) -> Matter:
        """A second grievance about the same: by the same person, to be merged, or by a neighbour, to be linked."""
        draw, person = self._draw, first.person
        if first.plan.twin == "neighbour":
            other = self._person()
            place, language = first.person.place, first.person.language
            udyam = f"UDYAM-{place.state}{other.udyam[8:]}"
            person = Person(**{**vars(other), "place": place, "language": language, "udyam": udyam})
        filed_at = min(first.filed_at + timedelta(hours=draw.randrange(3, 30)), self._now - timedelta(minutes=5))
        told = first.particulars.model_copy(
            update={
                "complainant_name": person.name,
                "enterprise_name": person.enterprise,
                "udyam_number": person.udyam,
            }
        )
        plan = first.plan.second()
        steps = steps_of(plan, filed_at, person.place.state or "DL", draw)
        turn = f"{TURN}{self._seed}-{number}"
        return Matter(turn, person, first.category, told, filed_at, plan, steps, twin=first.turn)

    def _moment(self, plan: Plan) -> datetime:
        """When it is filed: at any hour that people are awake, more often lately than a year ago."""
        draw, today = self._draw, self._now.astimezone(INDIA).date()
        back = plan.days_ago if plan.days_ago is not None else int(DAYS * (1 - draw.random() ** 0.8))
        hour = time(draw.randrange(8, 21), draw.randrange(60), draw.randrange(60))
        return min(datetime.combine(today - timedelta(days=back), hour, INDIA), self._now - timedelta(minutes=1))

    def _amount(self) -> int:
        unit = self._draw.choice(_ROUND)
        return unit * int(2 ** self._draw.uniform(1, 9))

    def _particulars(self, category: str, person: Person, filed_at: datetime) -> Particulars:
        draw, made_of = self._draw, categories.get(category)
        against = made_of.against or Against.OFFICE
        names = data()["against"]
        name = draw.choice(names[category] if category in names else names[against.value])
        amount, months = self._amount(), draw.randrange(2, 11)
        told = {
            "against": name,
            "amount": f"₹{format_decimal(amount, locale='en_IN')}",
            "months": months,
            "enterprise": person.enterprise,
        }
        asked = set(made_of.asks)
        happened_on: date = filed_at.date() - timedelta(days=30 * months)
        return Particulars(
            what_happened=draw.choice(data()["stories"][category][person.language]).format_map(told),
            against=against,
            against_name=name,
            amount_rupees=amount if "amount_rupees" in asked else None,
            happened_on=happened_on if "happened_on" in asked else None,
            enterprise_name=person.enterprise,
            udyam_number=person.udyam if draw.random() < 0.7 else None,
            complainant_name=person.name,
        )


def said(key: str, matter: Matter, draw: random.Random) -> str:
    """What an officer or a contact writes, in the contact's language where it is for the contact."""
    if not key:
        return ""
    texts = data()["said"][key]
    chosen: str = draw.choice(texts.get(matter.person.language) or texts["en"])
    return chosen.format_map({"against": matter.particulars.against_name or ""})


@cache
def _room_for(category: str, place: Place) -> str:
    return categories.room_for(category, place).room.id


@cache
def _districts(code: str) -> tuple[str, ...]:
    """Some districts of a State, those with a control room among them; finding the room of each takes a moment."""
    every = [one.name for one in control_rooms.all_districts() if one.state == code]
    with_room = {room.district for room in control_rooms.of_state(code)}
    some = random.Random(code).sample(every, min(_DISTRICTS, len(every)))  # noqa: S311 - a play, no secret
    return tuple(sorted({*some, *(with_room & set(every))}))


def _weighted(draw: random.Random, choices: Sequence[tuple[str, int]]) -> str:
    return draw.choices([one for one, _ in choices], [weight for _, weight in choices])[0]
