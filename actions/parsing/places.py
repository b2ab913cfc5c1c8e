"""Where an enterprise is: a PIN code, a district, a State, or a place that is not in India."""

from enum import StrEnum
from typing import NamedTuple, Protocol

import regex

from actions.parsing.identifiers import find_pins, has_figures
from actions.parsing.phrases import folded, phrases
from actions.parsing.sounds import likeness, sounds
from actions.parsing.text import listed, plain
from handoff.control_rooms.schemas import District, PinPlace


class Gazetteer(Protocol):
    """What is known about places in India."""

    def pin(self, pincode: str) -> PinPlace | None:
        """A PIN code; None when there is no such."""

    def districts(self, name: str, state: str | None = None) -> tuple[District, ...]:
        """Districts of this name."""

    def all_districts(self) -> tuple[District, ...]:
        """Every district."""

    def state_code(self, name: str) -> str | None:
        """The two letters of a State by its name."""


class Trouble(StrEnum):
    """Why a place cannot be taken."""

    UNKNOWN_PIN = "unknown_pin"
    PIN_SHAPE = "pin_shape"
    ABROAD = "abroad"
    WHICH_STATE = "which_state"
    UNKNOWN = "unknown"


class Found(NamedTuple):
    """A place, as far as a text tells it."""

    pincode: str | None = None
    district: str | None = None
    state: str | None = None
    trouble: Trouble | None = None
    states: tuple[str, ...] = ()
    """The States in which a district of the name lies, where there are several."""


_WORD = regex.compile(r"[\p{L}\p{M}]+(?:[.\-'][\p{L}\p{M}]+)*")
_INSIDE = regex.compile(r"\((.*?)\)")
_LONGEST_NAME = 4
_MOST_RUNS_BY_SOUND = 6
"""So many runs have three words; in a longer answer too much sounds like a district."""
_LEAST_SOUNDS = 2
_LEAST_LIKE = 0.75
"""Noida and Nadia sound alike and are 0.6 alike."""
_LEAST_LIKE_IN_HINDI = 0.5
"""Devanagari leaves vowels out that Latin letters write."""
_TOWNS = (" nagar", " urban", " city")
# Two letters that mean a State in a short answer and nothing else.
_LETTERS = frozenset({"up", "mp", "hp", "wb", "tn", "ap", "jk", "uk"})
_GONE = listed("gaya गया")
_SPARE = listed("district zila jila jilla distt dist state rajya city shahar near in from me mein se hai ka ki ke")


def find_place(
    text: str, gazetteer: Gazetteer, *, district: str | None = None, state: str | None = None, asked: bool = False
) -> Found:
    """The place that a text names.

    Args:
        text: What was written.
        gazetteer: What is known about places.
        district: A district that the assistant recognised in it, in whatever spelling.
        state: A State that the assistant recognised in it.
        asked: Whether a place was asked for: then names are looked for, and what is wrong is said.
    """
    for pincode in find_pins(text):
        known = gazetteer.pin(pincode)
        if known is not None and known.point is not None:  # without one the post's list contradicts the map: ask
            only = known.districts[0] if len(known.districts) == 1 else None
            return Found(pincode, only.name if only else None, only.state if only else known.state)
    named = _named(text, gazetteer, district, state, asked=asked)
    if named is not None:
        return named
    return Found(trouble=_trouble(text)) if asked else Found()


def _trouble(text: str) -> Trouble:
    if phrases("abroad").within(text):
        return Trouble.ABROAD
    if find_pins(text):
        return Trouble.UNKNOWN_PIN
    return Trouble.PIN_SHAPE if has_figures(text) else Trouble.UNKNOWN


def _named(text: str, gazetteer: Gazetteer, district: str | None, state: str | None, *, asked: bool) -> Found | None:
    code = gazetteer.state_code(state) if state else None
    names = [*_INSIDE.findall(district), district] if district else []
    if asked:
        runs = _runs(text)
        code = code or next((found for run in runs if (found := _state(run, gazetteer))), None)
        names += runs
    for name in names:
        known = _district(name, gazetteer, code)
        if known is not None:
            return known
    if (
        asked
        and code is None
        and district is None
        and (heard := _by_first_word(text, gazetteer) or _by_sound(text, gazetteer))
    ):
        return heard
    if district is not None:  # the assistant's list knows it by a name that the post does not use
        return Found(district=district, state=code)
    return Found(state=code) if code else None


def _state(run: str, gazetteer: Gazetteer) -> str | None:
    return gazetteer.state_code(run) if len(run) > 2 or run.casefold() in _LETTERS else None


def _district(name: str, gazetteer: Gazetteer, state: str | None) -> Found | None:
    found = gazetteer.districts(name, state) or gazetteer.districts(name)
    if not found:
        return None
    if len({one.state for one in found}) > 1:
        return Found(
            district=found[0].name, trouble=Trouble.WHICH_STATE, states=tuple(dict.fromkeys(one.state for one in found))
        )
    return Found(district=found[0].name, state=found[0].state)


def _by_sound(text: str, gazetteer: Gazetteer) -> Found | None:
    """A district in Devanagari or another spelling than the post's: the likest of those that sound the same."""
    runs = _runs(text)
    if len(runs) > _MOST_RUNS_BY_SOUND:
        return None
    for run in runs:
        heard = sounds(run)
        alike = [(likeness(run, one.name), one) for one in gazetteer.all_districts() if sounds(one.name) == heard]
        best, district = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if (
            district is not None
            and len(heard) >= _LEAST_SOUNDS
            and best >= (_LEAST_LIKE if run.isascii() else _LEAST_LIKE_IN_HINDI)
        ):
            return _district(district.name, gazetteer, None)
    return None


def _by_first_word(text: str, gazetteer: Gazetteer) -> Found | None:
    """`Kanpur` where the post knows Kanpur Nagar and Kanpur Dehat: the town's, if all lie in one State."""
    for run in _runs(text):
        begun = [one for one in gazetteer.all_districts() if one.name.casefold().startswith(f"{run.casefold()} ")]
        if begun and len({one.state for one in begun}) == 1:
            town = next((one for one in begun if one.name.casefold().endswith(_TOWNS)), begun[0])
            return Found(district=town.name, state=town.state)
    return None


def _runs(text: str) -> list[str]:
    """Every run of up to four words, the longest first; in a short answer only."""
    written = _WORD.findall(plain(text))
    listed = [
        word
        for at, word in enumerate(written)
        if folded(word) not in _SPARE and not (at and folded(word) in _GONE)  # "ho gaya" is not Gaya
    ][:12]
    return [
        " ".join(listed[start : start + length])
        for length in range(min(_LONGEST_NAME, len(listed)), 0, -1)
        for start in range(len(listed) - length + 1)
    ]
