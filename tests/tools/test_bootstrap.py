"""Set-up on a bare machine: old syntax, real interpreters only, torch for the CPU only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap, toolchain
from tools.steps import ROOT, StepFailed


@pytest.mark.parametrize("name", ["bootstrap", "toolchain", "steps", "fingerprint", "__init__"])
def test_runs_before_any_environment_exists(name: str) -> None:
    tree = ast.parse((ROOT / "tools" / f"{name}.py").read_text("utf-8"), feature_version=(3, 8))
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    outside = {full for full in imported if full.split(".")[0] not in {*sys.stdlib_module_names, "tools"}}
    assert not outside


def test_another_minor_version_is_never_taken(tmp_path: Path) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert toolchain.probe(Path(sys.executable), version)
    assert toolchain.probe(Path(sys.executable), "3.10") is None
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\necho 'pyenv: version is not installed' >&2; exit 127\n")
    shim.chmod(0o755)
    assert toolchain.probe(shim, "3.11") is None
    assert toolchain.probe(tmp_path / "absent", "3.11") is None


def test_pyenv_is_searched_newest_patch_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("3.10.9", "3.10.13", "3.9.1"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
        (tmp_path / "versions" / version / "bin" / "python").touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    found = [path.parts[-3] for path in toolchain._candidates("3.10") if tmp_path in path.parents]
    assert found == ["3.10.13", "3.10.9"]


def test_torch_comes_from_local_wheels_or_the_cpu_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert bootstrap.torch_source() == ["--torch-backend=cpu"]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert bootstrap.torch_source()[-1] == "--torch-backend=cpu"
    (tmp_path / f"torch-{bootstrap.TORCH}+cpu-cp311-cp311-linux_x86_64.whl").touch()
    assert bootstrap.torch_source() == ["--find-links", str(tmp_path)]


def test_no_lock_asks_for_cuda() -> None:
    for lock in ("requirements.lock", "bot/requirements.lock"):
        text = (ROOT / lock).read_text("utf-8").lower()
        assert not [line for line in text.splitlines() if line.startswith(("nvidia-", "torch==", "triton=="))]


def test_a_failure_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_args: object) -> None:
        raise StepFailed("Do this.")

    monkeypatch.setattr(bootstrap, "set_up", fail)
    assert bootstrap.main() == 1
    assert capsys.readouterr().err == "Do this.\n"


def test_the_second_run_is_quick() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bootstrap"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stdout.count("unchanged") == 4
