"""Steps: numbered lines, skipped work, sentences on failure."""

import io
import sys
import threading
import time
from pathlib import Path

import pytest

from tools.steps import Progress, Stamps, Step, StepFailed, run_logged


def test_prints_number_outcome_and_tells_the_listener() -> None:
    out, news = io.StringIO(), []
    progress = Progress(2, lambda what, state, _detail: news.append((what, state)), out)
    with progress.step("first"):
        pass
    with progress.step("second") as step:
        step.unchanged()
    first, second = out.getvalue().splitlines()
    assert first.startswith("[1/2] first … done (")
    assert second.startswith("[2/2] second … unchanged (")
    assert news == [("first", "running"), ("first", "done"), ("second", "running"), ("second", "unchanged")]


def test_a_failed_step_says_so_and_passes_the_error_on() -> None:
    out = io.StringIO()
    with pytest.raises(StepFailed), Progress(1, out=out).step("first"):
        raise StepFailed("Do this.")
    assert "failed" in out.getvalue()


def test_a_stamp_holds_for_the_same_inputs_only(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "stamps")
    assert not stamps.current("index", "a")
    stamps.mark("index", "a")
    assert stamps.current("index", "a")
    assert not stamps.current("index", "b")
    stamps.forget("index")
    assert not stamps.current("index", "a")


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("something odd", "Read the log."),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("error: dns error: failed to lookup", "could not be reached"),
    ],
)
def test_a_failed_command_becomes_one_sentence_with_the_log(tmp_path: Path, printed: str, expected: str) -> None:
    script = f"import sys; print({printed!r}); sys.exit(3)"
    log = tmp_path / "x.log"
    with pytest.raises(StepFailed, match=expected) as caught:
        run_logged([sys.executable, "-c", script], log, "Read the log.")
    assert str(log) in str(caught.value)
    assert printed in log.read_text("utf-8")


def test_a_missing_program_becomes_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="could not be started"):
        run_logged([str(tmp_path / "absent")], tmp_path / "x.log", "Install it.")


def test_steps_side_by_side_are_numbered_and_timed_together() -> None:
    out = io.StringIO()
    progress = Progress(3, out=out)
    meeting = threading.Barrier(2, timeout=10)

    def index(_step: Step) -> None:
        meeting.wait()

    def training(step: Step) -> None:
        meeting.wait()
        step.unchanged()

    progress.together({"index": index, "training": training})
    with progress.step("last"):
        pass
    lines = sorted(out.getvalue().splitlines())
    assert [line.split(" (")[0] for line in lines] == [
        "[1/3] index … done",
        "[2/3] training … unchanged",
        "[3/3] last … done",
    ]


def test_when_one_of_many_fails_the_others_are_ended(tmp_path: Path) -> None:
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]

    def long(_step: Step) -> None:
        run_logged(sleeping, tmp_path / "x.log", "Ended.")

    def fail(_step: Step) -> None:
        time.sleep(0.5)
        raise StepFailed("This one.")

    began = time.monotonic()
    with pytest.raises(StepFailed, match="This one"):
        Progress(2, out=io.StringIO()).together({"long": long, "fails": fail})
    assert time.monotonic() - began < 20
