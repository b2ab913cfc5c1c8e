"""What counts as worse than the committed figures: a headline whose whole interval lies on the wrong side."""

from pathlib import Path

import pytest

from core.i18n import LANGUAGES
from tools.bench.figures import Estimate
from tools.evaluate import baseline

BEFORE = {"en": {"recall@1 scheme": Estimate(0.9, 0.88, 0.92, 200), "false answers": Estimate(0.05, 0.03, 0.07, 100)}}


@pytest.mark.parametrize(
    ("name", "low", "high", "is_worse"),
    [
        ("recall@1 scheme", 0.80, 0.899, True),
        ("recall@1 scheme", 0.80, 0.90, False),
        ("recall@1 scheme", 0.95, 0.99, False),
        ("false answers", 0.051, 0.10, True),
        ("false answers", 0.05, 0.10, False),
        ("false answers", 0.00, 0.01, False),
        ("false answers, near_miss", 0.9, 1.0, False),
    ],
)
def test_only_a_whole_interval_on_the_wrong_side_is_worse(name: str, low: float, high: float, is_worse: bool) -> None:
    found = {"en": {name: Estimate((low + high) / 2, low, high, 100)}}
    assert bool(baseline.worse(found, BEFORE)) == is_worse


def test_a_headline_that_is_not_measured_any_more_is_named() -> None:
    assert baseline.lacking({"en": {"recall@1 scheme": BEFORE["en"]["recall@1 scheme"]}}, BEFORE) == [
        "false answers, en"
    ]
    assert baseline.lacking(BEFORE, BEFORE) == []


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    baseline.write(BEFORE, {"en": 0.5}, path)
    assert baseline.load(path) == BEFORE
    assert baseline.load(tmp_path / "none.json") == {}


def test_every_headline_is_committed_to_in_every_way_of_writing() -> None:
    kept = baseline.load()
    assert set(kept) == {*LANGUAGES, "all"}
    for row in kept.values():
        assert row.keys() >= baseline.HIGHER | baseline.LOWER
