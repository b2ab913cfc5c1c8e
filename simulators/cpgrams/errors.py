"""The stand-in's refusals, in one shape."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse


class Refusal(Exception):
    """A refusal: HTTP status, code, message, and what belongs to it."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after
        self.more = more


def document(error: Refusal) -> dict[str, Any]:
    """Show a refusal as it is sent."""
    return {"error": {"code": error.code, "message": error.message, **error.more}}


def refusal(request: Request, error: Exception) -> Response:
    """Answer with a refusal; signed, unless the request did not prove its sender."""
    if not isinstance(error, Refusal):  # pragma: no cover - registered for Refusal only
        raise error
    headers = {"Retry-After": error.retry_after} if error.retry_after is not None else {}
    response = JSONResponse(document(error), status_code=error.status, headers=headers)
    sign = getattr(request.state, "cpgrams_sign", None)
    if sign is not None:
        sign(response)
    return response
