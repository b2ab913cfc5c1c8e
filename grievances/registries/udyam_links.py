"""Udyam: where an enterprise registers, and whether a number can be one. Nothing is asked of the portal itself."""

from functools import cache

from pydantic import BaseModel, ConfigDict

from core.errors import InvalidInput
from grievances import terms
from grievances.registries.links import OfficialLink, official
from handoff.control_rooms import service as control_rooms

# Codes that were in use before a State was renamed, joined or divided; vehicle codes, from memory.
_FORMER = {"CT": "CG", "DD": "DH", "DN": "DH", "OR": "OD", "TG": "TS", "UA": "UK", "UT": "UK"}


class UdyamNumber(BaseModel):
    """A number in its printed form and the State in it, in the two letters that we use."""

    model_config = ConfigDict(frozen=True)

    number: str
    state: str


@cache
def link() -> OfficialLink:
    """The one official page for registering, which is free."""
    return official("udyam")


def parse(text: str) -> UdyamNumber:
    """Read a Udyam number, however it is spaced and in whatever digits.

    That it has 19 signs is sourced; that they are ``UDYAM``, State, district and seven digits is not.

    Raises:
        InvalidInput: It cannot be one: wrong shape, or a State that does not exist.
    """
    number = terms.normal_udyam(text)
    letters = number[6:8]
    state = _FORMER.get(letters, letters)
    if state not in control_rooms.states():
        raise InvalidInput("udyam_number", "two letters of a State after UDYAM")
    return UdyamNumber(number=number, state=state)


def fits_place(number: UdyamNumber, state: str | None) -> bool:
    """Whether the number's State is the one that was named; a difference is worth asking about, no error."""
    return state is None or number.state == state
