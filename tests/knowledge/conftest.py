"""A small corpus of invented schemes, an index of it, and an embedder that needs no weights."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.catalogue import Catalogue, assemble
from knowledge.embedder import Embedder, Progress, Vectors, create_embedder
from knowledge.index import Index, build_index
from knowledge.loader import load_corpus
from knowledge.text import pieces, words

CORPUS = Path(__file__).parent / "fixtures" / "corpus"


class FakeEmbedder:
    """Hashes words and their pieces into a vector: texts that share words are near each other."""

    identity = "fake"
    dimension = 64

    def __init__(self) -> None:
        self.embedded = 0

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.embedded += len(texts)
        if progress:
            progress(len(texts), len(texts))
        return self._embed(texts)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in [piece for word in words(text) for piece in [word, *pieces(word)]]:
                digest = hashlib.sha256(term.encode()).digest()
                rows[row, digest[0] % self.dimension] += 1.0 if digest[1] % 2 else -1.0
            rows[row] /= max(float(np.linalg.norm(rows[row])), 1e-6)
        return rows


def fixture_catalogue(corpus: Path = CORPUS) -> Catalogue:
    situations = {
        "loom": {"en": ["I am a weaver and need a loan for a loom"], "hi-Latn": ["bunkar hu karghe ke liye loan"]},
        "bees": {"hi": ["शहद के काम के लिए बक्से चाहिए"]},
    }
    background = {"weather": {"en": ["will it rain tomorrow"], "hi": ["कल बारिश होगी क्या"]}}
    return assemble(load_corpus(corpus), situations, background)


@pytest.fixture
def catalogue() -> Catalogue:
    return fixture_catalogue()


@pytest.fixture
def fake() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def index(tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder) -> Index:
    return build_index(tmp_path / "index", catalogue, fake)


@pytest.fixture(scope="session")
def bundled() -> Embedder:
    return create_embedder(engines=2)
