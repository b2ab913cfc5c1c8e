"""Which room gets a request: examples, properties, and an independent brute force over every PIN code's State."""

import csv
import math
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import INDIA
from handoff.control_rooms import places
from handoff.control_rooms import service as control_rooms
from handoff.control_rooms.hours import open_at
from handoff.control_rooms.schemas import Point
from handoff.queue import routing
from handoff.queue.routing import Situation, Spot
from handoff.queue.schemas import Cause, Obstacle, Source

NOON = datetime(2026, 11, 3, 11, 0, tzinfo=INDIA)
NIGHT = datetime(2026, 11, 3, 23, 0, tzinfo=INDIA)
NAGPUR = Spot("MH", Point(latitude=21.146, longitude=79.088), Source.SAID)
_FILE = Path(control_rooms.__file__).with_name("rooms.csv")
ROWS = list(csv.DictReader(_FILE.read_text("utf-8").splitlines()))
IDS = [row["id"] for row in ROWS]


def rooms_of(spot: Spot) -> list[str]:
    return [link.room.id for link in routing.chain(spot)]


def test_rooms_of_the_state_by_distance_then_neighbours_then_the_hub() -> None:
    assert rooms_of(NAGPUR) == [
        "dfo-nagpur", "br-dfo-aurangabad", "dfo-mumbai", "dfo-raipur", "dfo-indore", "hub",
    ]  # fmt: skip
    assert rooms_of(Spot()) == ["hub"]


def test_the_nearest_open_room_and_why() -> None:
    step = routing.decide(NAGPUR, Situation(NOON, "hi"))
    assert (step.room, step.why, step.cause, step.skipped) == ("dfo-nagpur", "nearest", Cause.REQUEST, ())
    assert (step.source, step.state) == (Source.SAID, "MH")
    assert step.distance_km is not None
    assert step.distance_km < 20
    unknown = routing.decide(Spot(), Situation(NOON))
    assert (unknown.room, unknown.why, unknown.distance_km) == ("hub", "place_unknown", None)


def test_what_is_passed_over_is_said() -> None:
    step = routing.decide(NAGPUR, Situation(NOON, "hi", waiting={"dfo-nagpur": 20, "br-dfo-aurangabad": 10}))
    assert step.room == "dfo-mumbai"
    assert [(one.room, one.because) for one in step.skipped] == [
        ("dfo-nagpur", Obstacle.FULL),
        ("br-dfo-aurangabad", Obstacle.FULL),
    ]


def test_a_room_that_does_not_speak_the_language_is_passed_over() -> None:
    raipur = Spot("CG", Point(latitude=21.25, longitude=81.63), Source.SAID)
    step = routing.decide(raipur, Situation(NOON, "or"))
    assert (step.room, step.why) == ("br-dfo-rayagada", "neighbour")
    assert {one.because for one in step.skipped} == {Obstacle.LANGUAGE}
    assert routing.decide(NAGPUR, Situation(NOON, "te")).room == "hub"
    assert routing.decide(NAGPUR, Situation(NOON, "hi-Latn")).room == "dfo-nagpur"


def test_at_night_the_nearest_keeps_the_contact_unless_somebody_is_there() -> None:
    assert routing.decide(NAGPUR, Situation(NIGHT, "hi")).room == "dfo-nagpur"
    assert routing.decide(NAGPUR, Situation(NIGHT, "hi", staffed={"hub": 1})).room == "hub"
    late = routing.decide(NAGPUR, Situation(NIGHT, "hi", staffed={"hub": 1, "dfo-mumbai": 1}))
    assert (late.room, [one.because for one in late.skipped]) == ("dfo-mumbai", [Obstacle.CLOSED, Obstacle.CLOSED])


def test_after_a_wait_the_next_room_with_an_officer_then_the_hub() -> None:
    assert routing.spill(NAGPUR, Situation(NOON, "hi"), "dfo-nagpur") is None
    step = routing.spill(NAGPUR, Situation(NOON, "hi", staffed={"dfo-raipur": 1, "hub": 2}), "dfo-nagpur")
    assert step is not None
    assert (step.room, step.why, step.from_room, step.cause) == ("dfo-raipur", "neighbour", "dfo-nagpur", Cause.SPILL)
    assert routing.spill(NAGPUR, Situation(NOON, "hi", staffed={"dfo-nagpur": 1}), "dfo-raipur") is None
    last = routing.to_hub(NAGPUR, Situation(NOON, "hi"), "dfo-nagpur")
    assert last is not None
    assert (last.room, last.why) == ("hub", "hub")
    assert routing.to_hub(NAGPUR, Situation(NIGHT, "hi"), "dfo-nagpur") is None
    assert routing.to_hub(NAGPUR, Situation(NOON, "hi"), "hub") is None


