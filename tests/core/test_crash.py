"""Crash points kill where they were armed, and nowhere else."""

import signal
import subprocess
import sys

import pytest

from core import crash
from tools.steps import ROOT


def passing(spec: str, name: str, times: int) -> tuple[int, int]:
    """How many passings of a point a process survived, and how it ended."""
    program = f"""
from core import crash
crash.arm({spec!r})
for passing in range({times}):
    crash.point({name!r})
    print(passing, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    return len(done.stdout.splitlines()), done.returncode


@pytest.mark.parametrize("name", crash.POINTS)
def test_every_point_kills_at_once_when_armed(name: str) -> None:
    assert passing(name, name, 2) == (0, -signal.SIGKILL)


def test_the_third_passing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passing("after_send:3", "after_send", 5) == (2, -signal.SIGKILL)


@pytest.mark.parametrize("spec", ["", "after_bot"])
def test_other_points_are_passed(spec: str) -> None:
    assert passing(spec, "after_send", 3) == (3, 0)


@pytest.mark.parametrize("wrong", ["later", "after_send:x", ":1", "AFTER_SEND"])
def test_an_unknown_point_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        crash.arm(wrong)
