"""The present assistant keeps the figures that were committed to."""

import subprocess
import sys

import pytest

from tools.steps import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_no_headline_is_worse_than_the_baseline() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.evaluate"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "Questions and their answers" in done.stdout
    assert "How honest the confidence is" in done.stdout
