"""Scores of understanding, by hand on small examples."""

import numpy as np
import pytest

from tools.bench.readings import Reading
from tools.evaluate.understanding import calibration_error, figures, reliability


def made(meant: str, found: str, confidence: float, group: int = 0, best: str | None = None) -> Reading:
    return Reading(meant, "en", group, found, best or found, confidence)


def test_an_honest_confidence_has_no_error() -> None:
    confidence = np.array([0.75] * 4)
    assert calibration_error(confidence, np.array([1.0, 1.0, 1.0, 0.0])) == pytest.approx(0.0)


def test_confidence_that_is_too_sure_or_not_sure_enough_is_an_error() -> None:
    confidence = np.array([1.0, 1.0, 0.05, 0.05])
    assert calibration_error(confidence, np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.5 * 1.0 + 0.5 * 0.95)


def test_bins_say_how_many_were_right() -> None:
    readings = [made("greet", "greet", 0.92), made("thanks", "greet", 0.98), made("thanks", "thanks", 0.55)]
    rows = [(name, count, round(sure, 3), right) for name, count, sure, right in reliability(readings)]
    assert rows == [("0.5 to 0.6", 1, 0.55, 1.0), ("0.9 to 1.0", 2, 0.95, 0.5)]


def test_each_figure_counts_its_own_cases() -> None:
    plain = [
        made("greet", "greet", 0.9, 0),
        made("thanks", "nlu_fallback", 0.3, 1, best="thanks"),
        made("chitchat_out_of_scope", "greet", 0.8, 2),
    ]
    outside = [plain[2], made("chitchat_out_of_scope", "chitchat_out_of_scope", 0.9, 3)]
    pairs = [(plain[0], made("greet", "thanks", 0.6)), (plain[0], made("greet", "greet", 0.6))]
    found = {name: (round(value.value, 3), value.count) for name, value in figures(plain, outside, pairs).items()}
    assert found["intent accuracy"] == (0.667, 3)
    assert found["in scope, refused"] == (0.5, 2)
    assert found["out-of-scope recall"] == (0.5, 2)
    assert found["intent changed by a misspelling"] == (0.5, 2)
