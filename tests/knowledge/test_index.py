"""The index on disk: swap, crashes, broken files, re-use of vectors."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import knowledge.index as module
from knowledge.catalogue import Catalogue
from knowledge.errors import IndexProblem
from knowledge.index import POINTER, build_index, current_digest, digest_of, load_index
from tests.knowledge.conftest import CORPUS, FakeEmbedder, fixture_catalogue


def edited(tmp_path: Path) -> Catalogue:
    corpus = tmp_path / "corpus"
    shutil.copytree(CORPUS, corpus)
    page = corpus / "en" / "loom.md"
    page.write_text(page.read_text(encoding="utf-8").replace("77,000", "88,000"), encoding="utf-8")
    return fixture_catalogue(corpus)


def test_what_was_built_is_loaded(tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder) -> None:
    built = build_index(tmp_path, catalogue, fake)
    loaded = load_index(tmp_path, digest_of(catalogue, fake.identity))
    assert loaded.catalogue == catalogue
    assert loaded.digest == built.digest
    question = fake.embed_questions(["loan for a loom"])
    assert np.array_equal(built.search(question), loaded.search(question))


def test_scores_come_in_the_catalogues_order(tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder) -> None:
    index = build_index(tmp_path, catalogue, fake)
    question = fake.embed_questions(["bee boxes", "मरम्मत"])
    assert np.allclose(index.search(question), question @ index.rows().T, atol=1e-5)


def test_another_corpus_embedder_or_code_has_another_digest(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = {digest_of(catalogue, "fake"), digest_of(catalogue, "other"), digest_of(edited(tmp_path), "fake")}
    monkeypatch.setattr(module, "CODE_VERSION", -1)
    digests.add(digest_of(catalogue, "fake"))
    assert len(digests) == 4


def test_only_new_texts_are_embedded(tmp_path: Path, catalogue: Catalogue) -> None:
    build_index(tmp_path / "index", catalogue, FakeEmbedder())
    again = FakeEmbedder()
    build_index(tmp_path / "index", edited(tmp_path), again)
    assert again.embedded == 1


@pytest.mark.parametrize("moment", ["_write", "_put_in_place", "_point"])
def test_a_crash_leaves_the_old_index_in_use(
    tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    old = build_index(folder, catalogue, fake)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    fresh = edited(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module, moment, crash)
        with pytest.raises(KeyboardInterrupt):
            build_index(folder, fresh, fake)
    assert load_index(folder).digest == old.digest
    new = build_index(folder, fresh, fake)
    assert load_index(folder).digest == new.digest != old.digest


def test_a_crash_while_writing_the_pointer_leaves_the_old_one(
    tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    old = build_index(folder, catalogue, fake)
    fresh = edited(tmp_path)

    def crash(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(OSError, match="No space"):
            build_index(folder, fresh, fake)
    assert current_digest(folder) == old.digest


def test_missing_outdated_and_broken_indexes_are_told_apart(
    tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder
) -> None:
    with pytest.raises(IndexProblem, match=r"is missing\. Run: python -m knowledge index"):
        load_index(tmp_path)
    built = build_index(tmp_path, catalogue, fake)
    with pytest.raises(IndexProblem, match="another corpus or embedder"):
        load_index(tmp_path, "0" * 16)
    vectors = tmp_path / built.digest / "vectors.faiss"
    content = bytearray(vectors.read_bytes())
    content[-3] ^= 0xFF
    vectors.write_bytes(content)
    with pytest.raises(IndexProblem, match="do not belong together"):
        load_index(tmp_path)
    vectors.write_bytes(b"nonsense")
    with pytest.raises(IndexProblem, match="cannot be read"):
        load_index(tmp_path)
    vectors.unlink()
    with pytest.raises(IndexProblem, match="is broken"):
        load_index(tmp_path)
    build_index(tmp_path, catalogue, fake)
    assert load_index(tmp_path).digest == built.digest


def test_a_pointer_to_nothing_is_a_broken_index(tmp_path: Path) -> None:
    (tmp_path / POINTER).write_text("feedfacefeedface\n", encoding="utf-8")
    with pytest.raises(IndexProblem, match="is broken"):
        load_index(tmp_path)


def test_old_indexes_are_removed_but_one(tmp_path: Path, catalogue: Catalogue, fake: FakeEmbedder) -> None:
    folder = tmp_path / "index"
    for n in range(4):
        fake.identity = f"fake-{n}"
        build_index(folder, catalogue, fake)
    assert len([place for place in folder.iterdir() if place.is_dir()]) == 2
