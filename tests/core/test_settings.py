"""Settings that every process needs: production by default, secrets demanded and never shown."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from core.db import Database
from core.settings import CoreSettings, Profile

KEYS = f"1:{'ab' * 32}"
INDEX = "cd" * 32


def settings(**more: object) -> CoreSettings:
    values: dict[str, object] = {"encryption_keys": SecretStr(KEYS), "index_key": SecretStr(INDEX), **more}
    return CoreSettings.model_validate(values)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CoreSettings.model_fields:
        monkeypatch.delenv(f"SAHAYAK_{name.upper()}", raising=False)


def test_the_strictest_profile_is_the_default() -> None:
    assert settings().profile is Profile.PRODUCTION


@pytest.mark.parametrize("missing", ["SAHAYAK_ENCRYPTION_KEYS", "SAHAYAK_INDEX_KEY"])
def test_without_its_secrets_nothing_starts(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv("SAHAYAK_ENCRYPTION_KEYS", KEYS)
    monkeypatch.setenv("SAHAYAK_INDEX_KEY", INDEX)
    monkeypatch.delenv(missing)
    with pytest.raises(ValidationError):
        CoreSettings()


@pytest.mark.parametrize("wrong", ["", "ab", "cd" * 31, "cd" * 33, "xy" * 32, "०" * 64])
def test_a_wrong_index_key_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValidationError, match="SAHAYAK_INDEX_KEY: expected 64 hexadecimal digits"):
        settings(index_key=SecretStr(wrong))


@pytest.mark.parametrize("wrong", [{"profile": "debug"}, {"profile": ""}, {"data_dir": 3}])
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_secrets_are_not_shown() -> None:
    shown = repr(settings()) + str(settings()) + settings().model_dump_json()
    assert "abab" not in shown
    assert "cdcd" not in shown


def test_urls_follow_the_data_folder_unless_given(tmp_path: Path) -> None:
    here = settings(data_dir=tmp_path)
    assert here.database_url == f"sqlite+aiosqlite:///{tmp_path}/sahayak.db"
    assert here.durable_url == f"sqlite:///{tmp_path}/durable.db"
    assert here.is_sqlite
    there = settings(database_url="postgresql+psycopg://db.example/sahayak")
    assert there.database_url == "postgresql+psycopg://db.example/sahayak"
    assert not there.is_sqlite


async def test_a_missing_data_folder_is_made(tmp_path: Path) -> None:
    database = Database.from_settings(settings(data_dir=tmp_path / "new" / "folder"))
    async with database.reading():
        pass
    await database.close()
    assert (tmp_path / "new" / "folder").is_dir()
