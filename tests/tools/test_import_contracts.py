"""The import contracts hold, and a planted violation of each kind is caught."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.steps import ROOT

PACKAGES = ("actions", "bot", "channels", "core", "handoff", "knowledge", "simulators", "tools")
LINTER = str(ROOT / ".venv" / "bin" / "lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the Python files alone, to plant in."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if ".venv" not in path.parts:
                target = tmp_path / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    shutil.copyfile(ROOT / ".importlinter", tmp_path / ".importlinter")
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINTER, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def plant(folder: Path, name: str, line: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text("utf-8") if path.exists() else "") + f"\n{line}\n", "utf-8")


@pytest.mark.parametrize(
    ("name", "line", "contract"),
    [
        ("core/clock.py", "import channels.base", "Applications on top"),
        ("handoff/queue/service.py", "import core.turns.models", "Tables and queries of core.turns are its own BROKEN"),
        ("channels/whatsapp/twilio/parser.py", "import httpx", "Parsers and renderers know no network"),
        ("handoff/queue/service.py", "import twilio", "Only channels.whatsapp and channels.ivr know twilio BROKEN"),
        ("core/clock.py", "import torch", "Only the knowledge process loads models"),
        ("bot/planted.py", "import core.ids", "The assistant imports nothing of ours"),
        ("knowledge/planted.py", "import simulators", "Nothing shipped imports tools, simulators or tests BROKEN"),
    ],
)
def test_a_planted_violation_is_caught(copy: Path, name: str, line: str, contract: str) -> None:
    plant(copy, name, line)
    status, said = lint(copy)
    assert status != 0
    assert contract in said
    assert "0 broken" not in said


def test_the_contracts_hold_as_the_code_stands(copy: Path) -> None:
    status, said = lint(copy)
    assert status == 0, said
    assert "0 broken" in said
