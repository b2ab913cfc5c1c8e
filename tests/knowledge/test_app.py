"""The HTTP face: answers, refusals, bad input, reload, overload."""

import asyncio
import dataclasses
import json
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from knowledge import library as library_module
from knowledge import service as service_module
from knowledge.app import create_app
from knowledge.evidence import Evidence, EvidenceModel
from knowledge.library import Library
from knowledge.settings import KnowledgeSettings
from tests.knowledge.conftest import CORPUS, FakeEmbedder


def named_is_enough() -> EvidenceModel:
    """The fitted model knows the bundled vectors; here a scheme's name is the evidence."""
    names = [field.name for field in dataclasses.fields(Evidence)]
    points = tuple((0.0, 10.0 if name == "name" else 0.0) for name in names)
    return EvidenceModel(knots=((0.0, 1.0),) * len(names), points=points, offset=-5.0)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CORPUS, tmp_path / "corpus"))


@pytest.fixture
def library(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(library_module, "identity_of", lambda _: "fake")
    monkeypatch.setattr(service_module, "load_model", named_is_enough)
    settings = KnowledgeSettings(corpus_dir=corpus, index_dir=tmp_path / "index", watch_seconds=0.05, max_waiting=2)
    return Library(settings, FakeEmbedder())


@pytest.fixture
async def http(library: Library) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(library._settings, library)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        while (await client.get("/ready")).status_code != 200:
            await asyncio.sleep(0.02)
        yield client


def asked(**changes: Any) -> dict[str, Any]:
    return {"question": "How do I apply for the Kiln Grant? kiln grant form", "language": "en"} | changes


async def test_an_answer_has_all_that_a_contact_must_be_told(http: httpx.AsyncClient) -> None:
    response = await http.post("/v1/answer", json=asked(scheme="kiln", aspect="how"))
    assert response.status_code == 200
    answer = response.json()
    assert answer["status"] == "answered"
    assert answer["score"] >= answer["threshold"]
    passage = answer["passages"][0]
    assert (passage["scheme"], passage["aspect"], passage["language"]) == ("kiln", "how", "en")
    assert passage["source_title"] == "Invented for tests"
    assert passage["source_url"] is None
    assert (passage["as_of"], passage["scheme_status"]) == ("2020-01-01", "uncertain")
    assert passage["missing_aspect"] is False
    assert passage["scheme_name"] == "Kiln Grant (KILNG)"


async def test_without_evidence_it_refuses(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/answer", json=asked(question="will it rain tomorrow"))).json()
    assert (answer["status"], answer["passages"]) == ("refused", [])


async def test_a_meaning_is_a_unit_vector_and_romanised_hindi_is_read_twice(http: httpx.AsyncClient) -> None:
    wording = {"text": "kharidar paisa nahi de raha", "language": "en"}
    plain = (await http.post("/v1/meaning", json=wording)).json()
    assert plain["embedder"]
    assert sum(x * x for x in plain["vector"]) == pytest.approx(1, abs=1e-3)
    romanised = (await http.post("/v1/meaning", json=wording | {"language": "hi-Latn"})).json()
    assert romanised["vector"] != plain["vector"]


@pytest.mark.parametrize("change", [{"text": " "}, {"text": "x" * 5001}, {"language": "ta"}, {"colour": "red"}])
async def test_a_malformed_wording_is_refused(http: httpx.AsyncClient, change: dict[str, str]) -> None:
    response = await http.post("/v1/meaning", json={"text": "late payment", "language": "en"} | change)
    assert (response.status_code, response.json()["error"]["field"]) == (422, next(iter(change)))


@pytest.mark.parametrize("question", ["🙏🙏🙏", "\u202e\u200f", "...", "<b></b>", "x" * 5000, "क " * 2500])
@pytest.mark.parametrize("language", ["en", "hi-Latn"])
async def test_odd_questions_are_answered_without_error(http: httpx.AsyncClient, question: str, language: str) -> None:
    response = await http.post("/v1/answer", json=asked(question=question, language=language))
    assert response.status_code == 200
    assert response.json()["status"] == "refused"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (asked(question=""), "question"),
        (asked(question="   "), "question"),
        (asked(question="x" * 5001), "question"),
        (asked(question=5), "question"),
        (asked(question=None), "question"),
        (asked(question=["a"]), "question"),
        ({"language": "en"}, "question"),
        (asked(language="ta"), "language"),
        (asked(language=None), "language"),
        (asked(aspect="colour"), "aspect"),
        (asked(scheme=7), "scheme"),
        (asked(scheme="s" * 65), "scheme"),
        (asked(limit=0), "limit"),
        (asked(limit=21), "limit"),
        (asked(limit="3"), "limit"),
        (asked(colour="red"), "colour"),
        ([], "body"),
        ("text", "body"),
    ],
)
async def test_malformed_requests_name_the_field(http: httpx.AsyncClient, body: object, field: str) -> None:
    response = await http.post("/v1/answer", json=body)
    assert response.status_code == 422
    error = response.json()["error"]
    assert set(error) == {"field", "expected"}
    assert error["field"] == field
    assert error["expected"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"question": "\xed\xa0\x80"}'])
