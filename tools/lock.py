"""Resolves both lock files again; torch is left out of them because its CPU build comes from its own index."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.bootstrap import TORCH, torch_source
from tools.steps import ROOT, StepFailed, shown
from tools.toolchain import find_uv, install_uv

GROUPS = ("dev", "simulators")


def commands(uv: str, constraint: Path) -> list[tuple[Path, list[str]]]:
    """Return the folder and the command for each lock."""
    resolve = [uv, "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "pyproject.toml"]
    groups = [part for group in GROUPS for part in ("--group", group)]
    application = [*resolve, *groups, "--python-version", "3.11", *torch_source()]
    application += ["--constraint", str(constraint), "--no-emit-package", "torch", "-o", "requirements.lock"]
    bot = [*resolve, "--group", "dev", "--python-version", "3.10", "-o", "requirements.lock"]
    return [(ROOT, application), (ROOT / "bot", bot)]


def main() -> int:
    """Write both locks."""
    log = ROOT / "var" / "log" / "lock.log"
    try:
        uv = find_uv() or install_uv(log)
    except StepFailed as failure:
        print(failure)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        constraint = Path(scratch) / "torch.txt"
        constraint.write_text(f"torch=={TORCH}+cpu\n")
        for folder, command in commands(uv, constraint):
            print(f"resolving {shown(folder / command[-1])} …", flush=True)
            if subprocess.run(command, cwd=folder, check=False).returncode:
                print(f"{shown(folder / command[-1])} could not be resolved: uv says why above.")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
