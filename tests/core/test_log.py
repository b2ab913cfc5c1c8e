"""Log lines are JSON, carry the turn's id, and neither personal data nor secrets."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tools.steps import ROOT

PROGRAM = """
import logging
import structlog
from pydantic import SecretStr
from core import log
from core.settings import CoreSettings

log.configure("tests", "INFO")
own, foreign = log.get("own"), logging.getLogger("foreign")
settings = CoreSettings(encryption_keys=SecretStr("1:" + "ab" * 32), index_key=SecretStr("cd" * 32))
with structlog.contextvars.bound_contextvars(turn_id="m6000000101", conversation_id="01KAM0QZ5R0000000000000000"):
    own.info("contact.wrote", number="6000000101", count=3)
    own.info("contact.listed", numbers=["+910000000101", {"mail": "meera@example.in"}], pair=("6000000101", 7))
    foreign.warning("from %s", "whatsapp:+910000000101")
    try:
        raise ValueError("no contact +910000000101")
    except ValueError:
        own.exception("it.failed")
        foreign.exception("it failed")
own.info("settings", settings=repr(settings))
own.debug("not shown")
logging.getLogger("httpx").info("GET https://api.example/6000000101")
logging.getLogger("uvicorn.access").info("GET /")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_is_one_json_object_of_the_process(lines: list[dict[str, Any]]) -> None:
    assert len(lines) == 6
    assert {line["process"] for line in lines} == {"tests"}
    assert all(line["level"] and line["timestamp"].startswith("20") for line in lines)


def test_lines_of_a_turn_carry_its_id_as_it_is(lines: list[dict[str, Any]]) -> None:
    assert {line["turn_id"] for line in lines[:5]} == {"m6000000101"}
    assert {line["conversation_id"] for line in lines[:5]} == {"01KAM0QZ5R0000000000000000"}
    assert "turn_id" not in lines[5]


def test_personal_data_is_masked_wherever_it_stands(lines: list[dict[str, Any]]) -> None:
    assert lines[0]["number"] == "[phone]"
    assert lines[0]["count"] == 3
    assert lines[1]["numbers"] == ["[phone]", {"mail": "[email]"}]
    assert lines[1]["pair"] == ["[phone]", 7]
    assert lines[2]["event"] == "from whatsapp:[phone]"
    for line in lines[3:5]:
        assert "ValueError: no contact [phone]" in line["exception"]
    shown = json.dumps(lines).replace("m6000000101", "")
    assert "6000000101" not in shown
    assert "0000000101" not in shown


def test_no_secret_in_a_line(lines: list[dict[str, Any]]) -> None:
    assert "abab" not in json.dumps(lines)
    assert "cdcd" not in json.dumps(lines)
