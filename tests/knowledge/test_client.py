"""The client: answers, and a server that is down, slow or odd."""

import subprocess
import sys

import httpx
import pytest

from knowledge.client import KnowledgeClient
from knowledge.errors import KnowledgeError, KnowledgeRejected, KnowledgeUnavailable

ANSWER = {"status": "refused", "passages": [], "score": 0.1, "threshold": 0.5}


def client(reply: httpx.Response | Exception) -> KnowledgeClient:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(reply, Exception):
            raise reply
        return reply

    return KnowledgeClient("http://knowledge", 1.0, transport=httpx.MockTransport(respond))


async def test_an_answer_is_read() -> None:
    async with client(httpx.Response(200, json=ANSWER)) as knowledge:
        answer = await knowledge.answer("anything", language="en")
    assert (answer.status, answer.passages, answer.threshold) == ("refused", (), 0.5)


async def test_a_meaning_is_read() -> None:
    async with client(httpx.Response(200, json={"vector": [0.6, 0.8], "embedder": "fake"})) as knowledge:
        assert (await knowledge.meaning("anything", language="hi")).vector == (0.6, 0.8)


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(503, json={"error": {"field": "index", "expected": "a loaded index"}}),
        httpx.Response(500, text="oops"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"status": "perhaps"}),
    ],
)
async def test_no_usable_answer_is_unavailable(reply: httpx.Response | Exception) -> None:
    async with client(reply) as knowledge:
        with pytest.raises(KnowledgeUnavailable):
            await knowledge.answer("anything", language="hi")


async def test_a_server_that_is_down_is_unavailable() -> None:
    async with KnowledgeClient("http://127.0.0.1:9", 0.5) as knowledge:
        with pytest.raises(KnowledgeError):
            await knowledge.answer("anything", language="en")


@pytest.mark.parametrize("body", ['{"error": {"field": "language", "expected": "en"}}', "nothing", "[]"])
async def test_a_malformed_request_is_rejected(body: str) -> None:
    async with client(httpx.Response(422, text=body)) as knowledge:
        with pytest.raises(KnowledgeRejected):
            await knowledge.answer("anything", language="ta")


def test_the_client_loads_no_model() -> None:
    heavy = "{'torch', 'faiss', 'sentence_transformers', 'numpy'}"
    code = f"import sys, knowledge.client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
