"""The client of the assistant: patient while it starts, never for ever."""

import json
from typing import Any

import httpx
import pytest

from channels.gateway.rasa_client import RasaClient
from core.errors import BotUnavailable

REQUEST = {"turn_id": "m1", "text": "hello"}


def _client(answers: list[Any], patience: float = 5.0) -> tuple[RasaClient, list[dict[str, Any]]]:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        assert request.headers["Authorization"] == "Bearer token"
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        if isinstance(given, int):
            return httpx.Response(given)
        return httpx.Response(200, json=given) if isinstance(given, dict) else httpx.Response(200, text=given)

    client = RasaClient("http://rasa", "token", timeout=1, patience=patience)
    client._http = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="http://rasa", headers={"Authorization": "Bearer token"}
    )
    return client, asked


OK = {"turn_id": "m1", "status": "ok", "messages": [{"text": "hi", "key": "utter_greet", "language": "en"}]}
BAD = {"turn_id": "m1", "status": "error", "error": "boom", "messages": []}


async def test_it_asks_again_until_the_assistant_is_up() -> None:
    client, asked = _client([httpx.ConnectError("no"), 503, "not json", OK])
    assert (await client.ask(REQUEST)).messages[0].text == "hi"
    assert len(asked) == 4
    await client.close()


async def test_silence_on_purpose_is_an_answer() -> None:
    client, _ = _client([{**OK, "messages": []}])
    assert (await client.ask(REQUEST)).messages == ()
    await client.close()


async def test_an_error_that_the_assistant_reports_is_retried_once() -> None:
    client, asked = _client([BAD, BAD, OK])
    with pytest.raises(BotUnavailable):
        await client.ask(REQUEST)
    assert len(asked) == 2
    await client.close()


async def test_patience_ends() -> None:
    client, asked = _client([httpx.ReadTimeout("slow")] * 20, patience=0.5)
    with pytest.raises(BotUnavailable):
        await client.ask(REQUEST)
    assert 1 < len(asked) < 6
    await client.close()


async def test_it_is_asked_to_forget_and_says_that_it_has() -> None:
    client, asked = _client([{"status": "ok", "events": 3}])
    await client.forget(["c1", "c2"])
    assert asked == [{"conversation_ids": ["c1", "c2"]}]
    await client.close()


@pytest.mark.parametrize("answer", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), 401, 422, 500])
async def test_whoever_does_not_say_that_it_has_forgotten_is_asked_again(answer: object) -> None:
    client, _ = _client([answer])
    with pytest.raises(BotUnavailable):
        await client.forget(["c1"])
    await client.close()
