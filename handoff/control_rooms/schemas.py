"""What the control rooms feature gives to others."""

from datetime import time
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Point(_Frozen):
    """A place on the ground, in degrees (WGS 84)."""

    latitude: float
    longitude: float


class Shift(NamedTuple):
    """A stretch of a working day in which a room answers, by India's clock; it ends before its last moment."""

    begin: time
    end: time


class Room(_Frozen):
    """A control room.

    Attributes:
        id: ``hub``, or the office's slug: ``dfo-mumbai``, ``br-dfo-varanasi`` for a branch.
        kind: ``hub``, ``office`` or ``branch``.
        name: The office's name, as its source prints it.
        city: Where it is.
        city_hi: The city's name in Devanagari.
        state: Two letters, as in ``states.csv``.
        district: Its district, or empty.
        pincode: As printed, or empty.
        address: As printed.
        point: Centre of the city, not the building.
        states: States that it serves, its own first; empty for the hub, which serves all of them.
        hours: When it answers on a working day of its State.
        languages: In what it can answer: codes of ISO 639.
        capacity: How many contacts may wait in its queue before others are asked.
        source: Who says so.
        as_of: When it was true.
        assumed: What no source says: ``room`` (that this office hosts a control room), ``position`` (that of the
            city's centre), ``district`` (taken from the PIN code), ``states``, ``hours``, ``languages``, ``capacity``.
    """

    id: str
    kind: str
    name: str
    city: str
    city_hi: str
    state: str
    district: str
    pincode: str
    address: str
    point: Point
    states: tuple[str, ...]
    hours: tuple[Shift, ...]
    languages: frozenset[str]
    capacity: int
    source: str
    as_of: str
    assumed: frozenset[str]


class State(_Frozen):
    """A State or Union Territory, with its two letters."""

    code: str
    name: str
    name_hi: str


class District(_Frozen):
    """A district of a State, as the post spells it."""

    name: str
    state: str


class PinPlace(_Frozen):
    """What is known about a PIN code.

    Attributes:
        pincode: Six digits.
        state: The State of most of its post offices.
        districts: Its districts, in whatever State; most have one.
        point: Where it lies; None when nobody measured it.
    """

    pincode: str
    state: str
    districts: tuple[District, ...]
    point: Point | None


class Why(StrEnum):
    """Why a room was chosen."""

    NEAREST = "nearest"
    ONLY_ROOM = "only_room"
    FIRST_OF_STATE = "first_of_state"
    SERVES_STATE = "serves_state"
    STATE_HAS_NONE = "state_has_none"
    PLACE_UNKNOWN = "place_unknown"


class Routed(_Frozen):
    """A room, and why it.

    Attributes:
        room: The room.
        why: The rule that chose it.
        state: The State that it was chosen for, if it is known.
        distance_km: To the place, when both points are known; None otherwise and for the hub.
    """

    room: Room
    why: Why
    state: str | None = None
    distance_km: float | None = None
