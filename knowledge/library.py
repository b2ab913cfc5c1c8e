"""The index that is served: opened at the start, rebuilt and swapped when a page is edited."""

import hashlib
import threading
from pathlib import Path

import structlog

from knowledge.catalogue import LEXICON, read_catalogue
from knowledge.embedder import Embedder, Progress, create_embedder, identity_of
from knowledge.errors import CorpusError, IndexProblem
from knowledge.index import Index, build_index, digest_of, load_index
from knowledge.loader import page_paths
from knowledge.service import KnowledgeService
from knowledge.settings import KnowledgeSettings

log = structlog.get_logger("knowledge")


class Library:
    """Holds the service in use; a new one replaces it whole, so that no question sees half an index."""

    def __init__(self, settings: KnowledgeSettings, embedder: Embedder | None = None) -> None:
        self._settings = settings
        self._embedder = embedder
        self._changing = threading.Lock()
        self._seen: str | None = None
        self.service: KnowledgeService | None = None
        self.problem: str | None = None

    def open(self, progress: Progress | None = None) -> None:
        """Load the index, building it when it is missing, outdated or broken.

        A page with a mistake does not take down what is served: the last good index stays, and the mistake
        is logged and shown by /ready.

        Raises:
            CorpusError: The corpus cannot be read and there is no index to fall back on.
        """
        with self._changing:
            self._seen = self._fingerprint()
            try:
                index = self._fresh_index(progress)
            except CorpusError as error:
                self.problem = str(error)
                log.error("corpus_rejected", problem=self.problem)  # noqa: TRY400 - the sentence is enough
                if self.service is not None:
                    return
                index = self._last_good_index(error)
            else:
                self.problem = None
            self.service = KnowledgeService(index, self._loaded_embedder())
            log.info("index_in_use", index=index.digest, passages=len(index.catalogue.passages))

    def reload_if_changed(self) -> bool:
        """Open again when a page or lexicon was edited; tell whether it was."""
        if self._fingerprint() == self._seen:
            return False
        self.open()
        return True

    def _fresh_index(self, progress: Progress | None) -> Index:
        catalogue = read_catalogue(self._settings.corpus_dir)
        expected = digest_of(catalogue, identity_of(self._settings.embedder))
        try:
            return load_index(self._settings.index_dir, expected)
        except IndexProblem as problem:
            log.warning("index_rebuilt", problem=str(problem))
        return build_index(self._settings.index_dir, catalogue, self._loaded_embedder(), progress)

    def _last_good_index(self, error: CorpusError) -> Index:
        try:
            return load_index(self._settings.index_dir)
        except IndexProblem:
            raise error from None

    def _loaded_embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = create_embedder(self._settings.embedder, engines=self._settings.workers)
        return self._embedder

    def _fingerprint(self) -> str:
        watched: list[Path] = [*page_paths(self._settings.corpus_dir), *sorted(LEXICON.glob("*.json"))]
        seen = hashlib.sha256()
        for path in watched:
            try:
                stat = path.stat()
            except OSError:  # gone between listing and looking
                continue
            seen.update(f"{path}:{stat.st_mtime_ns}:{stat.st_size};".encode())
        return seen.hexdigest()
