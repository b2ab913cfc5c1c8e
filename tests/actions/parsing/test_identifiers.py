"""Udyam numbers, PIN codes, references and codes in what people write."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.parsing.identifiers import UDYAM_STATES, Trouble, find_code, find_pins, find_reference, find_udyam
from grievances.reference import new_reference, shown


@pytest.mark.parametrize(
    "text",
    [
        "UDYAM-MH-26-0123456",
        "udyam mh 26 0123456",
        "MH260123456",
        "mera number UDYAM-MH-26-0123456 hai",
        "Udyam no. MH-26-0123456",
        "UDYAM-MH-२६-०१२३४५६",
    ],
)
def test_one_number_in_many_ways(text: str) -> None:
    found = find_udyam(text)
    assert found is not None
    assert found.value == "UDYAM-MH-26-0123456"


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("UDYAM-XX-26-0123456", Trouble.STATE),
        ("UDYAM-MH-26-12345", Trouble.SHAPE),
        ("udyam number 12345", Trouble.SHAPE),
        ("UP00A1234567", Trouble.SHAPE),
        ("UDYAM MH 26 O123456", Trouble.SHAPE),
    ],
)
def test_a_wrong_number_is_told_from_none(text: str, trouble: Trouble) -> None:
    found = find_udyam(text)
    assert found is not None
    assert (found.value, found.trouble) == (None, trouble)


@pytest.mark.parametrize("text", ["mera udyam 5 saal se hai", "Asha Tailors", "411001", "12/05/2026", ""])
def test_no_udyam_number_is_meant(text: str) -> None:
    assert find_udyam(text) is None


@given(st.sampled_from(sorted(UDYAM_STATES)), st.integers(0, 99), st.integers(0, 9_999_999), st.sampled_from("- ./_"))
def test_every_number_is_read_and_written_alike(state: str, district: int, number: int, gap: str) -> None:
    text = gap.join(["udyam", state, f"{district:02}", f"{number:07}"])
    found = find_udyam(f"ye hai {text} dekho")
    assert found is not None
    assert found.value == f"UDYAM-{state.upper()}-{district:02}-{number:07}"


def test_pin_codes_are_not_parts_of_something_longer() -> None:
    assert find_pins("pin 226 001 hai") == ["226001"]
    assert find_pins("२२६००१") == ["226001"]
    for text in ("9876543210", "Rs 2,26,001", "022600", "UDYAM-MH-26-0123456", "26-4815-16238"):
        assert find_pins(text) == []


@given(st.randoms(use_true_random=False), st.integers(2020, 2040), st.integers(0, 999_999))
def test_reference_and_code_are_told_apart(choose: Random, year: int, code: int) -> None:
    reference = new_reference(year, choose)
    found, trouble, rest = find_reference(f"shikayat {shown(reference)} code {code:06}")
    assert (found, trouble) == (reference, None)
    assert find_code(rest) == f"{code:06}"


@given(st.randoms(use_true_random=False), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(choose: Random, at: int, by: int) -> None:
    reference = new_reference(2026, choose)
    wrong = reference[:at] + str((int(reference[at]) + by) % 10) + reference[at + 1 :]
    assert find_reference(wrong)[:2] == (None, Trouble.SHAPE)


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_mishap(text: str) -> None:
    find_udyam(text)
    find_reference(text)
    assert all(len(one) == 6 for one in find_pins(text))
    assert len(find_code(text) or "123456") == 6
