"""Names are found in either script and usual spellings; numbers exactly; the story never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.privacy.encryption import Keyring, install
from grievances import terms
from grievances.schemas import Particulars, Place

STORY = Particulars(
    what_happened="The manager demanded commission",
    enterprise_name="Lakshmi Textiles Pvt Ltd",
    against_name="State Bank of India",
    complainant_name="Meera Devi",
    udyam_number="UDYAM-MH-01-0000123",
)
PLACE = Place(pincode="400001", district="Mumbai", state="MH")


@pytest.mark.parametrize(
    "spellings",
    [
        "लक्ष्मी Lakshmi Laxmi Lakshmy LAXMI",
        "मुंबई Mumbai मुम्बई",
        "कंपनी company kampani",
        "रेड्डी Reddy",
        "विजय Vijay",
        "अग्रवाल Agarwal Aggarwal Agrawal",
        "सीमेंट Cement",
        "शर्मा Sharma Sarma",
        "चौधरी Chaudhary Choudhari",
        "ज्ञान Gyan",
        "सूर्योदय Suryodaya",
    ],
)
def test_a_name_has_one_key_in_all_its_spellings(spellings: str) -> None:
    assert len({terms.sound_of(word) for word in spellings.split()}) == 1


@pytest.mark.parametrize("pair", ["Rao Roy", "Gupta Mehta", "Sharma Verma", "ராஜா ரவி", "Surat Nagpur"])
def test_other_names_have_other_keys(pair: str) -> None:
    one, two = pair.split()
    assert terms.sound_of(one) != terms.sound_of(two)


@given(st.text())
def test_any_text_has_a_key_and_the_same_one_again(text: str) -> None:
    for word in terms.words_of(text):
        assert terms.sound_of(word)
        assert terms.sound_of(word) == terms.sound_of(word.upper().casefold())


@pytest.mark.parametrize(
    "text",
    ["UDYAM-MH-01-0000123", "udyam mh 01 ००००१२३", "MH010000123", "Udyam/MH/01/0000123", "ＵＤＹＡＭ-MH-01-0000123"],
)
def test_a_udyam_number_is_read_however_it_is_written(text: str) -> None:
    assert terms.normal_udyam(text) == "UDYAM-MH-01-0000123"


@pytest.mark.parametrize(
    "text", ["", "UDYAM", "UDYAM-MH-1-0000123", "UDYAM-MH-01-000012", "UAM-MH-01-0000123", "27AAAPL1234C1ZV"]
)
def test_what_is_no_udyam_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="udyam_number"):
        terms.normal_udyam(text)


def found_by(query: str, stored: set[tuple[str, bytes]]) -> bool:
    known = {term for _field, term in stored}
    asked = terms.asked(query)
    return bool(asked) and all(known & set(alternatives) for alternatives in asked)


@pytest.mark.parametrize(
    "query",
    [
        "lakshmi",
        "लक्ष्मी टेक्सटाइल्स",
        "Meera",
        "MUMBAI",
        "400001",
        "४००००१",
        "udyam-mh-01-0000123",
        "Devi Laxmi mumbai",
        "state",
    ],
)
def test_what_an_officer_types_finds_it(query: str) -> None:
    assert found_by(query, terms.of(STORY, PLACE))


@pytest.mark.parametrize(
    "query", ["commission", "manager", "bank", "private limited", "110001", "UDYAM-MH-01-0000124", "Lakshmi Nagpur", ""]
)
def test_the_story_empty_words_and_others_find_nothing(query: str) -> None:
    assert not found_by(query, terms.of(STORY, PLACE))


def test_indexes_say_nothing_without_the_key() -> None:
    before = terms.of(STORY, PLACE)
    assert all(len(term) == 16 for _field, term in before)
    install(Keyring({1: bytes(range(32))}, b"another key".ljust(32)))
    assert not {term for _field, term in before} & {term for _field, term in terms.of(STORY, PLACE)}


def test_a_place_without_a_district_is_like_no_other() -> None:
    assert terms.similar_district(Place(state="MH")) is None
    assert terms.similar_district(Place(state="MH", district="Bilaspur")) != terms.similar_district(
        Place(state="CT", district="Bilaspur")
    )
