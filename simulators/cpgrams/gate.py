"""What every call passes: the log, the signature, the planned faults; and what spoils its answer."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from simulators.connections import cut
from simulators.cpgrams import signing
from simulators.cpgrams.errors import Refusal
from simulators.cpgrams.faults import BEFORE, Call, Fault
from simulators.cpgrams.standin import StandIn

MAX_BODY_BYTES = 64 * 1024
_REFUSALS = {
    "429": (429, "too_many", "Too many requests"),
    "500": (500, "failed", "An internal error has occurred"),
    "503": (503, "unavailable", "Down for maintenance"),
}


def the_standin(request: Request) -> StandIn:
    """The stand-in that this application serves."""
    standin: StandIn = request.app.state.cpgrams
    return standin


StandInHere = Annotated[StandIn, Depends(the_standin)]


@dataclass(frozen=True)
class Admitted:
    """A call that proved its sender."""

    request: Request
    standin: StandIn
    body: bytes
    fault: Fault | None

    async def answer(self, document: dict[str, Any], status: int = 200) -> Response:
        """Sign and send an answer, or spoil it as the fault says."""
        return await _spoil(self, JSONResponse(document, status_code=status))


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, "too_large", "The body is too large")
    return bytes(body)


def _verify(request: Request, standin: StandIn, body: bytes) -> str:
    """Check the signature and return the nonce.

    Raises:
        Refusal: The client is unknown, the signature wrong, the time off, or the request was seen before.
    """
    headers = request.headers
    client, nonce = headers.get("x-client-id", ""), headers.get("x-nonce", "")
    stamp, given = headers.get("x-timestamp", ""), headers.get("x-signature", "")
    if not secrets.compare_digest(client.encode(), standin.settings.client_id.encode()):
        raise Refusal(401, "unknown_client", "No such client")
    query = request.scope["query_string"].decode("latin-1")
    target = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    right = signing.sign_request(standin.secret, request.method, target, stamp, nonce, body)
    if not secrets.compare_digest(given.encode(), right.encode()) or not signing.NONCE.fullmatch(nonce):
        raise Refusal(401, "bad_signature", "The signature is wrong")
    # From here on the sender is proven, so that even a refusal is signed.
    request.state.cpgrams_sign = lambda response: _sign(standin, nonce, response)
    now = standin.now()
    if not stamp.isdecimal() or abs(now - int(stamp)) > standin.settings.window_seconds:
        raise Refusal(401, "clock_skew", "The time of the request is too far off", server_time=int(now))
    if not standin.nonces.is_new(nonce, now):
        raise Refusal(401, "replayed", "This request was seen before")
    return nonce


def _sign(standin: StandIn, nonce: str, response: Response, *, secret: str = "") -> None:
    stamp = str(int(standin.now()))
    response.headers["X-Timestamp"] = stamp
    response.headers["X-Signature"] = signing.sign_answer(
        secret or standin.secret, nonce, response.status_code, stamp, bytes(response.body)
    )


async def _meet(request: Request, fault: Fault) -> None:
    """Let a fault happen that comes before anything is done."""
    if fault.kind in _REFUSALS:
        status, code, message = _REFUSALS[fault.kind]
        raise Refusal(status, code, message, retry_after=fault.retry_after)
    if fault.kind == "refused":
        raise Refusal(400, "invalid_fields", "Some fields cannot be used", fields=fault.fields)
    if fault.kind == "timeout":
        await asyncio.sleep(fault.seconds)
    await cut(request)


async def _spoil(call: Admitted, response: Response) -> Response:
    """Sign an answer, or spoil it if the fault says so."""
    nonce = call.request.headers.get("x-nonce", "")
    kind = call.fault.kind if call.fault else None
    if call.fault and kind in {"cut_after", "timeout_after"}:
        await asyncio.sleep(call.fault.seconds if kind == "timeout_after" else 0)
        await cut(call.request)
    if kind == "html":
        return Response("<html><body>502 Bad Gateway</body></html>", status_code=502, media_type="text/html")
    if kind == "unsigned":
        return response
    if kind == "wrong_shape":
        response = JSONResponse({"unexpected": ["of", "another", "shape"]}, status_code=response.status_code)
    if kind == "huge":
        response = JSONResponse({"padding": "x" * 5_000_000}, status_code=response.status_code)
    _sign(call.standin, nonce, response, secret="not the secret " * 3 if kind == "wrong_signature" else "")
    return response


def admit(name: Call) -> Callable[[Request], Awaitable[Admitted]]:
    """Make the gate of one kind of call."""

    async def pass_gate(request: Request) -> Admitted:
        standin = the_standin(request)
        entry: dict[str, Any] = {"at": standin.now(), "call": name, "method": request.method, "outcome": "open"}
        standin.calls.append(entry)
        if standin.behaviour.latency_ms:
            await asyncio.sleep(standin.behaviour.latency_ms / 1000)
        body = await _read(request)
        try:
            _verify(request, standin, body)
        except Refusal as error:
            entry["outcome"] = error.code
            raise
        fault = standin.faults.take(name)
        entry["outcome"] = fault.kind if fault else "served"
        if fault is not None and fault.kind in BEFORE:
            await _meet(request, fault)
        return Admitted(request, standin, body, fault)

    return pass_gate
