"""The demo country's officers, and who of them acts."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import SystemClock
from core.db import Database
from grievances.schemas import Level
from handoff.control_rooms import service as control_rooms
from handoff.officers.passwords import Passwords
from handoff.officers.schemas import OfficerView, Role
from handoff.officers.service import Officers
from tools.demo.country import data

Vectors = Mapping[str, tuple[float, ...]]
"""The meaning of texts."""


class _SamePassword(Passwords):
    """Hashes a password once for all: every demo officer has the same."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    async def hash(self, password: str) -> str:
        if password not in self._known:
            self._known[password] = await super().hash(password)
        return self._known[password]


@dataclass
class Staff:
    """Who acts for a room, for the hub and at the appellate level; how many registrations they have made."""

    rooms: Mapping[str, list[OfficerView]]
    hub: list[OfficerView]
    appellate: list[OfficerView]
    every: list[OfficerView]
    registered: int = 0

    def of(self, room: str, level: Level, draw: random.Random) -> OfficerView:
        """An officer who deals with a grievance of a room and level."""
        if level is Level.ROOM:
            return draw.choice(self.rooms.get(room) or self.hub)
        return draw.choice(self.hub if level is Level.HUB else self.appellate)

    def another(self, room: str, draw: random.Random) -> str:
        """Another room, to which a grievance may go."""
        return draw.choice(sorted(set(self.rooms) - {room}))


async def appoint(db: Database, password: str) -> Staff:
    """Officers of every room, the hub's, one of the appellate level, and one who only reads."""
    officers, names = Officers(db, SystemClock(), _SamePassword()), data()["people"]["officers"]
    made: list[OfficerView] = []

    async def one(login: str, role: Role, room: str | None = None) -> OfficerView:
        name, language = names[len(made) % len(names)], "hi" if len(made) % 3 == 1 else "en"
        made.append(
            await officers.create(login=login, name=name, role=role, room=room, password=password, language=language)
        )
        return made[-1]

    rooms: dict[str, list[OfficerView]] = {}
    for room in control_rooms.all_rooms():
        if room.id == control_rooms.HUB:
            continue
        login = room.id.removeprefix("dfo-").replace("br-dfo-", "br-")
        rooms[room.id] = [await one(f"{login}.1", Role.OFFICER, room.id)]
        if room.kind == "office":
            rooms[room.id].append(await one(f"{login}.2", Role.OFFICER, room.id))
            await one(f"{login}.head", Role.SUPERVISOR, room.id)
    hub = [await one(f"hub.{number}", Role.HUB) for number in (1, 2, 3)]
    appellate = [await one("appellate.1", Role.ADMIN)]
    await one("auditor.1", Role.AUDITOR)
    return Staff(rooms, hub, appellate, made)
