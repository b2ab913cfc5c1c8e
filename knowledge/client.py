"""How other processes ask the knowledge process; imports no model."""

import json
from types import TracebackType
from typing import Self

import httpx
from pydantic import ValidationError

from knowledge.errors import KnowledgeRejected, KnowledgeUnavailable
from knowledge.schemas import KnowledgeAnswer

_REJECTED = 422


class KnowledgeClient:
    """Asks over HTTP; one instance holds one pool of connections. Close it, or use it as a context."""

    def __init__(self, base_url: str, timeout: float, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, transport=transport)

    async def answer(
        self, question: str, *, language: str, scheme: str | None = None, aspect: str | None = None, limit: int = 3
    ) -> KnowledgeAnswer:
        """Ask a question.

        Args:
            question: As the contact wrote it.
            language: `en`, `hi` or `hi-Latn`.
            scheme: A scheme's id that the conversation is about.
            aspect: The key of the section that is asked for.
            limit: How many passages at most.

        Raises:
            KnowledgeUnavailable: No answer in time, or the process is not ready.
            KnowledgeRejected: The request is malformed; names the field and what is expected.
        """
        asked = {"question": question, "language": language, "scheme": scheme, "aspect": aspect, "limit": limit}
        try:
            response = await self._http.post("/v1/answer", json=asked)
        except httpx.HTTPError as error:
            raise KnowledgeUnavailable(f"no answer from knowledge ({type(error).__name__})") from error
        if response.status_code == _REJECTED:
            raise _rejected(response)
        if response.status_code != httpx.codes.OK:
            raise KnowledgeUnavailable(f"knowledge answered {response.status_code}")
        try:
            return KnowledgeAnswer.model_validate_json(response.content)
        except ValidationError as error:
            raise KnowledgeUnavailable("knowledge answered in another shape") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _rejected(response: httpx.Response) -> KnowledgeRejected:
    try:
        told = response.json()["error"]
        return KnowledgeRejected(str(told["field"]), str(told["expected"]))
    except (json.JSONDecodeError, KeyError, TypeError):
        return KnowledgeRejected("body", "another shape")