async def test_what_is_not_json_is_refused(http: httpx.AsyncClient, content: bytes) -> None:
    response = await http.post("/v1/answer", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert set(response.json()["error"]) == {"field", "expected"}


async def test_a_lone_surrogate_is_no_server_error(http: httpx.AsyncClient) -> None:
    body = json.dumps(asked(question="loom \ud800 loan"))
    response = await http.post("/v1/answer", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (200, 422)


async def test_health_ready_and_metrics(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "ok"}
    ready = (await http.get("/ready")).json()
    assert (ready["status"], ready["passages"], ready["problem"]) == ("ready", 24, None)
    await http.post("/v1/answer", json=asked())
    metrics = (await http.get("/metrics")).text
    assert "knowledge_answer_seconds_bucket" in metrics
    assert "knowledge_passages 24.0" in metrics


async def test_an_edited_page_is_live_without_a_restart(http: httpx.AsyncClient, corpus: Path) -> None:
    before = (await http.get("/ready")).json()["index"]
    page = corpus / "en" / "kiln.md"
    page.write_text(page.read_text(encoding="utf-8").replace("fixture office", "brick office"), encoding="utf-8")
    for _ in range(100):
        await asyncio.sleep(0.05)
        if (await http.get("/ready")).json()["index"] != before:
            break
    answer = (await http.post("/v1/answer", json=asked(scheme="kiln", aspect="how"))).json()
    assert "brick office" in answer["passages"][0]["text"]


async def test_a_page_with_a_mistake_leaves_the_last_good_index(http: httpx.AsyncClient, corpus: Path) -> None:
    page = corpus / "en" / "kiln.md"
    page.write_text(page.read_text(encoding="utf-8").replace("status: uncertain", "status: odd"), encoding="utf-8")
    for _ in range(100):
        await asyncio.sleep(0.05)
        ready = (await http.get("/ready")).json()
        if ready["problem"]:
            break
    assert "field 'status'" in ready["problem"]
    assert (await http.post("/v1/answer", json=asked(scheme="kiln", aspect="how"))).status_code == 200


async def test_while_there_is_no_index_it_says_so(tmp_path: Path) -> None:
    settings = KnowledgeSettings(corpus_dir=tmp_path / "none", index_dir=tmp_path / "index", watch_seconds=60)
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        assert (await client.get("/health")).status_code == 200
        await asyncio.sleep(0.2)
        ready = await client.get("/ready")
        assert ready.status_code == 503
        assert "expected a folder with pages" in ready.json()["problem"]
        answer = await client.post("/v1/answer", json=asked())
        assert answer.status_code == 503
        assert answer.json()["error"]["field"] == "index"


async def test_too_many_at_once_are_turned_away_and_the_loop_stays_free(
    http: httpx.AsyncClient, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library.service is not None
    release = threading.Event()
    answer = library.service.answer

    def slow(question: Any) -> Any:
        release.wait(10)
        return answer(question)

    monkeypatch.setattr(library.service, "answer", slow)
    held = [asyncio.create_task(http.post("/v1/answer", json=asked())) for _ in range(2)]
    await asyncio.sleep(0.1)
    refused = await http.post("/v1/answer", json=asked())
    assert refused.status_code == 503
    assert refused.json()["error"]["field"] == "load"
    assert (await http.get("/health")).status_code == 200
    release.set()
    assert [response.status_code for response in await asyncio.gather(*held)] == [200, 200]
