"""Built things are reused while their inputs are unchanged, across data folders too."""

from pathlib import Path

import pytest

from tools import credentials
from tools.installation import Installation, free_ports
from tools.prepare import KEPT_IN_CACHE, built
from tools.steps import StepFailed


def installed(data: Path, cache: Path) -> Installation:
    return Installation(data, free_ports(), credentials.ensure(data / "secrets.env"), cache_dir=cache)


def test_built_once_then_unchanged_then_taken_from_the_cache(tmp_path: Path) -> None:
    made: list[str] = []

    def build(place: Installation) -> None:
        made.append(place.data_dir.name)
        (place.data_dir / "index" / "x").write_text("built")

    first, second = installed(tmp_path / "1", tmp_path / "c"), installed(tmp_path / "2", tmp_path / "c")
    assert built(first, "index", "aaaa", build)
    assert not built(first, "index", "aaaa", build)
    assert built(second, "index", "aaaa", build)
    assert made == ["1"]
    assert (second.data_dir / "index" / "x").read_text() == "built"
    assert built(second, "index", "bbbb", build)
    assert made == ["1", "2"]


def test_a_failed_build_is_done_again(tmp_path: Path) -> None:
    place = installed(tmp_path / "1", tmp_path / "c")

    def fail(_place: Installation) -> None:
        (place.data_dir / "index" / "half").write_text("half")
        raise StepFailed("no")

    with pytest.raises(StepFailed):
        built(place, "index", "aaaa", fail)
    assert built(place, "index", "aaaa", lambda _place: (place.data_dir / "index" / "x").touch())


def test_the_cache_keeps_the_newest_few(tmp_path: Path) -> None:
    place = installed(tmp_path / "1", tmp_path / "c")
    for number in range(KEPT_IN_CACHE + 2):
        built(place, "index", f"{number}", lambda _place: (place.data_dir / "index" / "x").touch())
    assert len(list((tmp_path / "c").iterdir())) == KEPT_IN_CACHE
