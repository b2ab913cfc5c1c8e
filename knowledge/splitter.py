"""Cutting documents into passages: one a section, several when a section is very long."""

from collections.abc import Iterable

import regex

from knowledge.documents import Document, Passage

LONGEST = 1500
"""Longest passage in characters: what the embedder reads at once and WhatsApp shows in one message."""

_PARAGRAPH = regex.compile(r"\n\s*\n")
_SENTENCE = regex.compile(r"(?<=[.!?।])\s+")
_BORDERS = ((_PARAGRAPH, "\n\n"), (regex.compile("\n"), "\n"), (_SENTENCE, " "), (regex.compile(r"\s+"), " "))


def split_documents(documents: Iterable[Document]) -> list[Passage]:
    """Return the passages of all documents, in their order."""
    return [passage for document in documents for passage in split_document(document)]


def split_document(document: Document, longest: int = LONGEST) -> list[Passage]:
    """Return the passages of one document; each keeps its page's facts.

    Args:
        document: The page.
        longest: Characters above which a section is cut, first between paragraphs.

    Returns:
        At least one passage per section, none empty.
    """
    shown = document.sources[0]
    return [
        Passage(
            scheme=document.scheme,
            scheme_name=document.name,
            aspect=section.aspect,
            part=part,
            heading=section.heading,
            text=text,
            language=document.language,
            source_title=shown.title,
            source_url=shown.url,
            as_of=document.as_of,
            status=document.status,
        )
        for section in document.sections
        for part, text in enumerate(cut(section.text, longest))
    ]


def cut(text: str, longest: int) -> list[str]:
    """Cut a text into parts of at most `longest` characters at the widest border that does.

    Args:
        text: A section's text.
        longest: The limit.

    Returns:
        Parts in order; only a single word longer than the limit is cut inside.
    """
    if len(text) <= longest:
        return [text] if text.strip() else []
    for border, glue in (
        (_PARAGRAPH, "\n\n"),
        (regex.compile("\n"), "\n"),
        (_SENTENCE, " "),
        (regex.compile(r"\s+"), " "),
    ):
        units = [unit for unit in border.split(text) if unit.strip()]
        if len(units) > 1:
            return [part for unit in _pack(units, glue, longest) for part in cut(unit, longest)]
    return [text[start : start + longest] for start in range(0, len(text), longest)]


def _pack(units: list[str], glue: str, longest: int) -> list[str]:
    packed = [units[0]]
    for unit in units[1:]:
        if len(packed[-1]) + len(glue) + len(unit) <= longest:
            packed[-1] += glue + unit
        else:
            packed.append(unit)
    return packed
