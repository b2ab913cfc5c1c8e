"""Secrets are made once, stay as they are, and are private."""

import re
import stat
from pathlib import Path

from tools import credentials


def test_generated_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secrets.env"
    first = credentials.ensure(path)
    assert set(first) == set(credentials.GENERATED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(r"AC[0-9a-f]{32}", first["WHATSAPP_ACCOUNT_SID"])
    assert re.fullmatch(r"1:[0-9a-f]{64}", first["SAHAYAK_ENCRYPTION_KEYS"])
    assert credentials.ensure(path) == first


def test_two_installations_share_nothing(tmp_path: Path) -> None:
    one, other = credentials.ensure(tmp_path / "1"), credentials.ensure(tmp_path / "2")
    assert not set(one.values()) & set(other.values())


def test_a_name_added_later_is_generated_and_the_rest_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text('# by hand\nBOT_TOKEN="kept=so"\n', "utf-8")
    assert credentials.ensure(path)["BOT_TOKEN"] == "kept=so"
    assert credentials.read(path)["BOT_TOKEN"] == "kept=so"
    assert credentials.read(path)["SAHAYAK_INDEX_KEY"]
