"""Fingerprints change when, and only when, an input changes."""

from pathlib import Path

from tools.fingerprint import files_under, fingerprint, front_matter


def test_name_content_and_extra_words_count(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("1")
    first = fingerprint(tmp_path, ["*.yml"])
    assert fingerprint(tmp_path, ["*.yml"]) == first
    assert fingerprint(tmp_path, ["*.yml"], "3.11") != first
    (tmp_path / "a.yml").write_text("2")
    assert fingerprint(tmp_path, ["*.yml"]) != first
    (tmp_path / "a.yml").write_text("1")
    (tmp_path / "a.yml").rename(tmp_path / "b.yml")
    assert fingerprint(tmp_path, ["*.yml"]) != first


def test_environments_and_caches_are_left_out(tmp_path: Path) -> None:
    for folder in (".venv", "__pycache__", "kept"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text("")
    assert [path.parent.name for path in files_under(tmp_path, ["**/*.py"])] == ["kept"]


def test_only_the_head_of_a_corpus_file_counts_for_training(tmp_path: Path) -> None:
    assert front_matter(b"---\nscheme: x\n---\n# Body") == b"---\nscheme: x"
    assert front_matter(b"# Body") == b""
    page = tmp_path / "x.md"
    page.write_bytes(b"---\nscheme: x\n---\n# Body")
    first = fingerprint(tmp_path, ["*.md"], part=front_matter)
    page.write_bytes(b"---\nscheme: x\n---\n# Another body")
    assert fingerprint(tmp_path, ["*.md"], part=front_matter) == first
    page.write_bytes(b"---\nscheme: y\n---\n# Body")
    assert fingerprint(tmp_path, ["*.md"], part=front_matter) != first
