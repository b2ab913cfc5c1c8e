"""The corpus in memory: documents with their sections, and the passages that are searched."""

from dataclasses import dataclass
from pathlib import Path

ASPECTS = ("what", "who", "benefits", "how", "documents", "fees", "time", "helpline", "status")
STATUSES = ("active", "uncertain", "closed", "upcoming")
PAGE_LANGUAGES = ("en", "hi")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a page's facts come from."""

    title: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """One headed part of a page."""

    aspect: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One page: a scheme in one language."""

    scheme: str
    language: str
    name: str
    aliases: tuple[str, ...]
    category: str
    status: str
    as_of: str
    sources: tuple[Source, ...]
    sections: tuple[Section, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded, found and shown: a section, or a part of a very long one."""

    scheme: str
    scheme_name: str
    aspect: str
    part: int
    heading: str
    text: str
    language: str
    source_title: str
    source_url: str | None
    as_of: str
    status: str

    @property
    def searchable(self) -> str:
        """The text that is embedded: a section alone may not repeat its heading's words."""
        return f"{self.scheme_name}. {self.heading}. {self.text}"
