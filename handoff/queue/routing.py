"""Which room a request goes to: pure decisions on a place, a moment, a language, and how full and staffed rooms are.

A request goes along a chain: rooms that serve the State by distance, then the nearest rooms of other States, then the
hub (docs/decisions/0014-rooms-and-routing.md). The same facts always give the same room.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.hours import open_at
from handoff.control_rooms.schemas import Point, Room, Why
from handoff.queue.schemas import Cause, Obstacle, Skipped, Source, Step

NEIGHBOURS = 2
"""Rooms of other States that are asked before the hub."""
NEIGHBOUR_KM = 500.0
"""Further than this a room is no neighbour."""
BY_NEIGHBOUR = "neighbour"
BY_HUB = "hub"
_SPOKEN = {"hi-Latn": "hi"}


@dataclass(frozen=True)
class Spot:
    """Where a contact is, as far as it is known."""

    state: str | None = None
    point: Point | None = None
    source: Source | None = None


class Link(NamedTuple):
    """A room of a chain, and the rule that put it there."""

    room: Room
    why: str
    distance_km: float | None


@dataclass(frozen=True)
class Situation:
    """How things stand at a moment.

    Attributes:
        now: The moment.
        language: The contact's way of writing; None is no matter.
        waiting: How many wait in each room.
        staffed: How many officers are on duty in each room.
    """

    now: datetime
    language: str | None = None
    waiting: Mapping[str, int] = field(default_factory=dict)
    staffed: Mapping[str, int] = field(default_factory=dict)

    def is_on_duty(self, room: Room) -> bool:
        """Whether an officer of the room is there, whatever its hours."""
        return self.staffed.get(room.id, 0) > 0

    def obstacle(self, room: Room) -> Obstacle | None:
        """Why a room cannot take another contact; the hub takes every language and any number."""
        if not open_at(room, self.now) and not self.is_on_duty(room):
            return Obstacle.CLOSED
        if room.id == control_rooms.HUB:
            return None
        if self.language is not None and _SPOKEN.get(self.language, self.language) not in room.languages:
            return Obstacle.LANGUAGE
        return Obstacle.FULL if self.waiting.get(room.id, 0) >= room.capacity else None


def chain(spot: Spot) -> tuple[Link, ...]:
    """The rooms that are asked, in order; the hub comes last."""
    hub = control_rooms.get(control_rooms.HUB)
    if spot.state is None:
        return (Link(hub, Why.PLACE_UNKNOWN, None),)
    serving = control_rooms.serving(spot.state, spot.point)
    if serving[0].room.id == hub.id:
        return (Link(hub, serving[0].why, None),)
    own = [Link(one.room, one.why, one.distance_km) for one in serving]
    known = {link.room.id for link in own} | {hub.id}
    others = (room for room in control_rooms.all_rooms() if room.id not in known)
    near = control_rooms.by_distance(others, spot.point or own[0].room.point)[:NEIGHBOURS]
    neighbours = [Link(room, BY_NEIGHBOUR, distance) for distance, room in near if distance <= NEIGHBOUR_KM]
    return (*own, *neighbours, Link(hub, BY_HUB, None))


def decide(spot: Spot, situation: Situation) -> Step:
    """The first room of the chain that can take the contact; where none can, the first of the chain."""
    links = chain(spot)
    obstacles = [situation.obstacle(link.room) for link in links]
    chosen = next((place for place, obstacle in enumerate(obstacles) if obstacle is None), 0)
    skipped = [
        Skipped(room=link.room.id, because=obstacle)
        for link, obstacle in zip(links[:chosen], obstacles[:chosen], strict=True)
        if obstacle is not None
    ]
    return _step(links[chosen], Cause.REQUEST, spot, situation.now, skipped)


def spill(spot: Spot, situation: Situation, present: str) -> Step | None:
    """The next room of the chain that can take the contact and has an officer on duty; None where there is none.

    Args:
        spot: Where the contact is.
        situation: How things stand.
        present: The room in which the contact waits.
    """
    links = chain(spot)
    after = next((place + 1 for place, link in enumerate(links) if link.room.id == present), len(links))
    for link in links[after:]:
        if situation.is_on_duty(link.room) and situation.obstacle(link.room) is None:
            return _step(link, Cause.SPILL, spot, situation.now, []).model_copy(update={"from_room": present})
    return None


def to_hub(spot: Spot, situation: Situation, present: str) -> Step | None:
    """The hub, if the contact waits elsewhere and the hub can take it now."""
    hub = control_rooms.get(control_rooms.HUB)
    if present == hub.id or situation.obstacle(hub) is not None:
        return None
    link = Link(hub, BY_HUB, None)
    return _step(link, Cause.SPILL, spot, situation.now, []).model_copy(update={"from_room": present})


def _step(link: Link, cause: Cause, spot: Spot, now: datetime, skipped: list[Skipped]) -> Step:
    return Step(
        at=now,
        room=link.room.id,
        cause=cause,
        why=link.why,
        source=spot.source,
        state=spot.state,
        point=spot.point,
        distance_km=link.distance_km,
        skipped=tuple(skipped),
    )
