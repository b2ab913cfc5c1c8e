"""Runs every check, and with `--all` every test, says how long each took, and closes with one line of counts."""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from tools.installation import QUIET
from tools.prepare import cached, model_digest
from tools.steps import ROOT

BIN = ROOT / ".venv" / "bin"
NEED_THE_MODEL = ("the assistant's tests", "the whole stack")
LOGS = ROOT / "var" / "log"
NICE = ["nice", "-n", "5"]
TYPED = (
    "actions", "bench", "channels", "core", "grievances", "handoff", "knowledge", "rights", "simulators", "tools",
    "tests",
)  # fmt: skip


@dataclass
class Counts:
    """Tests counted over all runs; a check that is no test run counts as one when it fails."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)

    def closing_line(self) -> str:
        """Return the plain line that tools and people read."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"

    def add_report(self, report: Path) -> None:
        """Add a JUnit report."""
        for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our own run
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed += 1
            elif skipped is not None:
                self.skipped += 1
                self.reasons.append(f"{case.get('name')}: {skipped.get('message', '')}")
            else:
                self.passed += 1


def with_code(names: tuple[str, ...]) -> list[str]:
    """Keep the folders that hold Python files."""
    return [name for name in names if any((ROOT / name).rglob("*.py"))]


def checks() -> list[tuple[str, list[str]]]:
    """List the checks that are no tests: what, and its command."""
    return [
        ("formatting", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        ("lint", [str(BIN / "ruff"), "check", "--quiet", "."]),
        ("types", [str(BIN / "mypy"), "--no-error-summary", *with_code(TYPED)]),
        ("import contracts", [str(BIN / "lint-imports"), "--no-logo"]),
    ]


def test_runs(everything: bool) -> list[tuple[str, str, list[str]]]:
    """List the test runs: title, interpreter, arguments for pytest."""
    app, bot = str(BIN / "python"), str(ROOT / "bot" / ".venv" / "bin" / "python")
    heavy = ["tests/integration", "tests/e2e"]
    light = [f"--ignore={folder}" for folder in heavy]
    # What is tried hundreds of times over or needs a server waits for `make test`: a commit needs its answer soon.
    chosen = "not browser" if everything else "not browser and not thorough and not integration"
    # A browser beside another one on two cores is too slow to be a fair test, so screens come one by one.
    runs = [("unit tests", app, ["-n", "2", "--dist", "loadfile", "-m", chosen, *light, "tests"])]
    if everything:
        runs.append(("screens", app, ["-m", "browser", *light, "tests"]))
        bot_options = ["-c", "tests/bot/pytest.ini"] if (ROOT / "tests/bot/pytest.ini").exists() else []
        runs.append(("integration tests", app, ["tests/integration"]))
        runs.append(("the assistant's tests", bot, [*bot_options, "tests/bot"]))
        runs.append(("the whole stack", app, ["tests/e2e"]))
    return [run for run in runs if any(next(ROOT.glob(part), ROOT).rglob("test_*.py") for part in run[2][-1:])]


def run_check(title: str, command: list[str], counts: Counts) -> None:
    """Run one check; print its output only when it fails."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    ok = done.returncode == 0
    print(f"{title}: {'ok' if ok else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    if not ok:
        counts.failed += 1
        print(done.stdout + done.stderr, flush=True)


def run_tests(title: str, python: str, arguments: list[str], counts: Counts) -> None:
    """Run pytest with its output shown and add its counts."""
    began = time.monotonic()
    report = LOGS / f"junit-{title.replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    print(f"{title}:", flush=True)
    env = {**os.environ, **QUIET}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, check=False)
    before = counts.failed
    if report.exists():
        counts.add_report(report)
    if done.returncode not in (0, 1) or (done.returncode == 1 and counts.failed == before):
        counts.failed += 1
        print(f"{title}: pytest stopped with exit status {done.returncode}", flush=True)
    print(f"{title}: {time.monotonic() - began:.1f} s", flush=True)


def main() -> int:
    """Run what was asked for; the exit status is 0 only when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also the assistant's, integration and stack tests")
    options = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    counts = Counts()
    built = (
        subprocess.Popen([*NICE, str(BIN / "python"), "-m", "tools.prepare", "--cache-only"]) if options.all else None
    )
    for title, command in checks():
        run_check(title, command, counts)
    for title, python, arguments in test_runs(options.all):
        if built is not None and title in NEED_THE_MODEL:
            counts.failed += built.wait() != 0
            built = None
            os.environ["BOT_MODEL"] = str(cached(ROOT / "var" / "cache", "models", model_digest()) / "sahayak.tar.gz")
        run_tests(title, python, arguments, counts)
    for reason in counts.reasons:
        print(f"skipped {reason}")
    if counts.skipped and os.environ.get("CI") == "true":
        counts.failed += counts.skipped
        print("With CI=true a skipped test counts as failed: install what it names.")
        counts.skipped = 0
    print(counts.closing_line(), flush=True)
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
