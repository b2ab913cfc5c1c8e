"""Normalising, folding and cutting words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.romanised import sound, to_devanagari
from knowledge.text import fold, normalise, pieces, words

ANY = st.text(max_size=200)


@given(ANY)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(ANY)
def test_normalised_text_is_composed_and_visible(text: str) -> None:
    result = normalise(text)
    assert unicodedata.is_normalized("NFC", result)
    assert not any(unicodedata.category(sign) in ("Cf", "Cc", "Cs") for sign in result)
    assert "  " not in result
    assert result == result.strip()


@given(ANY)
def test_words_never_fail_and_are_folded(text: str) -> None:
    assert all(word and word == fold(word) for word in words(text))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ", max_size=60))
def test_transliteration_leaves_no_small_latin_letters(text: str) -> None:
    assert not any(sign.isascii() and sign.isalpha() for sign in to_devanagari(text))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("प\u200dै\u200cसे", "पैसे"),
        ("\u202e\u2067hello\u2069", "hello"),
        ("४५ दिन", "45 दिन"),
        ("a\n\n b\t c", "a b c"),
        ("\u200b\ufeff", ""),
        ("null\x00byte", "nullbyte"),
    ],
)
def test_spellings_meet(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [("ज़मीन", "जमीन"), ("पाँच", "पांच"), ("Loans", "loan"), ("सम्बन्ध", "संबंध"), ("café", "cafe")],
)
def test_folded_words_meet(left: str, right: str) -> None:
    assert words(left) == words(right)


def test_numbers_stay_whole() -> None:
    assert words("Rs 25,00,000 or 7.5%") == ["rs", "2500000", "or", "7.5"]


def test_devanagari_words_are_not_broken_at_vowel_signs() -> None:
    assert words("मेरा खरीदार पैसे नहीं दे रहा") == ["मेरा", "खरीदार", "पैसे", "नहीं", "दे", "रहा"]


def test_pieces_have_borders_and_leave_numbers_alone() -> None:
    assert pieces("loan") == ["<loa", "loan", "oan>"]
    assert pieces("1234567") == []


@pytest.mark.parametrize(
    ("latin", "devanagari"),
    [("subsidy", "सब्सिडी"), ("kaarigar", "कारीगर"), ("bhugtan", "भुगतान"), ("vishwakarma", "विश्वकर्मा")],
)
def test_both_scripts_sound_alike(latin: str, devanagari: str) -> None:
    assert sound(latin) == sound(devanagari) != ""


def test_common_romanised_words_are_spelt_by_the_lexicon() -> None:
    assert to_devanagari("mera kharidar 3 mahine se paise nahi de raha") == "मेरा खरीदार 3 महीने से पैसे नहीं दे रहा"


def test_acronyms_stay_in_latin_letters() -> None:
    assert to_devanagari("PMEGP kya hai").startswith("PMEGP ")
