"""Normal form: properties over many strings, and the cases that bite."""

import random
import unicodedata

import pytest

from bot.components.text import fold, has_letters, normalise, words

ALPHABET = [
    *"abcXYZ 0123,.!/{}<>*\n\t\u0000",
    *"कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहािीुूेैोौंँः़्०१२३४५६७८९",
    *"\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\ufe0f\u00ad",
    *"😀🙏👍🏽é\u0301ড়અ०٣۴",
]


@pytest.mark.parametrize("seed", range(200))
def test_normal_form_properties(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(60)))
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip()
    assert not any(unicodedata.category(c) in ("Cf", "Cc") for c in once)
    assert all(c in "0123456789" for c in once if unicodedata.category(c) == "Nd")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  मेरा\u200d बिल १२३ ", "मेरा बिल 123"),
        ("\u202eabc\u202c", "abc"),
        ("क\u093cर्ज", "क\u093cर्ज"),
        ("line\none", "line one"),
        ("\u200b", ""),
        ("٣ ۴ ३ ৩", "3 4 3 3"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == unicodedata.normalize("NFC", expected)


def test_folding_ignores_nukta_and_nasal_sign() -> None:
    assert fold("ज़रूर काग़ज़ पाँच") == fold("जरूर कागज पांच")
    assert words("Stand-Up India!") == ["stand", "up", "india"]


def test_devanagari_words_stay_whole() -> None:
    assert words("मुझे विश्वकर्मा योजना चाहिए") == [fold(w) for w in ["मुझे", "विश्वकर्मा", "योजना", "चाहिए"]]


@pytest.mark.parametrize("text", ["", "😀🙏", "!!! ???", "\u200b\u200c"])
def test_nothing_to_read(text: str) -> None:
    assert not has_letters(normalise(text))
