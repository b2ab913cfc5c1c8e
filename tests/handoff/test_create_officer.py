"""The command that adds officers, on a migrated database."""

import asyncio
import io
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from core.clock import SystemClock
from core.db import Database
from handoff.officers.schemas import Role
from handoff.officers.service import Officers
from tools.create_officer import main

PASSWORD = "correct horse battery"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {
        "SAHAYAK_PROFILE": "try",
        "SAHAYAK_DATA_DIR": str(tmp_path),
        "SAHAYAK_DATABASE_URL": "",
        "SAHAYAK_ENCRYPTION_KEYS": "1:" + "11" * 32,
        "SAHAYAK_INDEX_KEY": "22" * 32,
        "DESK_SESSION_KEY": "k" * 64,
        "DESK_DEMO_PASSWORD": "abcd-ef01-2345",
        "DESK_DEMO_LOGIN": "officer",
    }.items():
        monkeypatch.setenv(name, value)
    config = Config("alembic.ini")
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
    return tmp_path


def role_of(installation: Path, login: str, password: str) -> Role:
    async def sign_in() -> Role:
        db = Database(f"sqlite+aiosqlite:///{installation / 'sahayak.db'}")
        try:
            return (await Officers(db, SystemClock()).sign_in(login, password)).signed_in.officer.role
        finally:
            await db.close()

    return asyncio.run(sign_in())


def test_the_demo_officer_is_made_once(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo"]) == 0
    assert main(["--demo"]) == 0
    assert capsys.readouterr().out.splitlines() == ["demo officer officer: ready", "demo officer officer: unchanged"]
    assert role_of(installation, "officer", "abcd-ef01-2345") is Role.HUB


def test_an_officer_with_a_password_from_standard_input(
    installation: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--login", "Hub1", "--name", "Hub", "--role", "hub", "--password-stdin"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    assert main(given) == 0
    assert role_of(installation, "hub1", PASSWORD) is Role.HUB
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    assert main(given) == 1
    assert "taken" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert main(["--login", "other", "--name", "Other", "--password-stdin"]) == 1


@pytest.mark.parametrize(("profile", "given"), [("production", ["--demo"]), ("try", ["--login", "x"]), ("try", [])])
def test_what_is_refused(installation: Path, monkeypatch: pytest.MonkeyPatch, profile: str, given: list[str]) -> None:
    monkeypatch.setenv("SAHAYAK_PROFILE", profile)
    with pytest.raises(SystemExit):
        main(given)


def test_a_missing_key_is_named(
    installation: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DESK_SESSION_KEY")
    assert main(["--demo"]) == 2
    assert "session_key" in capsys.readouterr().err
