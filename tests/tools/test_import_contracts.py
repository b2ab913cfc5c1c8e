"""The import contracts hold, and a planted violation of each kind is caught."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.steps import ROOT

PACKAGES = ("actions", "bot", "channels", "core", "grievances", "handoff", "knowledge", "rights", "simulators", "tools")
LINTER = str(ROOT / ".venv" / "bin" / "lint-imports")


PLANTED = (
    ("core/clock.py", "import channels.base", "Applications on top, channels and features below, core at the bottom"),
    (
        "core/ids.py",
        "import core.turns.service",
        "Inside core: turns and outbox, conversations, events, plumbing, settings",
    ),
    ("handoff/queue/service.py", "import core.turns.models", "Tables and queries of core.turns are its own"),
    ("handoff/planted.py", "import twilio", "Only channels.whatsapp and channels.ivr know twilio"),
    (
        "channels/whatsapp/twilio/parser.py",
        "import httpx",
        "Parsers and renderers know no network, database or web framework",
    ),
    (
        "core/errors.py",
        "import torch",
        "Only the knowledge process loads models: its client and everything else stay light",
    ),
    ("channels/planted.py", "import rasa_sdk", "Only actions knows rasa-sdk and its web server"),
    (
        "bot/planted.py",
        "import core.ids",
        "The assistant imports nothing of ours: HTTP, data and catalogues are the contract",
    ),
    ("simulators/planted.py", "import bot", "Nothing imports the assistant or Rasa"),
    ("knowledge/planted.py", "import simulators", "Nothing shipped imports tools, simulators or tests"),
)


def copied(folder: Path) -> Path:
    """Copy the Python files alone, to plant in."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if ".venv" not in path.parts:
                target = folder / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    shutil.copyfile(ROOT / ".importlinter", folder / ".importlinter")
    return folder


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run([LINTER, "--no-logo"], cwd=folder, capture_output=True, text=True, check=False, timeout=110)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("contracts"))


@pytest.fixture(scope="module")
def clean(folder: Path) -> tuple[int, str]:
    return lint(folder)


@pytest.fixture(scope="module")
def planted(clean: tuple[int, str], folder: Path) -> str:
    """What the linter says when every violation is planted at once; only after the clean run."""
    assert clean
    for name, line, _contract in PLANTED:
        path = folder / name
        path.write_text((path.read_text("utf-8") if path.exists() else "") + f"\n{line}\n", "utf-8")
    status, said = lint(folder)
    assert status != 0
    return said


def test_the_contracts_hold_as_the_code_stands(clean: tuple[int, str]) -> None:
    status, said = clean
    assert status == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(("name", "line", "contract"), PLANTED)
def test_a_planted_violation_is_caught(planted: str, name: str, line: str, contract: str) -> None:
    assert f"{contract} BROKEN" in planted
    importer, imported = name.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
    told = planted[planted.index("Broken contracts") :]
    assert f"{importer} -> {imported} " in told
