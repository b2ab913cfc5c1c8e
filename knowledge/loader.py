"""Reading corpus pages: front matter and sections, with errors an editor can act on."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import regex
import yaml

from knowledge.documents import ASPECTS, PAGE_LANGUAGES, STATUSES, Document, Section, Source
from knowledge.errors import CorpusError

_FRONT = regex.compile(r"\A\ufeff?---\s*\n(.*?)\n---\s*(?:\n|\Z)", regex.DOTALL)
_HEADING = regex.compile(r"^##\s+(?P<heading>.+?)\s*\{#(?P<aspect>[^}]*)\}\s*$")
_SCHEME = regex.compile(r"[a-z][a-z0-9_]*")
_FIELDS = ("scheme", "language", "name", "aliases", "category", "status", "as_of", "sources")


def load_corpus(folder: Path) -> list[Document]:
    """Read every page of the corpus, ordered by language and scheme.

    Args:
        folder: The folder that holds one folder per language.

    Returns:
        All documents.

    Raises:
        CorpusError: A page or the folder is not as expected.
    """
    if not folder.is_dir():
        raise CorpusError(folder, "folder", "a folder with pages in <language>/<scheme>.md")
    documents = [load_document(path) for path in page_paths(folder)]
    if not documents:
        raise CorpusError(folder, "folder", "at least one page in <language>/<scheme>.md")
    return documents


def page_paths(folder: Path) -> list[Path]:
    """Return the paths of all pages, in a stable order."""
    return sorted(path for language in PAGE_LANGUAGES for path in (folder / language).glob("*.md"))


def load_document(path: Path) -> Document:
    """Read one page.

    Args:
        path: `<language>/<scheme>.md`; folder and name must agree with the front matter.

    Returns:
        The document.

    Raises:
        CorpusError: Names the file, the field and what is expected there.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(path, "file", "text in UTF-8") from error
    except OSError as error:
        raise CorpusError(path, "file", f"a readable file ({error.strerror})") from error
    front, body = _split(path, content)
    return Document(
        scheme=_agreeing(path, front, "scheme", path.stem),
        language=_agreeing(path, front, "language", path.parent.name),
        name=_text(path, front, "name"),
        aliases=_aliases(path, front),
        category=_text(path, front, "category"),
        status=_one_of(path, front, "status", STATUSES),
        as_of=_text(path, front, "as_of"),
        sources=_sources(path, front),
        sections=tuple(_sections(path, body)),
        path=path,
    )


def _split(path: Path, content: str) -> tuple[dict[str, Any], str]:
    match = _FRONT.match(content.replace("\r\n", "\n"))
    if match is None:
        raise CorpusError(path, "front matter", "YAML between two lines '---' at the top of the file")
    try:
        front = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise CorpusError(path, "front matter", f"valid YAML{where}") from error
    if not isinstance(front, dict):
        raise CorpusError(path, "front matter", "fields such as 'scheme: pmegp'")
    for field in front:
        if field not in _FIELDS:
            raise CorpusError(path, str(field), f"only the fields {', '.join(_FIELDS)}")
    return front, content.replace("\r\n", "\n")[match.end() :]


def _text(path: Path, front: dict[str, Any], field: str) -> str:
    value = front.get(field)
    if isinstance(value, dt.date):
        value = value.isoformat()
    if not isinstance(value, str) or not value.strip():
        raise CorpusError(path, field, "a text that is not empty (put dates and numbers in quotes)")
    return value.strip()


def _one_of(path: Path, front: dict[str, Any], field: str, allowed: Iterable[str]) -> str:
    value = _text(path, front, field)
    if value not in allowed:
        raise CorpusError(path, field, f"one of {', '.join(allowed)}, not '{value}'")
    return value


def _agreeing(path: Path, front: dict[str, Any], field: str, expected: str) -> str:
    value = _text(path, front, field)
    if value != expected:
        raise CorpusError(path, field, f"'{expected}', as the file's place says, not '{value}'")
    if field == "scheme" and not _SCHEME.fullmatch(value):
        raise CorpusError(path, field, "small letters, digits and underscores")
    return value


def _aliases(path: Path, front: dict[str, Any]) -> tuple[str, ...]:
    value = front.get("aliases") or []
    if not isinstance(value, list) or not all(isinstance(alias, str) and alias.strip() for alias in value):
        raise CorpusError(path, "aliases", "a list of texts (put bare numbers in quotes)")
    return tuple(alias.strip() for alias in value)


def _sources(path: Path, front: dict[str, Any]) -> tuple[Source, ...]:
    value = front.get("sources")
    if not isinstance(value, list) or not value:
        raise CorpusError(path, "sources", "a list with at least one source, the one shown first")
    return tuple(_source(path, position, entry) for position, entry in enumerate(value))


def _source(path: Path, position: int, entry: object) -> Source:
    field = f"sources[{position}]"
    if not isinstance(entry, dict) or set(entry) - {"title", "url"}:
        raise CorpusError(path, field, "the fields title and url")
    title, url = entry.get("title"), entry.get("url")
    if not isinstance(title, str) or not title.strip():
        raise CorpusError(path, f"{field}.title", "a text that is not empty")
    if url is not None and (not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https")):
        raise CorpusError(path, f"{field}.url", "null or an address that begins with https://")
    return Source(title.strip(), url)


def _sections(path: Path, body: str) -> list[Section]:
    sections: list[Section] = []
    open_heading: tuple[str, str] | None = None
    lines: list[str] = []
    for line in [*body.split("\n"), None]:
        if line is not None and not line.startswith("## "):
            lines.append(line)
            continue
        if open_heading is not None:
            sections.append(_section(path, *open_heading, lines))
        lines = []
        if line is not None:
            open_heading = _heading(path, line)
    seen = [section.aspect for section in sections]
    if not seen:
        raise CorpusError(path, "body", "at least one section such as '## What it is {#what}'")
    for aspect in seen:
        if seen.count(aspect) > 1:
            raise CorpusError(path, f"section {{#{aspect}}}", "each section once")
    return sections


def _heading(path: Path, line: str) -> tuple[str, str]:
    match = _HEADING.match(line)
    if match is None:
        raise CorpusError(path, f"heading '{line}'", "a key in braces after it, such as {#what}")
    if match["aspect"] not in ASPECTS:
        raise CorpusError(path, f"heading '{line}'", f"one of the keys {', '.join(ASPECTS)}")
    return match["aspect"], match["heading"]


def _section(path: Path, aspect: str, heading: str, lines: list[str]) -> Section:
    text = "\n".join(line.rstrip() for line in lines).strip()
    if not text:
        raise CorpusError(path, f"section {{#{aspect}}}", "text below the heading; leave out empty sections")
    return Section(aspect, heading, text)
