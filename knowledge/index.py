"""The vector index on disk: built beside the old one, swapped in by one rename, never half there."""

import contextlib
import dataclasses
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue import CODE_VERSION, Catalogue, Entry
from knowledge.documents import Passage
from knowledge.embedder import Embedder, Progress
from knowledge.errors import IndexProblem

Scores = NDArray[np.float32]

POINTER = "current"
_CATALOGUE = "catalogue.json"
_VECTORS = "vectors.faiss"
_BUILDING = ".building-"
_QUESTION_KINDS = ("situation", "background", "ask")


@dataclass(frozen=True)
class Index:
    """An index in memory; nothing in it changes after loading."""

    digest: str
    catalogue: Catalogue
    vectors: Any

    def rows(self) -> Scores:
        """Return the vectors of all entries, in the catalogue's order."""
        stored: Scores = self.vectors.reconstruct_n(0, self.vectors.ntotal)
        return stored

    def search(self, vectors: Scores) -> Scores:
        """Return the cosine of each question (row) with each entry (column), in the catalogue's order."""
        count = self.vectors.ntotal
        scores, places = self.vectors.search(np.ascontiguousarray(vectors, dtype=np.float32), count)
        ordered: Scores = np.empty_like(scores)
        np.put_along_axis(ordered, places, scores, axis=1)
        return ordered


def digest_of(catalogue: Catalogue, identity: str) -> str:
    """Return the hash of everything that shapes an index: pages, situations, embedder, code version."""
    content = json.dumps([CODE_VERSION, identity, _plain(catalogue)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def current_digest(folder: Path) -> str | None:
    """Return the hash of the index in use, None when there is none."""
    try:
        return (folder / POINTER).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def load_index(folder: Path, expected: str | None = None) -> Index:
    """Load the index in use.

    Args:
        folder: Where indexes are built.
        expected: The hash it should have; any when None.

    Raises:
        IndexProblem: It is missing, outdated or broken; the text says what to do.
    """
    digest = current_digest(folder)
    if digest is None:
        raise IndexProblem(folder, "is missing")
    if expected is not None and digest != expected:
        raise IndexProblem(folder, "was built from another corpus or embedder")
    place = folder / digest
    try:
        content = json.loads((place / _CATALOGUE).read_text(encoding="utf-8"))
        catalogue = _catalogue(content["catalogue"])
        vectors = faiss.read_index(str(place / _VECTORS))
        sound = vectors.ntotal == len(catalogue.entries) == content["count"] and _checksum(place) == content["sum"]
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IndexProblem(place, "is broken (a file is missing or cannot be read)") from error
    if not sound:
        raise IndexProblem(place, "is broken (its files do not belong together)")
    return Index(digest, catalogue, vectors)


def build_index(folder: Path, catalogue: Catalogue, embedder: Embedder, progress: Progress | None = None) -> Index:
    """Embed what is new, write the index beside the old one and make it the one in use.

    A crash at any moment leaves the old index in use. Texts that the index in use already holds are not
    embedded again when the embedder is the same.

    Args:
        folder: Where indexes are built.
        catalogue: Everything that is to be found.
        embedder: Gives the vectors.
        progress: Told (done, of) while embedding.
    """
    digest = digest_of(catalogue, embedder.identity)
    folder.mkdir(parents=True, exist_ok=True)
    rows = _embed(catalogue.entries, embedder, _known_vectors(folder, embedder), progress)
    vectors = faiss.IndexFlatIP(embedder.dimension)
    vectors.add(rows)
    building = folder / f"{_BUILDING}{os.getpid()}-{secrets.token_hex(4)}"
    building.mkdir()
    try:
        _write(building, catalogue, embedder.identity, vectors)
        _put_in_place(building, folder / digest)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    _point(folder, digest)
    _remove_others(folder, digest)
    return Index(digest, catalogue, vectors)


def _write(place: Path, catalogue: Catalogue, identity: str, vectors: Any) -> None:
    faiss.write_index(vectors, str(place / _VECTORS))
    content = {
        "code": CODE_VERSION,
        "embedder": identity,
        "count": vectors.ntotal,
        "sum": _checksum(place),
        "catalogue": _plain(catalogue),
    }
    (place / _CATALOGUE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    for path in place.iterdir():
        _sync(path)


def _put_in_place(building: Path, place: Path) -> None:
    if place.exists():  # broken, or built by a process beside us; readers hold theirs in memory
        shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(FileExistsError):
        building.rename(place)


def _point(folder: Path, digest: str) -> None:
    fresh = folder / f"{_BUILDING}{os.getpid()}-{secrets.token_hex(4)}.pointer"
    fresh.write_text(digest + "\n", encoding="utf-8")
    _sync(fresh)
    fresh.replace(folder / POINTER)


def _remove_others(folder: Path, digest: str) -> None:
    """Keep the index in use and the newest other one; a crashed build's rest goes after an hour."""
    others = [place for place in folder.iterdir() if place.is_dir() and place.name != digest]
    finished = sorted((p for p in others if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    newest = max((place.stat().st_mtime for place in folder.iterdir()), default=0.0)
    stale = [p for p in others if p.name.startswith(_BUILDING) and p.stat().st_mtime < newest - 3600]
    for place in [*finished[:-1], *stale]:
        shutil.rmtree(place, ignore_errors=True)


def _embed(
    entries: Sequence[Entry], embedder: Embedder, known: dict[tuple[str, str], Scores], progress: Progress | None
) -> Scores:
    rows = np.zeros((len(entries), embedder.dimension), dtype=np.float32)
    missing = []
    for row, entry in enumerate(entries):
        vector = known.get((entry.kind, entry.text))
        if vector is None:
            missing.append(row)
        else:
            rows[row] = vector
    questions = [row for row in missing if entries[row].kind in _QUESTION_KINDS]
    passages = [row for row in missing if entries[row].kind not in _QUESTION_KINDS]
    for start in range(0, len(questions), 16):
        batch = questions[start : start + 16]
        rows[batch] = embedder.embed_questions([entries[row].text for row in batch])
        if progress:
            progress(start + len(batch), len(missing))
    if passages:
        texts = [entries[row].text for row in passages]
        shown: Progress | None = None
        if progress:
            told = progress

            def shown(done: int, _: int) -> None:
                told(len(questions) + done, len(missing))

        rows[passages] = embedder.embed_passages(texts, shown)
    return rows


def _known_vectors(folder: Path, embedder: Embedder) -> dict[tuple[str, str], Scores]:
    with contextlib.suppress(IndexProblem, OSError, ValueError, KeyError):
        index = load_index(folder)
        written = json.loads((folder / index.digest / _CATALOGUE).read_text(encoding="utf-8"))
        if written["embedder"] == embedder.identity and index.vectors.d == embedder.dimension:
            return {(e.kind, e.text): row for e, row in zip(index.catalogue.entries, index.rows(), strict=True)}
    return {}


def _plain(catalogue: Catalogue) -> dict[str, Any]:
    return dataclasses.asdict(catalogue)


def _catalogue(plain: dict[str, Any]) -> Catalogue:
    return Catalogue(
        passages=tuple(Passage(**passage) for passage in plain["passages"]),
        entries=tuple(Entry(**entry) for entry in plain["entries"]),
        names={scheme: tuple(names) for scheme, names in plain["names"].items()},
    )


def _checksum(place: Path) -> str:
    return hashlib.sha256((place / _VECTORS).read_bytes()).hexdigest()


def _sync(path: Path) -> None:
    with _descriptor(path) as descriptor:
        os.fsync(descriptor)


@contextlib.contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
