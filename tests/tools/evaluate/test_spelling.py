"""A misspelling changes one word, keeps its first letter, and is the same in every run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.evaluate.spelling import misspelt

LATIN = st.text(alphabet="abcdefghijklmnopqrstuvwxyz ?!.,0123456789", max_size=60)
DEVANAGARI = st.text(alphabet="कखगघचजटडतदनपबमयरलवशसहािीुूेोंँ़् ?।", max_size=60)


@given(text=LATIN, way=st.sampled_from(["en", "hi-Latn"]), number=st.integers(0, 5))
def test_one_word_changes_in_latin_letters(text: str, way: str, number: int) -> None:
    check(text, way, number)


@given(text=DEVANAGARI, number=st.integers(0, 5))
def test_one_word_changes_in_devanagari(text: str, number: int) -> None:
    check(text, "hi", number)


def check(text: str, way: str, number: int) -> None:
    changed = misspelt(text, way, number)
    assert changed == misspelt(text, way, number)
    if changed is None:
        return
    assert changed != text
    start = next(place for place, (old, new) in enumerate(zip(f"{text}\0", f"{changed}\0", strict=False)) if old != new)
    assert text[start - 1].isalpha() or text[start - 1] in "ािीुूेोंँ़्", "the first letter of a word stays"
    assert abs(len(changed) - len(text)) <= 2


@pytest.mark.parametrize("text", ["", "pm", "no 12345", "?!", "😀😀😀", "ok sir"])
def test_short_words_are_left_alone(text: str) -> None:
    assert misspelt(text, "en", 0) is None


def test_hindi_and_hinglish_are_respelt_as_people_do() -> None:
    hindi = {misspelt("शिकायत", "hi", number) for number in range(20)}
    assert hindi == {"शीकायत"}  # the only one of the table's spellings that occurs behind the first letter
    romanised = {misspelt("paisa", "hi-Latn", number) for number in range(30)}
    assert romanised == {"pesa", "paeesa"}
