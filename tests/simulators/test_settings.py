"""The simulator does not start without secrets of its own, nor for anybody but this machine."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from tests.simulators.conftest import CONTROL, ROOT, SID, TOKEN, Gateway, settings_for


def test_no_start_without_secrets() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")}
    ended = subprocess.run(
        [sys.executable, "-m", "simulators"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    for name in ("SIMULATOR_ACCOUNT_SID", "SIMULATOR_AUTH_TOKEN", "SIMULATOR_CONTROL_TOKEN"):
        assert name in ended.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_sid": "AC1"},
        {"auth_token": "short"},
        {"control_token": TOKEN},
        {"host": "0.0.0.0"},
        {"gateway_url": "ftp://x"},
        {"inbound_path": "no-slash"},
        {"whatsapp_number": "whatsapp:+91"},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings_for(Gateway(url="http://127.0.0.1:1"), **wrong)


def test_secrets_are_not_shown() -> None:
    shown = repr(settings_for(Gateway(url="http://127.0.0.1:1")))
    assert TOKEN not in shown
    assert CONTROL not in shown
    assert SID in shown
