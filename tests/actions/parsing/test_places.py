"""Places: PIN codes, districts in both scripts, States, and what lies elsewhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.parsing.places import Trouble, find_place
from handoff.control_rooms import service as control_rooms


@pytest.mark.parametrize(
    ("text", "district", "state"),
    [
        ("411001", "Pune", "MH"),
        ("२२६००१", "Lucknow", "UP"),
        ("pin 226 001", "Lucknow", "UP"),
        ("Pune se hu", "Pune", "MH"),
        ("zila sitapur", "Sitapur", "UP"),
        ("सीतापुर", "Sitapur", "UP"),
        ("हापुड़", "Hapur", "UP"),
        ("अलीगढ़", "Aligarh", "UP"),
        ("kanpur", "Kanpur Nagar", "UP"),
        ("indore mp", "Indore", "MP"),
        ("I live in a village near Hapur", "Hapur", "UP"),
        ("Bilaspur, Himachal Pradesh", "Bilaspur", "HP"),
        ("gaya", "Gaya", "BR"),
    ],
)
def test_places_in_india(text: str, district: str, state: str) -> None:
    found = find_place(text, control_rooms, asked=True)
    assert (found.district, found.state, found.trouble) == (district, state, None)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("999999", Trouble.UNKNOWN_PIN),
        ("560044", Trouble.UNKNOWN_PIN),
        ("12345", Trouble.PIN_SHAPE),
        ("1234567", Trouble.PIN_SHAPE),
        ("dubai", Trouble.ABROAD),
        ("काठमांडू नेपाल", Trouble.ABROAD),
        ("London, United Kingdom", Trouble.ABROAD),
        ("xyzabad", Trouble.UNKNOWN),
        ("ho gaya", Trouble.UNKNOWN),
        ("हो गया", Trouble.UNKNOWN),
        ("Aurangabad", Trouble.WHICH_STATE),
    ],
)
def test_what_cannot_be_taken_says_why(text: str, trouble: Trouble) -> None:
    assert find_place(text, control_rooms, asked=True).trouble is trouble


def test_a_pin_code_that_the_posts_list_puts_into_the_wrong_state_is_not_believed() -> None:
    listed = control_rooms.pin("799001")  # Agartala; the list says Telangana
    assert listed is not None
    assert listed.state == "TS"
    assert find_place("799001", control_rooms, asked=True).trouble is Trouble.UNKNOWN_PIN
    assert find_place("799001", control_rooms).state is None


def test_in_a_story_only_what_is_sure_is_a_place() -> None:
    assert find_place("Pune wala buyer paisa nahi deta", control_rooms) == find_place("", control_rooms)
    assert find_place("dukan 411001 me hai", control_rooms).district == "Pune"
    named = find_place("main pune se hu", control_rooms, district="Pune", state="Maharashtra")
    assert (named.district, named.state) == ("Pune", "MH")


@settings(deadline=None)
@given(st.text(max_size=80), st.booleans())
def test_any_text_is_read_without_a_mishap(text: str, asked: bool) -> None:
    found = find_place(text, control_rooms, asked=asked)
    assert asked or found.trouble is None
