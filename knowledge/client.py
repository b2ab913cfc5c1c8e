"""How other processes ask the knowledge process; imports no model."""

import json
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from knowledge.errors import KnowledgeRejected, KnowledgeUnavailable
from knowledge.schemas import KnowledgeAnswer, Meaning

_REJECTED = 422
_Shape = TypeVar("_Shape", bound=BaseModel)


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
        return await self._ask("/v1/answer", asked, KnowledgeAnswer)

    async def meaning(self, text: str, *, language: str) -> Meaning:
        """Ask for the meaning of a text, to compare it with that of others.

        Args:
            text: As the contact wrote it, at most 5,000 characters.
            language: `en`, `hi` or `hi-Latn`.

        Raises:
            KnowledgeUnavailable: No answer in time, or the process is not ready.
            KnowledgeRejected: The request is malformed; names the field and what is expected.
        """
        return await self._ask("/v1/meaning", {"text": text, "language": language}, Meaning)

    async def _ask(self, path: str, asked: dict[str, Any], kind: type[_Shape]) -> _Shape:
        try:
            response = await self._http.post(path, json=asked)
        except httpx.HTTPError as error:
            raise KnowledgeUnavailable(f"no answer from knowledge ({type(error).__name__})") from error
        if response.status_code == _REJECTED:
            raise _rejected(response)
        if response.status_code != httpx.codes.OK:
            raise KnowledgeUnavailable(f"knowledge answered {response.status_code}")
        try:
            return kind.model_validate_json(response.content)
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