SPOTS = st.builds(
    Spot,
    st.sampled_from([*control_rooms.states(), None]),
    st.none() | st.builds(Point, latitude=st.floats(8, 35), longitude=st.floats(69, 96)),
)
COUNTS = st.dictionaries(st.sampled_from(IDS), st.integers(0, 70), max_size=12)
MOMENTS = st.datetimes(datetime(2026, 11, 2), datetime(2026, 11, 9), timezones=st.just(INDIA))  # noqa: DTZ001
SITUATIONS = st.builds(Situation, MOMENTS, st.sampled_from(["en", "hi", "hi-Latn", "ta", "xx", None]), COUNTS, COUNTS)


@settings(max_examples=300, deadline=None)
@given(SPOTS, SITUATIONS)
def test_against_a_brute_force_over_the_file(spot: Spot, how: Situation) -> None:
    step = routing.decide(spot, how)
    assert step == routing.decide(spot, how)
    ranked = brute_force_chain(spot)
    able = [row["id"] for row in ranked if can_take(row, how)]
    assert step.room == (able[0] if able else ranked[0]["id"])
    assert len(step.skipped) == (ranked.index(next(row for row in ranked if row["id"] == step.room)) if able else 0)


@settings(max_examples=200, deadline=None)
@given(SPOTS, SITUATIONS, st.sampled_from(IDS))
def test_a_spill_goes_to_the_first_room_behind_with_an_officer(spot: Spot, how: Situation, present: str) -> None:
    order = brute_force_chain(spot)
    ids = [row["id"] for row in order]
    behind = order[ids.index(present) + 1 :] if present in ids else []
    able = [row["id"] for row in behind if how.staffed.get(row["id"], 0) > 0 and can_take(row, how)]
    step = routing.spill(spot, how, present)
    assert (step.room if step else None) == (able[0] if able else None)


def test_the_very_next_room_is_asked() -> None:
    step = routing.spill(NAGPUR, Situation(NOON, staffed={"br-dfo-aurangabad": 1, "hub": 1}), "dfo-nagpur")
    assert step is not None
    assert step.room == "br-dfo-aurangabad"


def km(one: Point, row: dict[str, str]) -> float:
    """By the law of cosines, rounded to 100 m like the routing."""
    a, b = math.radians(one.latitude), math.radians(float(row["lat"]))
    across = math.radians(float(row["lon"]) - one.longitude)
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(across)
    return round(6371.0 * math.acos(max(-1.0, min(1.0, cosine))), 1)


def brute_force_chain(spot: Spot) -> list[dict[str, str]]:
    by_id = {row["id"]: row for row in ROWS}
    if spot.state is None:
        return [by_id["hub"]]
    own = [row for row in ROWS if spot.state in row["states"].split()]
    point = spot.point
    if point is None and all(row["state"] != spot.state for row in own):
        point = places.middle_of(spot.state)
    order = sorted(own, key=lambda row: (0.0 if point is None else km(point, row), row["kind"] != "office", row["id"]))
    origin = spot.point or Point(latitude=float(order[0]["lat"]), longitude=float(order[0]["lon"]))
    others = [row for row in ROWS if row not in own and row["id"] != "hub"]
    near = sorted(others, key=lambda row: (km(origin, row), row["kind"] != "office", row["id"]))[:2]
    return [*order, *(row for row in near if km(origin, row) <= 500), by_id["hub"]]


def can_take(row: dict[str, str], how: Situation) -> bool:
    is_there = open_at(control_rooms.get(row["id"]), how.now) or how.staffed.get(row["id"], 0) > 0
    if row["id"] == "hub":
        return is_there
    speaks = how.language is None or how.language.split("-")[0] in row["languages"].split()
    return is_there and speaks and how.waiting.get(row["id"], 0) < int(row["capacity"])


@pytest.mark.thorough
def test_every_pin_code_is_routed_to_a_room_that_serves_its_state() -> None:
    # The first two digits name the postal circle; a table of India Post's zones, not of the package.
    zones = {
        "11": {"DL"}, "40": {"MH", "GA"}, "60": {"TN", "PY"}, "70": {"WB"}, "56": {"KA"}, "80": {"BR"}, "83": {"JH"},
        "38": {"GJ"}, "30": {"RJ"}, "68": {"KL", "LD"}, "78": {"AS"}, "19": {"JK", "LA"}, "75": {"OD"}, "49": {"CG"},
        "16": {"CH", "PB"}, "73": {"WB", "SK"},
    }  # fmt: skip
    for start in range(100000, 1000000, 7):
        pincode = str(start)
        place = control_rooms.pin(pincode)
        if place is None:
            continue
        state, point = control_rooms.locate(pincode)
        step = routing.decide(Spot(state, point, Source.SAID), Situation(NOON, "hi"))
        assert place.state in control_rooms.get(step.room).states, pincode
        if pincode[:2] in zones:
            assert place.state in zones[pincode[:2]], pincode
