"""Reading pages, and errors an editor can act on."""

from pathlib import Path

import pytest

from knowledge.errors import CorpusError
from knowledge.loader import load_corpus, load_document
from tests.knowledge.conftest import CORPUS


def changed(folder: Path, old: str, new: str) -> Path:
    text = (CORPUS / "en" / "loom.md").read_text(encoding="utf-8")
    assert old in text
    path = folder / "en" / "loom.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_corpus_is_read_whole() -> None:
    documents = load_corpus(CORPUS)
    assert [(d.language, d.scheme) for d in documents] == [
        (language, scheme) for language in ("en", "hi") for scheme in ("bees", "export", "kiln", "loom", "repair")
    ]
    loom = documents[3]
    assert loom.name == "Loom Loan"
    assert [section.aspect for section in loom.sections] == ["what", "who", "benefits"]
    assert loom.sources[0].title == "Invented for tests"
    assert loom.sources[0].url is None


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        ("scheme: loom", "scheme: kiln", "scheme", "'loom'"),
        ("language: en", "language: hi", "language", "'en'"),
        ("status: active", "status: running", "status", "one of active"),
        ('as_of: "2020-01-01"', "as_of: 2020", "as_of", "quotes"),
        ('name: "Loom Loan"', "name:", "name", "not empty"),
        ("aliases: [LOOML, weaver loan]", "aliases: [12]", "aliases", "list of texts"),
        ("url: null", "url: ftp://x", "sources[0].url", "https://"),
        ('- title: "Invented for tests"', '- name: "x"', "sources[0]", "title and url"),
        ("category: fixture", "category: fixture\ncolour: red", "colour", "only the fields"),
        ("{#what}", "{#whatever}", "## What it is {#whatever}", "one of the keys"),
        (" {#what}", "", "## What it is", "key in braces"),
        ("{#who}", "{#what}", "section {#what}", "once"),
        ("---\nscheme", "scheme", "front matter", "between two lines"),
        ("aliases: [", "aliases: [[", "front matter", "valid YAML"),
    ],
)
def test_a_mistake_names_file_field_and_what_is_expected(
    tmp_path: Path, old: str, new: str, field: str, expected: str
) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(CorpusError) as caught:
        load_document(path)
    assert caught.value.path == path
    assert field in caught.value.field
    assert expected in caught.value.expected
    assert str(path) in str(caught.value)


def test_an_empty_section_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "The Loom Loan is an invented scheme that lends money to weavers who buy a new loom.", "")
    with pytest.raises(CorpusError, match="leave out empty sections"):
        load_document(path)


def test_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "en" / "loom.md"
    path.parent.mkdir()
    path.write_bytes(b"---\n\xff\xfe")
    with pytest.raises(CorpusError, match="UTF-8"):
        load_document(path)


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="folder"):
        load_corpus(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="at least one page"):
        load_corpus(tmp_path)


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "en" / "loom.md"
    path.parent.mkdir()
    path.write_bytes((CORPUS / "en" / "loom.md").read_bytes().replace(b"\n", b"\r\n"))
    assert load_document(path).sections == load_document(CORPUS / "en" / "loom.md").sections
