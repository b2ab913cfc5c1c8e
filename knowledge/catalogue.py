"""Everything that can be found: passages of the corpus, situations people describe, and foreign subjects."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from knowledge.documents import Document, Passage
from knowledge.errors import CorpusError
from knowledge.loader import load_corpus
from knowledge.splitter import split_documents
from knowledge.text import normalise

CODE_VERSION = 2
"""Raise it when the same corpus must give another index."""

LEXICON = Path(__file__).resolve().parent / "lexicon"
_BRACKETED = regex.compile(r"\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One embedded text.

    `kind` is passage, situation (how people describe what a scheme is for), background (a subject that
    belongs elsewhere), ask (a question for one kind of section, of any scheme). `about` is the scheme, the
    foreign subject, or the aspect.
    """

    kind: str
    language: str
    about: str
    text: str


@dataclass(frozen=True)
class Catalogue:
    """What an index is built from. The first entries are the passages, in the same order."""

    passages: tuple[Passage, ...]
    entries: tuple[Entry, ...]
    names: dict[str, tuple[str, ...]]

    @property
    def schemes(self) -> tuple[str, ...]:
        """All schemes, in a stable order."""
        return tuple(sorted(self.names))


def read_catalogue(corpus: Path, lexicon: Path = LEXICON) -> Catalogue:
    """Read the corpus and the lexicons beside it.

    Args:
        corpus: The folder with the pages.
        lexicon: The folder with situations.json and background.json.

    Raises:
        CorpusError: A file is not as expected.
    """
    documents = load_corpus(corpus)
    situations = _lists(lexicon / "situations.json")
    background = _lists(lexicon / "background.json")
    asks = _lists(lexicon / "asks.json")
    known = {document.scheme for document in documents}
    return assemble(documents, {s: v for s, v in situations.items() if s in known}, background, asks)


def assemble(
    documents: Sequence[Document],
    situations: dict[str, dict[str, list[str]]],
    background: dict[str, dict[str, list[str]]],
    asks: dict[str, dict[str, list[str]]] | None = None,
) -> Catalogue:
    """Put a catalogue together from its parts."""
    passages = split_documents(documents)
    entries = [Entry("passage", p.language, p.scheme, normalise(p.searchable)) for p in passages]
    entries += _entries("situation", situations)
    entries += _entries("background", background)
    entries += _entries("ask", _with_names(asks or {}, documents))
    names: dict[str, dict[str, None]] = {}
    for document in documents:
        names.setdefault(document.scheme, {}).update(dict.fromkeys(names_of(document)))
    return Catalogue(tuple(passages), tuple(entries), {scheme: tuple(found) for scheme, found in names.items()})


def names_of(document: Document) -> Iterable[str]:
    """Return every name a page gives its scheme: full, in brackets, without brackets, aliases, the id."""
    yield document.name
    yield from _BRACKETED.findall(document.name)
    yield _BRACKETED.sub("", document.name).strip()
    yield from document.aliases
    yield document.scheme.replace("_", " ")


def _with_names(
    asks: dict[str, dict[str, list[str]]], documents: Sequence[Document]
) -> dict[str, dict[str, list[str]]]:
    """Put a scheme's name where a question has {s}: another one each time, so that none is learnt."""
    named = {
        language: [(d.aliases or (d.name,))[0] for d in documents if d.language == page]
        for language, page in (("en", "en"), ("hi", "hi"), ("hi-Latn", "en"))
    }
    filled: dict[str, dict[str, list[str]]] = {}
    turn = 0
    for aspect, languages in sorted(asks.items()):
        filled[aspect] = {}
        for language, texts in sorted(languages.items()):
            names = named[language] or [""]
            filled[aspect][language] = []
            for text in texts:
                filled[aspect][language].append(text.replace("{s}", names[turn % len(names)]))
                turn += 5
    return filled


def _entries(kind: str, lists: dict[str, dict[str, list[str]]]) -> Iterable[Entry]:
    for about in sorted(lists):
        for language in sorted(lists[about]):
            yield from (Entry(kind, language, about, normalise(text)) for text in lists[about][language])


def _lists(path: Path) -> dict[str, dict[str, list[str]]]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(path, "file", f"a readable file ({error.strerror})") from error
    except ValueError as error:
        raise CorpusError(path, "file", f"valid JSON ({error})") from error
    good = isinstance(content, dict) and all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        for languages in content.values()
        for texts in (languages.values() if isinstance(languages, dict) else [None])
    )
    if not good:
        raise CorpusError(path, "file", '{"<scheme>": {"<language>": ["a question", ...]}}')
    return content  # type: ignore[no-any-return]
