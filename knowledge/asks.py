"""Telling which section a question asks for by its likeness to questions of that kind."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue import Entry
from knowledge.documents import ASPECTS

Vectors = NDArray[np.float32]

_RIDGE = 0.1
_SHARPNESS = 6.0


class AskModel:
    """A ridge classifier over the vectors of the index's `ask` entries; fitted in milliseconds at loading."""

    def __init__(self, entries: Sequence[Entry], rows: Vectors) -> None:
        places = [place for place, entry in enumerate(entries) if entry.kind == "ask"]
        self._ready = bool(places)
        if not places:
            return
        labels = np.array([ASPECTS.index(entries[place].about) for place in places])
        counts = np.bincount(labels, minlength=len(ASPECTS))
        weight = (1 / counts[labels])[:, None]
        weight /= weight.mean()
        self._mean = rows[places].mean(axis=0)
        inputs = rows[places] - self._mean
        targets = np.eye(len(ASPECTS))[labels] - 1 / len(ASPECTS)
        square = (inputs * weight).T @ inputs + _RIDGE * np.eye(inputs.shape[1])
        self._factors = np.linalg.solve(square, (inputs * weight).T @ targets)

    def shares(self, vectors: Vectors) -> dict[str, float]:
        """Return each section's share of likelihood, over all views of a question; empty without entries."""
        if not self._ready:
            return {}
        scores = _SHARPNESS * ((vectors - self._mean) @ self._factors).mean(axis=0)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return {aspect: float(share) for aspect, share in zip(ASPECTS, shares, strict=True)}
