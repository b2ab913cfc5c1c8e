"""Udyam: the official page, and which numbers can be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from grievances.registries import udyam_links
from handoff.control_rooms import service as control_rooms


def test_the_link_is_the_official_page() -> None:
    link = udyam_links.link()
    assert link.url == "https://udyamregistration.gov.in"
    assert "S.O. 2119(E)" in link.source
    assert link.as_of == "2025-10-24"
    assert link.title_hi == "उद्यम पंजीकरण"


@pytest.mark.parametrize(
    ("text", "number", "state"),
    [
        ("UDYAM-MH-01-0000123", "UDYAM-MH-01-0000123", "MH"),
        ("udyam mh 01 0000123", "UDYAM-MH-01-0000123", "MH"),
        ("UDYAM–MH–०१–००००१२३", "UDYAM-MH-01-0000123", "MH"),
        ("UDYAM-OR-19-0000001", "UDYAM-OR-19-0000001", "OD"),
        ("UDYAM-CT-14-0000001", "UDYAM-CT-14-0000001", "CG"),
        ("UDYAM-TG-02-0000001", "UDYAM-TG-02-0000001", "TS"),
    ],
)
def test_reads_a_number(text: str, number: str, state: str) -> None:
    found = udyam_links.parse(text)
    assert (found.number, found.state) == (number, state)


@pytest.mark.parametrize(
    "text",
    ["", "UDYAM-XX-01-0000123", "UDYAM-ZZ-01-0000123", "UDYAM-MH-1-0000123", "UDYAM-MH-01-000123", "UAM MH01A0000123"],
)
def test_refuses_what_is_none(text: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        udyam_links.parse(text)
    assert wrong.value.field == "udyam_number"


@given(st.sampled_from(sorted(control_rooms.states())), st.integers(0, 99), st.integers(0, 9_999_999))
def test_every_state_has_numbers(state: str, district: int, serial: int) -> None:
    found = udyam_links.parse(f"UDYAM-{state}-{district:02}-{serial:07}")
    assert found.state == state
    assert len(found.number) == 19
    assert udyam_links.fits_place(found, state)
    assert udyam_links.fits_place(found, None)
    assert not udyam_links.fits_place(found, "MH" if state != "MH" else "BR")
