"""The rooms as data, and which one serves a place."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound
from handoff.control_rooms import places, service
from handoff.control_rooms.schemas import Point, Why

WITHOUT_A_ROOM = {"CH", "LA", "LD", "PY"}


def test_the_hub_and_sixty_one_offices() -> None:
    rooms = service.all_rooms()
    assert rooms[0].id == "hub"
    assert Counter(room.kind for room in rooms) == {"hub": 1, "office": 33, "branch": 28}
    assert len({room.id for room in rooms}) == 62


def test_every_room_says_where_it_is_who_says_so_and_what_is_assumed() -> None:
    for room in service.all_rooms():
        assert room.state in service.states(), room.id
        assert 6 < room.point.latitude < 36, room.id
        assert 68 < room.point.longitude < 98, room.id
        assert room.source, room.id
        assert date(2021, 1, 1) < date.fromisoformat((room.as_of + "-12-31")[:10]), room.id
        assert "position" in room.assumed, room.id
        assert ("room" in room.assumed) == (room.kind != "hub"), room.id
        assert any("\u0900" <= letter <= "\u097f" for letter in room.city_hi), room.id


def test_what_a_room_serves_and_when_is_there_and_marked_as_assumed() -> None:
    for room in service.all_rooms():
        assert {"hours", "languages", "capacity"} <= room.assumed, room.id
        assert {"en", "hi"} <= room.languages, room.id
        assert room.capacity > 0, room.id
        assert all(shift.begin < shift.end for shift in room.hours), room.id
        assert all(first.end <= then.begin for first, then in pairwise(room.hours)), room.id
        if room.id == service.HUB:
            assert room.states == (), room.id
        else:
            assert room.states[0] == room.state, room.id
            assert set(room.states[1:]) <= WITHOUT_A_ROOM, room.id
            assert "states" in room.assumed, room.id


def test_every_state_is_served_and_four_by_their_neighbours() -> None:
    assert all(service.of_state(code) for code in service.states())
    of_others = {code for code in service.states() if all(room.state != code for room in service.of_state(code))}
    assert of_others == WITHOUT_A_ROOM
    assert len(service.states()) == 36


def test_a_printed_pin_lies_in_the_rooms_state() -> None:
    known = {room.id: place for room in service.all_rooms() if (place := service.pin(room.pincode))}
    wrong = {id_: place.state for id_, place in known.items() if place.state != service.get(id_).state}
    assert not wrong


def test_an_unknown_room_is_not_found() -> None:
    with pytest.raises(NotFound):
        service.get("dfo-atlantis")


@pytest.mark.parametrize(
    ("pincode", "room"),
    [
        ("400001", "dfo-mumbai"),
        ("440001", "dfo-nagpur"),
        ("431001", "br-dfo-aurangabad"),
        ("221001", "br-dfo-varanasi"),
        ("190001", "dfo-srinagar"),
        ("180001", "dfo-jammu"),
        ("641001", "br-dfo-coimbatore"),
        ("734001", "br-dfo-siliguri"),
    ],
)
def test_a_pin_has_the_nearest_room_of_its_state(pincode: str, room: str) -> None:
    routed = service.for_place(pincode=pincode)
    assert (routed.room.id, routed.why) == (room, Why.NEAREST)
    assert routed.distance_km is not None
    assert routed.distance_km < 50


@pytest.mark.parametrize(
    ("pincode", "room"),
    [("276205", "br-dfo-varanasi"), ("824208", "dfo-patna"), ("391530", "dfo-ahmedabad"), ("788801", "br-dfo-silchar")],
)
def test_a_pin_that_the_map_has_wrong_is_sought_among_its_neighbours(pincode: str, room: str) -> None:
    routed = service.for_place(pincode=pincode)
    assert routed.room.id == room
    assert routed.distance_km is not None
    assert routed.distance_km < 130


def test_of_two_rooms_in_one_city_the_office_comes_first() -> None:
    assert service.for_place(pincode="110001").room.id == "dfo-new-delhi"
    assert service.for_place(state="JK").room.id == "dfo-jammu"


@pytest.mark.parametrize(
    ("place", "room", "why"),
    [
        ({"state": "GA"}, "dfo-margao", Why.ONLY_ROOM),
        ({"state": "MH"}, "dfo-mumbai", Why.FIRST_OF_STATE),
        ({"district": "Thane"}, "dfo-mumbai", Why.NEAREST),
        ({"district": "nagpur "}, "dfo-nagpur", Why.NEAREST),
        ({"district": "Bilaspur"}, "hub", Why.PLACE_UNKNOWN),
        ({"district": "Bilaspur", "state": "HP"}, "dfo-solan", Why.ONLY_ROOM),
        ({"district": "Pratapgarh", "state": "UP"}, "dfo-allahabad", Why.NEAREST),
        ({"district": "Nowhere", "state": "UP"}, "dfo-agra", Why.FIRST_OF_STATE),
        ({"state": "LA"}, "dfo-srinagar", Why.SERVES_STATE),
        ({"state": "PY"}, "dfo-chennai", Why.SERVES_STATE),
        ({"state": "CH"}, "dfo-solan", Why.SERVES_STATE),
        ({"state": "LD"}, "dfo-thrissur", Why.SERVES_STATE),
        ({"pincode": "194101"}, "dfo-srinagar", Why.SERVES_STATE),
        ({"pincode": "605001"}, "dfo-chennai", Why.SERVES_STATE),
        ({"pincode": "673310"}, "dfo-thrissur", Why.SERVES_STATE),
        ({"pincode": "160017"}, "dfo-solan", Why.SERVES_STATE),
        ({"pincode": "999999"}, "hub", Why.PLACE_UNKNOWN),
        ({"pincode": "999999", "district": "Pune"}, "dfo-mumbai", Why.NEAREST),
        ({"pincode": "400001", "state": "GJ"}, "dfo-ahmedabad", Why.FIRST_OF_STATE),
        ({"pincode": "396230", "state": "DH"}, "br-dfo-silvassa", Why.ONLY_ROOM),
        ({"state": "ZZ"}, "hub", Why.PLACE_UNKNOWN),
        ({}, "hub", Why.PLACE_UNKNOWN),
    ],
)
def test_what_is_known_of_a_place_decides(place: dict[str, str], room: str, why: Why) -> None:
    routed = service.for_place(**place)
    assert (routed.room.id, routed.why) == (room, why)


@given(st.integers(100000, 999999).map(str))
def test_any_six_digits_are_routed_into_their_state_or_to_the_hub(pincode: str) -> None:
    routed = service.for_place(pincode=pincode)
    assert routed == service.for_place(pincode=pincode)
    if routed.room.id == service.HUB:
        assert routed.why is Why.PLACE_UNKNOWN
        return
    known = service.pin(pincode)
    assert known is not None
    assert known.state == routed.state
    assert known.state in routed.room.states
    if known.point is not None:
        nearer = [
            room
            for room in service.of_state(known.state)
            if places.distance_km(known.point, room.point) < (routed.distance_km or 0) - 0.1
        ]
        assert not nearer


def test_states_are_known_by_every_usual_name() -> None:
    for code, state in service.states().items():
        assert {service.state_code(name) for name in (code, code.lower(), state.name, state.name_hi)} == {code}
    assert service.state_code("Jammu & Kashmir") == "JK"
    assert service.state_code("nowhere") is None
    assert service.state_code("") is None


def test_districts_of_one_name() -> None:
    assert {found.state for found in service.districts("Bilaspur")} == {"CG", "HP"}
    assert [found.state for found in service.districts("Aurangabad", "BR")] == ["BR"]
    assert service.districts("") == ()


@pytest.mark.parametrize(
    ("latitude", "longitude", "state"),
    [(19.07, 72.88, "MH"), (34.16, 77.58, "LA"), (11.93, 79.83, "PY"), (26.45, 80.33, "UP"), (8.09, 77.54, "TN")],
)
def test_a_shared_position_lies_in_a_state(latitude: float, longitude: float, state: str) -> None:
    found = service.at_point(Point(latitude=latitude, longitude=longitude))
    assert found is not None
    assert found.state == state


@pytest.mark.parametrize(("latitude", "longitude"), [(51.5, 0.0), (0.0, 0.0), (15.0, 62.0), (-90.0, 180.0)])
def test_a_position_elsewhere_lies_in_none(latitude: float, longitude: float) -> None:
    assert service.at_point(Point(latitude=latitude, longitude=longitude)) is None


def test_distance() -> None:
    here, north = Point(latitude=20, longitude=77), Point(latitude=21, longitude=77)
    assert round(places.distance_km(here, north), 1) == 111.2  # a degree of latitude
    assert places.distance_km(here, here) == 0
