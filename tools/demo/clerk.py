"""Lives through the demo country's latest weeks by the public services: filing, acting, the sweep that keeps clocks."""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA, FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.db import Base, Database
from core.dues import service as dues
from core.errors import Conflict
from core.events import AddressRef, DeliveryState
from core.ids import new_id
from grievances import service
from grievances.clocks import TELL, Clocks
from grievances.deadlines import CLOSING, OPENING, PREFIX
from grievances.schemas import CONTACT, SYSTEM, Actor, ActorKind, GrievanceView
from grievances.status import Move
from tools.demo.country import Matter, said
from tools.demo.pasts import interim_until, register_details
from tools.demo.scripts import Act, Step
from tools.demo.staff import Staff, Vectors

AT_ONCE = 40
"""Steps in a transaction: other programs get at the database in between."""
Happening = tuple[datetime, int, Matter, Step | None]


@dataclass
class Lived:
    """What was lived through."""

    filed: int = 0
    acts: int = 0
    refused: int = 0
    due: int = 0


@dataclass
class Clerk:
    """Writes the country.

    Attributes:
        db: The application's database; nobody else keeps clocks on it meanwhile.
        staff: Who acts.
        vectors: The meaning of some texts.
        seed: Chooses officers and words.
        tell: Hears how far it is, as a share of 1.
    """

    db: Database
    staff: Staff
    vectors: Vectors
    seed: int
    tell: Callable[[float], None] = lambda _share: None
    lived: Lived = field(default_factory=Lived)

    async def live(self, matters: Iterable[Matter], now: datetime) -> Lived:
        """Live through everything up to the present moment."""
        self._draw = random.Random(f"clerk {self.seed}")  # noqa: S311 - a play, no secret
        self._clock = FixedClock(now)
        self._filed: dict[str, str] = {}
        self._marker = _marker()
        self._keeper = Clocks(self.db, self._clock)
        happenings: list[Happening] = []
        numbers = count()
        for matter in matters:
            happenings.append((matter.filed_at, next(numbers), matter, None))
            happenings += [(step.at, next(numbers), matter, step) for step in matter.steps if step.at <= now]
        heapq.heapify(happenings)
        if not happenings:
            return self.lived
        started, sweep_at = happenings[0][0], _next_sweep(happenings[0][0])
        while sweep_at < now:
            while happenings and happenings[0][0] <= sweep_at:
                await self._some(happenings, sweep_at)
            await self._sweep(sweep_at)
            self.tell((sweep_at - started) / (now - started))
            sweep_at = _next_sweep(sweep_at)
        while happenings:
            await self._some(happenings, now)
        await self._sweep(now)
        return self.lived

    async def _sweep(self, now: datetime) -> None:
        """What the gateway's sweep would have done at this moment."""
        self._clock.at = now
        async with self.db.reading() as session:
            waiting = await dues.due(session, now, (PREFIX, TELL), 1)
        while waiting:
            self.lived.due += await self._keeper.sweep()
            async with self.db.reading() as session:
                waiting = await dues.due(session, now, (PREFIX, TELL), 1)
        await self._delivered(now)

    async def _some(self, happenings: list[Happening], until: datetime) -> None:
        """A few happenings, in one transaction."""
        async with self.db.transaction() as session:
            for _ in range(AT_ONCE):
                if not happenings or happenings[0][0] > until:
                    return
                at, _number, matter, step = heapq.heappop(happenings)
                self._clock.at = at
                try:
                    async with session.begin_nested():
                        await (self._file(session, matter) if step is None else self._act(session, matter, step))
                except Conflict:
                    self.lived.refused += 1  # the clock was faster than the plan

    async def _file(self, session: AsyncSession, matter: Matter) -> None:
        person, now = matter.person, self._clock.at
        ref = AddressRef(kind=person.kind, value=person.number)
        talk = await conversations.find_or_open(session, ref, channel=person.channel, profile_name=person.name, now=now)
        await conversations.set_language(session, talk.contact_id, person.language, fixed=False)
        await consents.give(session, talk.contact_id, locale=person.language, channel=person.channel, now=now)
        new = matter.new(talk.contact_id, talk.id, talk.address_id, vector=self.vectors.get(matter.text))
        filed = await service.file(session, new, now=now)
        self._filed[matter.turn] = filed.view.id
        self.lived.filed += 1

    async def _act(self, session: AsyncSession, matter: Matter, step: Step) -> None:
        act, grievance_id = step.act, self._filed[matter.turn]
        view = await service.get(session, grievance_id, rooms=None)
        actor = self._actor(act, view)
        details = self._details(step, matter, view)
        await service.act(
            session,
            grievance_id,
            act.move,
            actor=actor,
            now=self._clock.at,
            text=said(act.said, matter, self._draw),
            **details,
        )
        self.lived.acts += 1

    def _actor(self, act: Act, view: GrievanceView) -> Actor:
        if act.by is ActorKind.CONTACT:
            return CONTACT
        if act.by is ActorKind.SYSTEM:
            return SYSTEM
        return Actor.officer(self.staff.of(view.room, view.level, self._draw).id)

    def _details(self, step: Step, matter: Matter, view: GrievanceView) -> dict[str, Any]:
        act, details = step.act, dict(step.act.details)
        twin = self._filed.get(matter.twin or "", "")
        if act.move is Move.INTERIM:
            details["until"] = interim_until(step)
        elif act.move is Move.TRANSFER:
            details["to_room"] = self.staff.another(view.room, self._draw)
        elif act.move is Move.REGISTER:
            self.staff.registered += 1
            details |= register_details(step.at.year, self.staff.registered)
        elif act.move is Move.MERGE:
            details["into"] = twin
        elif act.move is Move.LINK:
            details["other"] = twin
        return details

    async def _delivered(self, now: datetime) -> None:
        """Note the notices of the country as read: they belong to the past and must not be sent now."""
        since, self._marker = self._marker, _marker()
        table = Base.metadata.tables["outbound"]
        read = {"state": DeliveryState.READ.value, "attempts": 1}
        stamps = dict.fromkeys(("sending_at", "sent_at", "delivered_at", "read_at"), now)
        async with self.db.transaction() as session:
            await session.execute(
                update(table)
                .where(table.c.id >= since, table.c.state == DeliveryState.QUEUED.value)
                .values(read | stamps)
            )


def _marker() -> str:
    """An identifier below every one that is made from now on."""
    return new_id()[:10] + "0" * 16


def _next_sweep(after: datetime) -> datetime:
    """The next opening or closing of offices after a moment, a minute later."""
    local = after.astimezone(INDIA)
    for days in (0, 1):
        for hour in (OPENING, CLOSING):
            day = local.date() + timedelta(days=days)
            moment = datetime.combine(day, time(hour.hour, 1), INDIA)
            if moment > local:
                return moment
    raise AssertionError("a day has an opening")
