"""Sentences come from the catalogues; what a language lacks is said in English."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import i18n
from core.i18n import MissingSentence, sentence

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    entries = {
        "en": {"a.hello": "Hello {name}", "a.only": "Only in English", "a.braces": "Say {this}"},
        "hi": {"a.hello": "नमस्ते {name}", "a.only": ""},
        "hi-Latn": {},
    }
    for language, lines in entries.items():
        (tmp_path / language).mkdir()
        text = HEADER + "".join(f'msgid "{key}"\nmsgstr "{value}"\n\n' for key, value in lines.items())
        (tmp_path / language / "test.po").write_text(text, encoding="utf-8")
    monkeypatch.setattr(i18n, "_LOCALE", tmp_path)
    i18n._entries.cache_clear()
    yield tmp_path
    i18n._entries.cache_clear()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Hello Meera"),
        ("hi", "नमस्ते Meera"),
        ("hi-Latn", "Hello Meera"),
        ("fr", "Hello Meera"),
        ("../../etc", "Hello Meera"),
        ("", "Hello Meera"),
        (None, "Hello Meera"),
    ],
)
def test_language_and_fall_back(catalogues: Path, language: str | None, said: str) -> None:
    assert sentence("test", "a.hello", language, name="Meera") == said


def test_an_empty_translation_is_no_translation(catalogues: Path) -> None:
    assert sentence("test", "a.only", "hi") == "Only in English"


def test_a_missing_key_is_an_error_that_names_it(catalogues: Path) -> None:
    with pytest.raises(MissingSentence, match=r"test:a\.none"):
        sentence("test", "a.none", "hi")


def test_a_missing_parameter_is_an_error(catalogues: Path) -> None:
    with pytest.raises(KeyError, match="name"):
        sentence("test", "a.hello", "hi", other="x")


def test_what_a_person_wrote_is_never_read_as_a_pattern(catalogues: Path) -> None:
    assert sentence("test", "a.hello", "en", name="{name.__class__} %s") == "Hello {name.__class__} %s"


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_gateways_own_sentences_are_there(language: str) -> None:
    assert sentence("gateway", "gateway.technical_problem", language)
