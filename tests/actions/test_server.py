"""The server: every action of the domain, errors that say nothing, a real process."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import structlog
import yaml

from tests.actions.conftest import call, keys, user

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))


def test_actions_are_those_of_the_domain(executor) -> None:
    assert set(executor.actions) == set(DOMAIN["actions"])


async def test_every_action_says_something_that_exists(run) -> None:
    for action in DOMAIN["actions"]:
        said, _ = await run(action, user("some words", "x"))
        assert said, action
        assert set(keys(said)) <= set(DOMAIN["responses"]), action


async def test_exception_is_a_sentence_and_leaks_nothing(executor, knowledge) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret words")

    knowledge.answer = broken
    with structlog.testing.capture_logs() as lines:
        result = await executor.run(call("action_ask_scheme", user("secret words", "ask_scheme")))
    assert keys(result.responses) == ["utter_technical_problem"]
    assert lines[-1]["action"] == "action_ask_scheme"
    assert lines[-1]["turn_id"] == "turn-1"
    assert "secret words" not in str(lines)


async def test_unknown_action_is_a_sentence(executor) -> None:
    result = await executor.run(call("action_nobody_wrote", user("x", "y")))
    assert keys(result.responses) == ["utter_technical_problem"]


@pytest.mark.integration
def test_real_process_on_the_loopback_interface(tmp_path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "ACTIONS_PORT": str(port),
        "ACTIONS_KNOWLEDGE_URL": "http://127.0.0.1:1",
        "SAHAYAK_PROFILE": "test",
        "SAHAYAK_DATA_DIR": str(tmp_path),
        "SAHAYAK_ENCRYPTION_KEYS": "1:" + "11" * 32,
        "SAHAYAK_INDEX_KEY": "22" * 32,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "actions"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for _ in range(240):
                try:
                    ready = client.get("/ready")
                    break
                except httpx.HTTPError:
                    time.sleep(0.25)
            assert ready.json()["actions"] == len(DOMAIN["actions"])
            answer = client.post("/webhook", json=call("action_ask_scheme", user("गुप्त pmegp", "ask_scheme")))
            assert keys(answer.json()["responses"]) == ["utter_technical_problem"]
    finally:
        process.terminate()
        output = process.communicate(timeout=30)[0].decode()
    assert "knowledge_unavailable" in output
    assert "गुप्त" not in output
    assert "Traceback" not in output
