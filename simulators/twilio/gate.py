"""What every API call passes: the account's password, the planned faults, the size limit."""

import asyncio
import base64
import binascii
import secrets
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response

from simulators.connections import cut
from simulators.dependencies import ProviderHere
from simulators.faults import Fault
from simulators.twilio.errors import TwilioError

MAX_BODY_BYTES = 1024 * 1024
_REFUSALS = {
    "429": (429, 20429, "Too Many Requests"),
    "500": (500, 20500, "An internal server error has occurred"),
    "503": (503, 20503, "Service Unavailable"),
}


def authenticate(request: Request, provider: ProviderHere) -> None:
    """Refuse a call without the account's own Basic authentication."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, password = "", ""
    settings = provider.settings
    right = secrets.compare_digest(name.encode(), settings.account_sid.encode())
    right &= secrets.compare_digest(password.encode(), settings.auth_token.get_secret_value().encode())
    right &= request.path_params.get("account_sid", settings.account_sid) == settings.account_sid
    if scheme.lower() != "basic" or not right:
        raise TwilioError(401, 20003, "Authenticate")


async def meet_fault(request: Request, provider: ProviderHere) -> Fault | None:
    """Let the next planned fault happen if it happens before acceptance; else hand it on."""
    if provider.behaviour.api_latency_ms:
        await asyncio.sleep(provider.behaviour.api_latency_ms / 1000)
    sending = request.method == "POST" and request.url.path.endswith("/Messages.json")
    fault = provider.faults.take(sending=sending)
    if fault is None:
        return None
    if fault.kind in _REFUSALS:
        status, code, message = _REFUSALS[fault.kind]
        raise TwilioError(status, code, message, retry_after=fault.retry_after)
    if fault.kind == "timeout" or (fault.kind == "timeout_after" and not sending):
        await asyncio.sleep(fault.seconds)
        await cut(request)
    if fault.kind == "cut_before" or (fault.kind == "cut_after" and not sending):
        await cut(request)
    return fault


async def spoil_answer(request: Request, fault: Fault | None) -> Response | None:
    """Spoil the answer to a call that was accepted, if a fault says so."""
    if fault is None or fault.kind not in {"cut_after", "timeout_after", "garbage"}:
        return None
    if fault.kind != "garbage":
        await asyncio.sleep(fault.seconds if fault.kind == "timeout_after" else 0)
        await cut(request)
    return Response("<html>Bad Gateway</html>", status_code=502, media_type="text/html")


async def read_body(request: Request) -> bytes:
    """Read a body up to the limit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TwilioError(413, 20413, "Request Entity Too Large")
    return bytes(body)


async def read_form(request: Request) -> list[tuple[str, str]]:
    """Read a form with all its repeated keys.

    Raises:
        TwilioError: When it is not a form, or not UTF-8.
    """
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise TwilioError(415, 20415, "Unsupported Media Type")
    body = await read_body(request)
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except (ValueError, UnicodeDecodeError) as error:
        raise TwilioError(400, 20001, "The form cannot be read") from error


FaultHere = Annotated[Fault | None, Depends(meet_fault)]
