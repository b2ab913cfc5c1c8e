"""A web server protocol whose connections can be cut in the middle of an exchange, as networks do."""

from asyncio import Transport
from typing import Any, ClassVar, NoReturn

from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 that remembers which peer hangs on which connection."""

    open_connections: ClassVar[dict[tuple[str, int], Transport]] = {}

    def connection_made(self, transport: Any) -> None:
        """Remember a new connection by its peer."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self.open_connections[peer[0], peer[1]] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a closed connection."""
        if self.client:
            self.open_connections.pop(self.client, None)
        super().connection_lost(exc)


class ConnectionCut(Exception):
    """The connection of the present request was dropped on purpose."""


async def cut(request: Request) -> NoReturn:
    """Drop the connection of a request without an answer.

    Raises:
        ConnectionCut: Always; nothing is left to be answered.
        RuntimeError: When the server does not run with ``CuttableProtocol``.
    """
    if await request.is_disconnected():
        raise ConnectionCut
    peer = (request.client.host, request.client.port) if request.client else None
    transport = CuttableProtocol.open_connections.get(peer) if peer else None
    if transport is None:
        msg = "connections can be cut only when the server runs with CuttableProtocol"
        raise RuntimeError(msg)
    transport.abort()
    raise ConnectionCut


def nothing(_: Request, __: Exception) -> Response:
    """Answer into a connection that is no more."""
    return Response(status_code=499)
