"""The door to the control rooms: every one of them, one by its id, and the one that serves a place."""

import csv
from collections.abc import Iterable
from datetime import time
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import NotFound
from handoff.control_rooms import places
from handoff.control_rooms.schemas import District, PinPlace, Point, Room, Routed, Shift, State, Why

HUB = "hub"
_ALL = "*"
_ROOMS = Path(__file__).with_name("rooms.csv")


@cache
def _rooms() -> MappingProxyType[str, Room]:
    with _ROOMS.open(encoding="utf-8", newline="") as file:
        rooms = [_room(row) for row in csv.DictReader(file)]
    return MappingProxyType({room.id: room for room in rooms})


def _room(row: dict[str, Any]) -> Room:
    point = Point(latitude=row.pop("lat"), longitude=row.pop("lon"))
    listed = {
        "states": () if row["states"] == _ALL else tuple(row["states"].split()),
        "hours": tuple(Shift(*map(time.fromisoformat, shift.split("-"))) for shift in row["hours"].split()),
        "languages": frozenset(row["languages"].split()),
        "assumed": frozenset(row["assumed"].split()),
    }
    return Room.model_validate({**row, **listed, "point": point})


def all_rooms() -> tuple[Room, ...]:
    """Every room, the hub first."""
    return tuple(_rooms().values())


def get(room_id: str) -> Room:
    """The room.

    Raises:
        NotFound: There is none with this id.
    """
    try:
        return _rooms()[room_id]
    except KeyError:
        raise NotFound("room") from None


def of_state(state: str) -> tuple[Room, ...]:
    """The rooms that serve a State, offices before branches: those in it, or its neighbours' where there are none."""
    return tuple(sorted((room for room in _rooms().values() if state in room.states), key=_before))


def _before(room: Room) -> tuple[bool, str]:
    return room.kind != "office", room.id


def states() -> dict[str, State]:
    """The States and Union Territories, by their two letters."""
    return dict(places.states())


def state_code(name: str) -> str | None:
    """The two letters of a State that is named in English or Hindi, or by its two letters."""
    return places.state_code(name)


def pin(pincode: str) -> PinPlace | None:
    """What is known about a PIN code; None when there is no such PIN code."""
    return places.pin(pincode)


def districts(name: str, state: str | None = None) -> tuple[District, ...]:
    """Districts of this name, as the post spells it, in any State or in one."""
    return places.districts(name, state)


def all_districts() -> tuple[District, ...]:
    """Every district, as the post spells it."""
    return places.all_districts()


def for_place(pincode: str | None = None, district: str | None = None, state: str | None = None) -> Routed:
    """The room that serves a place: the nearest one of its State, else the hub.

    A State that is named wins over a PIN code and a district that lie elsewhere; a district that stands in two States
    says nothing by itself. Where two rooms are equally near, as two in one city are, an office comes before a branch,
    and then the order of ids decides, so that the same place always has the same room.

    Args:
        pincode: Six digits; one that does not exist is left aside.
        district: Name of the district.
        state: Two letters of the State.
    """
    known_state, point = locate(pincode, district, state)
    if known_state is None:
        return Routed(room=get(HUB), why=Why.PLACE_UNKNOWN)
    return serving(known_state, point)[0]


def serving(state: str, point: Point | None) -> tuple[Routed, ...]:
    """Every room that serves a State, the nearest first, else the hub.

    Args:
        state: Two letters of the State.
        point: The place, if it is known.
    """
    rooms = of_state(state)
    if not rooms:
        return (Routed(room=get(HUB), why=Why.STATE_HAS_NONE, state=state),)
    borrowed = all(room.state != state for room in rooms)
    if point is None and borrowed:
        point = places.middle_of(state)
    if point is None:
        why = Why.ONLY_ROOM if len(rooms) == 1 else Why.FIRST_OF_STATE
        return tuple(Routed(room=room, why=why, state=state) for room in rooms)
    why = Why.SERVES_STATE if borrowed else Why.ONLY_ROOM if len(rooms) == 1 else Why.NEAREST
    return tuple(
        Routed(room=room, why=why, state=state, distance_km=distance) for distance, room in by_distance(rooms, point)
    )


def by_distance(rooms: Iterable[Room], point: Point) -> list[tuple[float, Room]]:
    """Rooms with their kilometres from a point, the nearest first; of equals, an office before a branch."""
    measured = ((round(places.distance_km(point, room.point), 1), room) for room in rooms)
    return sorted(measured, key=lambda one: (one[0], *_before(one[1])))


def at_point(point: Point) -> PinPlace | None:
    """The PIN code that lies nearest to a point; None outside of India."""
    return places.at_point(point)


def locate(
    pincode: str | None = None, district: str | None = None, state: str | None = None
) -> tuple[str | None, Point | None]:
    """The State of a place that was named, and the best point for it; neither where it is not known."""
    known = places.pin(pincode) if pincode else None
    if known and state in (None, known.state, *(one.state for one in known.districts)):
        return state or known.state, known.point
    named = places.districts(district, state) if district else ()
    if len(named) == 1:
        return named[0].state, places.centre_of(named[0])
    return state if state in places.states() else None, None
