"""The public door: a question in, passages with their sources out, or an honest refusal."""

import json
from pathlib import Path

import numpy as np

from knowledge.embedder import Embedder
from knowledge.evidence import EvidenceModel, load_model
from knowledge.index import Index
from knowledge.retriever import EMBEDDED, Found, Retriever
from knowledge.romanised import to_devanagari
from knowledge.schemas import KnowledgeAnswer, Meaning, Passage, Question, Wording

THRESHOLDS = Path(__file__).resolve().parent / "thresholds.json"


def load_thresholds(path: Path = THRESHOLDS) -> dict[str, float]:
    """Return the calibrated threshold of each way of writing."""
    thresholds: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["thresholds"]
    return thresholds


class KnowledgeService:
    """Answers from one index. Blocking: call it in a thread, never on an event loop."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        model: EvidenceModel | None = None,
        thresholds: dict[str, float] | None = None,
    ) -> None:
        self.index = index
        self.retriever = Retriever(index, embedder)
        self._model = model or load_model()
        self._thresholds = thresholds or load_thresholds()

    def answer(self, asked: Question) -> KnowledgeAnswer:
        """Answer a question, or refuse when the evidence is below the threshold of its way of writing."""
        threshold = self._thresholds[asked.language]
        retrieval = self.retriever.retrieve(
            asked.question, asked.language, scheme=asked.scheme, aspect=asked.aspect, limit=asked.limit
        )
        probability = round(self._model.probability(retrieval.evidence), 4)
        if not retrieval.found or probability < threshold:
            return KnowledgeAnswer(status="refused", passages=(), score=probability, threshold=threshold)
        passages = tuple(_shown(found) for found in retrieval.found)
        return KnowledgeAnswer(status="answered", passages=passages, score=probability, threshold=threshold)

    def meaning(self, wording: Wording) -> Meaning:
        """The meaning of a text; romanised Hindi is read in Devanagari too, so that it lies near the same in Hindi."""
        views = [wording.text[:EMBEDDED]]
        if wording.language == "hi-Latn":
            views.append(to_devanagari(views[0]))
        vector = self.retriever.embedder.embed_questions(views).mean(axis=0)
        length = float(np.linalg.norm(vector)) or 1.0
        return Meaning(
            vector=tuple(round(float(x) / length, 5) for x in vector), embedder=self.retriever.embedder.identity
        )


def _shown(found: Found) -> Passage:
    passage = found.passage
    return Passage.model_validate(
        {
            "scheme": passage.scheme,
            "scheme_name": passage.scheme_name,
            "aspect": passage.aspect,
            "heading": passage.heading,
            "text": passage.text,
            "language": passage.language,
            "source_title": passage.source_title,
            "source_url": passage.source_url,
            "as_of": passage.as_of,
            "scheme_status": passage.status,
            "missing_aspect": found.missing_aspect,
            "score": round(found.score, 4),
        }
    )
