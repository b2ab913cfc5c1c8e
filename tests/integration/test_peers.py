"""The peers are pinned, come from wherever the machine's registry is, and their absence is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration import peers as installing
from tests.integration.peers import LISTED, Peers, PeersMissing


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((LISTED / name).read_text("utf-8"))
    return found


def test_every_version_is_exact_and_the_lock_agrees() -> None:
    wanted = read("package.json")["devDependencies"]
    lock = read("package-lock.json")
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert lock["packages"][""]["devDependencies"] == wanted
    assert all(lock["packages"][f"node_modules/{name}"]["version"] == version for name, version in wanted.items())


def test_the_lock_names_no_registry_and_has_a_checksum_for_everything() -> None:
    packages = {name: entry for name, entry in read("package-lock.json")["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, entry in packages.items() if "resolved" in entry or entry.get("link")] == []
    assert [name for name, entry in packages.items() if not entry.get("integrity") and not entry.get("inBundle")] == []


@pytest.mark.integration
@pytest.mark.timeout(400)
def test_a_second_install_finds_everything_there(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: list[str], _what: str) -> None:
        raise AssertionError(command)

    monkeypatch.setattr(installing, "_run", refuse)
    assert installing.install() == peers
    assert all((peers.modules / name / "package.json").exists() for name in read("package.json")["devDependencies"])


@pytest.mark.integration
@pytest.mark.timeout(400)
def test_a_registry_out_of_reach_is_named(peers: Peers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installing, "PLACE", tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retry_mintimeout", "10")
    monkeypatch.setenv("npm_config_fetch_retry_maxtimeout", "20")
    with pytest.raises(PeersMissing, match=r"tests/peers.*registry within reach"):
        installing._packages(Path(peers.node).parents[1])
    assert not (tmp_path / "stamp").exists()
