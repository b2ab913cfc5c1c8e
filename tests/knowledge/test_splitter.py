"""Cutting sections into passages."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Section
from knowledge.loader import load_document
from knowledge.splitter import LONGEST, cut, split_document
from tests.knowledge.conftest import CORPUS

LOOM = load_document(CORPUS / "en" / "loom.md")


def test_a_passage_a_section_with_its_pages_facts() -> None:
    passages = split_document(LOOM)
    assert [(p.aspect, p.part) for p in passages] == [("what", 0), ("who", 0), ("benefits", 0)]
    first = passages[0]
    assert (first.scheme, first.scheme_name, first.language) == ("loom", "Loom Loan", "en")
    assert (first.source_title, first.as_of, first.status) == ("Invented for tests", "2020-01-01", "active")


def test_a_very_long_section_is_cut_between_paragraphs() -> None:
    paragraphs = [f"Paragraph {n} " + "word " * 60 for n in range(12)]
    section = Section("what", "What it is", "\n\n".join(paragraphs))
    passages = split_document(dataclasses.replace(LOOM, sections=(section,)))
    assert len(passages) > 1
    assert [p.part for p in passages] == list(range(len(passages)))
    assert all(len(p.text) <= LONGEST and p.text.startswith("Paragraph") for p in passages)
    assert {p.heading for p in passages} == {"What it is"}


@given(st.text(max_size=600), st.integers(min_value=5, max_value=80))
def test_parts_fit_and_lose_no_word(text: str, longest: int) -> None:
    parts = cut(text, longest)
    assert all(part and len(part) <= longest for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
