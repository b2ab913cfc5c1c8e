"""Writes the older part of the demo country at once: people, their conversations, and grievances with their pasts."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA
from core.conversations.state import State
from core.db import Base, Database
from core.events import AddressRef
from core.ids import new_id
from core.privacy.encryption import keyring
from grievances import bulk
from grievances.bulk import Life, Past
from grievances.schemas import CONTACT, SYSTEM, Actor, ActorKind, Level, MoveDetails, Outcome, Registry
from grievances.status import Move
from handoff.control_rooms import service as control_rooms
from tools.demo.country import Matter, Person, said
from tools.demo.scripts import Step
from tools.demo.staff import Staff, Vectors

BATCH = 250
"""Grievances in a transaction."""
_SPENT = timedelta(minutes=12)


@dataclass
class _Known:
    """A person who is written already."""

    contact_id: str
    address_id: str


@dataclass
class Archivist:
    """Writes pasts.

    Attributes:
        db: The application's database.
        staff: Who acted.
        vectors: The meaning of some texts.
        seed: Chooses officers and words.
    """

    db: Database
    staff: Staff
    vectors: Vectors
    seed: int
    written: int = 0
    acts: int = 0
    _people: dict[str, _Known] = field(default_factory=dict)

    async def write(self, matters: Iterable[Matter], now: datetime) -> None:
        """Write grievances with all that was done about them up to the present moment."""
        draw = random.Random(f"archivist {self.seed}")  # noqa: S311 - a play, no secret
        remaining = iter(matters)
        while batch := list(islice(remaining, BATCH)):
            async with self.db.transaction() as session:
                talks = await self._talks(session, batch)
                lives = [self.life(matter, talk, now, draw) for matter, talk in zip(batch, talks, strict=True)]
                await bulk.write(session, lives, until=now)
            self.written += len(batch)

    async def _talks(self, session: AsyncSession, batch: Sequence[Matter]) -> list[str]:
        """A finished conversation for every grievance, with the people who are new."""
        people = {matter.person.number: matter for matter in batch}
        fresh = [matter for number, matter in people.items() if number not in self._people]
        rows = [self._person_rows(matter.person, matter.filed_at) for matter in fresh]
        talks = [self._talk_row(matter) for matter in batch]
        for table, listed in (
            ("contact", [contact for contact, _ in rows]),
            ("address", [address for _, address in rows]),
            ("conversation", talks),
        ):
            if listed:
                await session.execute(insert(Base.metadata.tables[table]), listed)
        return [talk["id"] for talk in talks]

    def _person_rows(self, person: Person, since: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        known = self._people[person.number] = _Known(new_id(), new_id())
        contact = {
            "id": known.contact_id, "name": person.name, "language": person.language, "language_fixed": False,
            "place": None, "created_at": since,
        }  # fmt: skip
        ref = AddressRef(kind=person.kind, value=person.number)
        address = {
            "id": known.address_id, "contact_id": known.contact_id, "kind": ref.kind, "value": ref.value,
            "value_index": keyring().blind_index(ref.value, f"address.{ref.kind}"), "verified_how": None,
            "verified_at": None, "stopped_at": None, "last_inbound_at": since, "created_at": since,
        }  # fmt: skip
        return contact, address

    def _talk_row(self, matter: Matter) -> dict[str, Any]:
        known, at = self._people[matter.person.number], matter.filed_at
        return {
            "id": new_id(), "address_id": known.address_id, "contact_id": known.contact_id,
            "channel": matter.person.channel, "room": None, "locale": matter.person.language,
            "state": State.CLOSED.value, "version": 1, "opened_at": at - _SPENT, "last_message_at": at, "closed_at": at,
        }  # fmt: skip

    def life(self, matter: Matter, talk: str, now: datetime, draw: random.Random) -> Life:
        """A grievance with what was done about it."""
        known = self._people[matter.person.number]
        new = matter.new(known.contact_id, talk, known.address_id, vector=self.vectors.get(matter.text))
        moves = list(self._moves(matter, new.room, now, draw))
        self.acts += len(moves)
        return Life(new, matter.filed_at, moves)

    def _moves(self, matter: Matter, room: str, now: datetime, draw: random.Random) -> Iterator[Past]:
        for step in matter.steps:
            act = step.act
            if step.at > now:
                return
            if act.move is Move.LINK:
                continue
            if act.move is Move.MERGE:  # touches two grievances: in a past it is closed instead
                reasons = said(Outcome.REDRESSED.value, matter, draw)
                closed = MoveDetails(outcome=Outcome.REDRESSED)
                yield Past(step.at, Move.CLOSE, self._actor(act.by, room, draw), reasons, closed)
                continue
            details: MoveDetails = dict(act.details)  # type: ignore[assignment]
            if act.move is Move.INTERIM:
                details["until"] = interim_until(step)
            elif act.move is Move.TRANSFER:
                room = details["to_room"] = self.staff.another(room, draw)
            elif act.move is Move.REGISTER:
                self.staff.registered += 1
                details |= register_details(step.at.year, self.staff.registered)
            yield Past(step.at, act.move, self._actor(act.by, room, draw), said(act.said, matter, draw), details)

    def _actor(self, by: ActorKind, room: str, draw: random.Random) -> Actor:
        if by is ActorKind.OFFICER:
            level = Level.HUB if room == control_rooms.HUB else Level.ROOM
            return Actor.officer(self.staff.of(room, level, draw).id)
        return CONTACT if by is ActorKind.CONTACT else SYSTEM


def interim_until(step: Step) -> Any:
    """The day that an interim reply promises."""
    return (step.at + timedelta(days=step.act.details["until"])).astimezone(INDIA).date()


def register_details(year: int, number: int) -> MoveDetails:
    """A registration at CPGRAMS, under a number that cannot be one of theirs."""
    return MoveDetails(registry=Registry.CPGRAMS, number=f"DEMO/E/{year}/{number:07}")
