"""Categories as data: known particulars, known rooms, priorities, and phrases that say nothing."""

import pytest

from core.errors import InvalidInput
from grievances import categories
from grievances.schemas import Level, Particulars, Place, Priority


def test_every_category_asks_for_what_exists_and_there_is_a_last_resort() -> None:
    found = categories.all_categories()
    assert list(found)[-1] == "other"
    for category in found.values():
        assert len(category.asks) <= 4
        assert set(category.asks) <= set(Particulars.model_fields)
        assert category.id.isidentifier()
        assert len(category.id) <= 32


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(InvalidInput, match="category"):
        categories.get("weather")


def test_the_place_or_the_category_finds_the_room() -> None:
    mumbai = Place(pincode="400001", district="Mumbai", state="MH")
    assert categories.room_for("delayed_payment", mumbai).room.state == "MH"
    assert categories.room_for("bribe", mumbai).room.id == "hub"
    assert categories.room_for("delayed_payment", Place()).room.id == "hub"
    assert categories.get("bribe").level is Level.HUB


@pytest.mark.parametrize(
    ("rupees", "expected"), [(None, Priority.NORMAL), (999_999, Priority.NORMAL), (10**6, Priority.HIGH)]
)
def test_a_large_amount_presses(rupees: int | None, expected: Priority) -> None:
    told = Particulars(what_happened="x", amount_rupees=rupees)
    category = categories.get("delayed_payment")
    assert categories.priority_of(category, told, follows=False) is expected
    assert categories.priority_of(category, told, follows=True) is Priority.HIGH


@pytest.mark.parametrize(
    ("reasons", "left"),
    [
        ("Does not pertain to this Ministry of MSME.", ""),
        ("यह मामला इस मंत्रालय से संबंधित नहीं है।", ""),
        ("Sent to the bank; does not pertain to this ministry", "Sent to the bank"),
        ("भुगतान हो गया है।", "भुगतान हो गया है"),
    ],
)
def test_phrases_that_say_nothing_are_taken_away(reasons: str, left: str) -> None:
    assert categories.substance(reasons) == left
