"""Twilio's refusals, with its own codes and its own shape."""

from fastapi import Request, Response
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


class TwilioError(Exception):
    """A refusal as Twilio words it: HTTP status, error code, message."""

    def __init__(self, status: int, code: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def not_found(path: str) -> TwilioError:
    """The refusal of a resource that is not there."""
    return TwilioError(404, 20404, f"The requested resource {path} was not found")


def refusal(_: Request, error: Exception) -> JSONResponse:
    """Write a refusal as Twilio's JSON."""
    if not isinstance(error, TwilioError):  # pragma: no cover - registered for TwilioError only
        raise error
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    document = {
        "code": error.code,
        "message": error.message,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return JSONResponse(document, status_code=error.status, headers=headers)


async def invalid_call(request: Request, error: Exception) -> Response:
    """Write a call whose parameters cannot be read as Twilio does, and elsewhere as the framework does."""
    if not isinstance(error, RequestValidationError):  # pragma: no cover - registered for it only
        raise error
    if request.url.path.startswith(("/2010-04-01/", "/v1/", "/v2/", "/files/")):
        where = ", ".join(str(problem["loc"][-1]) for problem in error.errors())
        return refusal(request, TwilioError(400, 20001, f"Invalid parameter: {where}"))
    return await request_validation_exception_handler(request, error)
