"""Catalogues: every language has the same keys with the same parameters, keys are keys, nothing is missing."""

import re
from pathlib import Path

import polib
import pytest

from tools.steps import ROOT

LANGUAGES = ("en", "hi", "hi-Latn")
DOMAINS = sorted({path.stem for path in ROOT.glob("locale/*/*.po")})
KEY = re.compile(r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")
PARAMETER = re.compile(r"{(\w+)}")
Key = tuple[str, str]


def entries(language: str, domain: str) -> dict[Key, polib.POEntry]:
    path: Path = ROOT / "locale" / language / f"{domain}.po"
    assert path.exists(), f"{language} lacks the catalogue {domain}"
    return {(entry.msgctxt or "", entry.msgid): entry for entry in polib.pofile(str(path)) if not entry.obsolete}


def texts(entry: polib.POEntry) -> list[str]:
    return [entry.msgstr] if entry.msgstr else list(entry.msgstr_plural.values())


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_same_keys_and_parameters_in_every_language(domain: str) -> None:
    first = entries(LANGUAGES[0], domain)
    for language in LANGUAGES[1:]:
        other = entries(language, domain)
        assert set(other) == set(first), f"{language}/{domain}"
        different = [
            key for key, entry in first.items()
            if parameters(entry) != parameters(other[key])
        ]  # fmt: skip
        assert not different, f"{language}/{domain}"


def parameters(entry: polib.POEntry) -> set[str]:
    return {name for text in texts(entry) for name in PARAMETER.findall(text)}


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_is_a_key_with_a_finished_text(language: str, domain: str) -> None:
    for (_context, key), entry in entries(language, domain).items():
        assert KEY.match(key), f"{key!r} is no key"
        assert texts(entry), key
        assert all(text.strip() for text in texts(entry)), key
        assert "fuzzy" not in entry.flags, key


@pytest.mark.parametrize("domain", DOMAINS)
def test_hindi_is_in_devanagari_and_hinglish_in_latin_letters(domain: str) -> None:
    devanagari = re.compile(r"[\u0900-\u097F]")
    latin_only = {
        key for key, entry in entries("hi-Latn", domain).items()
        if any(devanagari.search(PARAMETER.sub("", text)) for text in texts(entry))
    }  # fmt: skip
    named = {key for key in latin_only if "language" in key[1]}  # a language's own name stays in its script
    assert latin_only == named
    sentences = [e for e in entries("hi", domain).values() if any(len(PARAMETER.sub("", t)) > 20 for t in texts(e))]
    without = [entry.msgid for entry in sentences if not any(devanagari.search(text) for text in texts(entry))]
    assert not without
