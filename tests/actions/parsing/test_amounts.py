"""Amounts in figures, words, and the digits of every script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.parsing.amounts import MOST, bare_amount, find_amounts

_LATIN = "0123456789"
_SCRIPTS = ("०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "૦૧૨૩૪૫૬૭૮૯", "௦௧௨௩௪௫௬௭௮௯", "౦౧౨౩౪౫౬౭౮౯", "۰۱۲۳۴۵۶۷۸۹")


@pytest.mark.parametrize(
    ("text", "rupees"),
    [
        ("1.5 lakh", 150_000),
        ("डेढ़ लाख", 150_000),
        ("sava lakh", 125_000),
        ("सवा दो लाख", 225_000),
        ("sadhe teen lakh", 350_000),
        ("paune do lakh", 175_000),
        ("ढाई करोड़", 25_000_000),
        ("2 lakh 50 hazar", 250_000),
        ("दो लाख तीस हज़ार", 230_000),
        ("two and a half lakh", 250_000),
        ("half a crore", 5_000_000),
        ("2.5 cr", 25_000_000),
        ("Rs 2,00,000/-", 200_000),
        ("₹45000", 45_000),
        ("rs.500", 500),
        ("500 rupaye", 500),
        ("1.5L", 150_000),
        ("50k", 50_000),
        ("ek lakh bees hazar paanch sau", 120_500),
        ("owes me 45,000 since March", 45_000),
        ("2-3 lakh", 300_000),
        ("paanch so karod", 5_000_000_000),
    ],
)
def test_amounts_as_people_write_them(text: str, rupees: int) -> None:
    assert [amount.rupees for amount in find_amounts(text)] == [rupees]


@pytest.mark.parametrize(
    "text",
    [
        "12/05/2026",
        "call 9876543210",
        "GST 18%",
        "UDYAM-MH-26-0123456",
        "411001",
        "0 lakh",
        "10000000 crore",
        "3 mahine",
        "since 2024",
        "call me",
        "",
        "लाख लाख शुक्र",
        "26-4815-16238",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert find_amounts(text) == []


@given(
    st.integers(1, 99_999),
    st.sampled_from(["lakh", "लाख", "lac", "hazar", "हज़ार", "crore", "करोड़"]),
    st.sampled_from(_SCRIPTS),
)
def test_digits_of_any_script_are_worth_the_same(number: int, unit: str, digits: str) -> None:
    written = str(number).translate(str.maketrans(_LATIN, digits))
    assert [one.rupees for one in find_amounts(f"{written} {unit}")] == [
        one.rupees for one in find_amounts(f"{number} {unit}")
    ]


@given(st.integers(1, 999_999_999))
def test_figures_grouped_as_in_india_or_not(rupees: int) -> None:
    head, tail = (str(rupees)[:-3], str(rupees)[-3:]) if rupees > 999 else ("", str(rupees))
    grouped = ""
    while head:
        head, grouped = head[:-2], f"{head[-2:]},{grouped}"
    for text in (f"Rs {rupees}", f"₹{rupees}", f"Rs. {grouped}{tail}/-", f"{rupees} rupaye"):
        assert [one.rupees for one in find_amounts(text)] == [rupees], text


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_mishap(text: str) -> None:
    assert all(1 <= one.rupees <= MOST and one.start < one.end for one in find_amounts(text))
    assert (bare_amount(text) or 100) >= 100


@pytest.mark.parametrize(
    ("text", "rupees"),
    [
        ("50000", 50_000),
        ("करीब ५००००", 50_000),
        ("45,000 hai", 45_000),
        ("5", None),
        ("-5000", None),
        ("2 aur 3000", None),
        ("9876543210", None),
        ("12/05/2026", None),
    ],
)
def test_the_one_bare_figure_of_an_answer(text: str, rupees: int | None) -> None:
    assert bare_amount(text) == rupees
