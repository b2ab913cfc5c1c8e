"""Ranking, names, sections and evidence on the invented corpus."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.aspects import aspects_of
from knowledge.evidence import FOLLOWS_UP, Evidence, load_model
from knowledge.index import Index
from knowledge.names import Names
from knowledge.retriever import Retriever
from knowledge.text import words
from tests.knowledge.conftest import FakeEmbedder


@pytest.fixture
def retriever(index: Index, fake: FakeEmbedder) -> Retriever:
    return Retriever(index, fake)


def first(retriever: Retriever, question: str, language: str = "en", **entities: str | None) -> tuple[str, str, str]:
    passage = retriever.retrieve(question, language, **entities).found[0].passage  # type: ignore[arg-type]
    return passage.scheme, passage.aspect, passage.language


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("what is the loom loan", "en", ("loom", "what", "en")),
        ("how do I apply for the kiln grant", "en", ("kiln", "how", "en")),
        ("कितने दिन लगते हैं भट्ठा अनुदान में", "hi", ("kiln", "time", "hi")),
        ("bee box programme ke liye kaun se kagaz chahiye", "hi-Latn", ("bees", "documents", "hi")),
        ("machine repair aid ka helpline number", "hi-Latn", ("repair", "helpline", "hi")),
    ],
)
def test_named_scheme_and_section_come_first(
    retriever: Retriever, question: str, language: str, expected: tuple[str, str, str]
) -> None:
    assert first(retriever, question, language) == expected


def test_entities_pull_but_do_not_exclude(retriever: Retriever) -> None:
    assert first(retriever, "who can apply", scheme="loom")[:2] == ("loom", "who")
    assert first(retriever, "tell me about it", scheme="kiln", aspect="time")[:2] == ("kiln", "time")
    assert first(retriever, "what is the bee box programme", scheme="loom")[0] == "bees"
    schemes = {f.passage.scheme for f in retriever.retrieve("loan", "en", scheme="loom", limit=10).found}
    assert len(schemes) > 1


def test_an_unknown_scheme_changes_nothing(retriever: Retriever) -> None:
    plain = retriever.retrieve("bee boxes for honey", "en").found
    assert retriever.retrieve("bee boxes for honey", "en", scheme="no_such_scheme").found == plain


def test_a_missing_section_is_told(retriever: Retriever) -> None:
    found = retriever.retrieve("which documents for the loom loan", "en").found
    assert found[0].passage.scheme == "loom"
    assert found[0].missing_aspect
    assert not retriever.retrieve("who can get the loom loan", "en").found[0].missing_aspect


@pytest.mark.parametrize("question", ["", " ", "🙏🙏", "\u200f\u200e", "।।", "?!", "\x00"])
def test_without_words_nothing_is_found(retriever: Retriever, question: str) -> None:
    retrieval = retriever.retrieve(question, "hi")
    assert retrieval.found == ()
    assert load_model().probability(retrieval.evidence) == 0.0


def test_the_same_question_finds_the_same(retriever: Retriever, index: Index) -> None:
    other = Retriever(index, FakeEmbedder())
    for question in ("loom", "machine repair aid", "honey honey honey"):
        assert retriever.retrieve(question, "en", limit=20) == other.retrieve(question, "en", limit=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(max_size=300), language=st.sampled_from(["en", "hi", "hi-Latn"]))
def test_any_text_is_survived(retriever: Retriever, question: str, language: str) -> None:
    retrieval = retriever.retrieve(question, language)
    scores = [found.score for found in retrieval.found]
    assert len(scores) <= 3
    assert len({(f.passage.scheme, f.passage.aspect) for f in retrieval.found}) == len(scores)
    assert 0.0 <= load_model().probability(retrieval.evidence) <= 1.0


def test_nothing_is_evidence_for_nothing() -> None:
    assert load_model().probability(Evidence()) == 0.0


def test_names_survive_a_slip_but_right_words_are_no_slips() -> None:
    names = Names({"svanidhi": ["PM SVANidhi"], "mudra": ["मुद्रा", "mudra loan"]}, known=frozenset({"mudras"}))
    assert names.find(words("pm svanidi loan"))[0].scheme == "svanidhi"
    assert names.find(words("pmsvanidhi"))[0].strength == 1.0
    assert {found.scheme for found in names.find(words("मुद्रा लोन"))} == {"mudra"}
    assert names.find(["mudras"]) == []


def test_a_name_inside_a_longer_one_counts_little() -> None:
    names = Names({"one": ["PMEGP"], "two": ["PMEGP second loan"]})
    strengths = {found.scheme: found.strength for found in names.find(words("pmegp second loan"))}
    assert strengths["two"] == 1.0
    assert strengths["one"] < 0.5


@pytest.mark.parametrize(
    ("question", "aspect"),
    [
        ("which documents do I need", "documents"),
        ("kaun se kagaz lagenge", "documents"),
        ("फीस कितनी है", "fees"),
        ("kitne din lagte hai", "time"),
        ("हेल्पलाइन नंबर", "helpline"),
        ("how do I apply", "how"),
        ("is it still open", "status"),
    ],
)
def test_cues_tell_the_section(question: str, aspect: str) -> None:
    cues = aspects_of(words(question))
    assert max(cues, key=lambda key: cues[key]) == aspect


@pytest.mark.parametrize("question", ["Kiln Grant", "KILNG", "tell me about KILNG", "भट्ठा अनुदान"])
def test_a_name_alone_asks_what_it_is(retriever: Retriever, question: str) -> None:
    assert first(retriever, question)[:2] == ("kiln", "what")


@pytest.mark.parametrize(
    ("question", "follows"),
    [
        ("how long?", True),
        ("kitna milega", True),
        ("कितने दिन लगते हैं", True),
        ("how long is the Ganga river", False),
        ("rain", False),
    ],
)
def test_a_question_of_cues_alone_follows_up_in_a_conversation(
    retriever: Retriever, question: str, follows: bool
) -> None:
    model = load_model()
    about = retriever.retrieve(question, "en", scheme="kiln").evidence
    assert (about.follow_up == 1.0) is follows
    assert (model.probability(about) >= FOLLOWS_UP) is follows
    assert retriever.retrieve(question, "en").evidence.follow_up == 0.0


def test_a_follow_up_stays_with_its_scheme_even_when_the_section_is_missing(retriever: Retriever) -> None:
    found = retriever.retrieve("documents?", "en", scheme="loom").found[0]
    assert found.passage.scheme == "loom"
    assert found.missing_aspect
