"""What grievances are about, as data: priorities, routing, and which reasons for closing say nothing."""

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import regex
from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.errors import InvalidInput
from grievances.schemas import Against, Level, Particulars, Place, Priority, Registry
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.schemas import Routed

_DATA = Path(__file__).with_name("categories.toml")
_LETTERS = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


class Category(BaseModel):
    """A kind of grievance; `categories.toml` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    against: Against | None = None
    asks: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    high_from_rupees: int | None = None
    level: Literal[Level.ROOM, Level.HUB] = Level.ROOM
    registry: Registry | None = None

    @field_validator("priority", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return Priority[value.upper()] if isinstance(value, str) else value

    @field_validator("asks")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(value) - set(Particulars.model_fields)
        if unknown:
            raise ValueError(f"no particulars: {unknown}")
        return value


class _NotTakenUp(BaseModel):
    grounds: tuple[str, ...]


class _Closing(BaseModel):
    says_nothing: tuple[str, ...]


class _Data(BaseModel):
    category: tuple[Category, ...] = Field(min_length=1)
    not_taken_up: _NotTakenUp
    closing: _Closing


@cache
def _data() -> _Data:
    return _Data.model_validate(tomllib.loads(_DATA.read_text("utf-8")))


@cache
def all_categories() -> MappingProxyType[str, Category]:
    """Every category by its id, in the order in which they are offered."""
    return MappingProxyType({category.id: category for category in _data().category})


def get(category_id: str) -> Category:
    """The category.

    Raises:
        InvalidInput: There is none with this id.
    """
    try:
        return all_categories()[category_id]
    except KeyError:
        raise InvalidInput("category", "the id of a category") from None


def grounds() -> tuple[str, ...]:
    """Why a matter may not be taken up at all."""
    return _data().not_taken_up.grounds


def priority_of(category: Category, particulars: Particulars, *, follows: bool) -> Priority:
    """How much a grievance presses: by its category, its amount, and whether it quotes an earlier one."""
    large = category.high_from_rupees is not None and (particulars.amount_rupees or 0) >= category.high_from_rupees
    return max(category.priority, Priority.HIGH if large or follows else Priority.NORMAL)


def room_for(category_id: str, place: Place) -> Routed:
    """The room that owes the first answer, and why.

    Raises:
        InvalidInput: There is no such category.
    """
    if get(category_id).level is Level.HUB:
        return control_rooms.for_place()
    return control_rooms.for_place(place.pincode, place.district, place.state)


@cache
def _empty_phrases() -> regex.Pattern[str]:
    return regex.compile("|".join(f"(?:{phrase})" for phrase in _data().closing.says_nothing), regex.IGNORECASE)


def substance(reasons: str) -> str:
    """What reasons say apart from phrases that say nothing: letters and digits, one space between words."""
    plain = _LETTERS.sub(" ", reasons.replace("n't", " not").replace("n’t", " not"))
    return " ".join(_empty_phrases().sub(" ", plain).split())
