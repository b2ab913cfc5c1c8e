"""A provider that answers with the bytes that a test gives it, and senders that ask it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs

import pytest

from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.sender import TwilioSender
from tests.channels.whatsapp.signing import settings


class Stub:
    """An HTTP server that answers with the bytes it is given, and writes down what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, list[str]]]] = []
        self.bodies: list[bytes] = []
        self.answers: list[bytes | None] = []
        self.pause = 0.0
        self.url = ""

    def says(self, status: int, body: object = "", **headers: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in named.items())]
        lines += ["Content-Type: application/json", f"Content-Length: {len(text.encode())}", "", text]
        self.answers.append("\r\n".join(lines).encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                method, path, _ = head.split(" ", 2)
                length = next(
                    (int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length")), 0
                )
                body = await reader.readexactly(length)
                self.requests.append((method, path, parse_qs(body.decode(), keep_blank_values=True)))
                self.bodies.append(body)
                await asyncio.sleep(self.pause)
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if not self.answers:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    stub = Stub()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(stub.serve(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def local(url: str, **more: object) -> WhatsAppSettings:
    return settings(**{"api_url": url, "content_url": url, "timeout": 2.0, **more})


@pytest.fixture
async def make(stub: Stub) -> AsyncIterator[Callable[..., TwilioSender]]:
    made: list[TwilioSender] = []

    def one(url: str = "", **more: object) -> TwilioSender:
        made.append(TwilioSender(local(url or stub.url, **more)))
        return made[-1]

    yield one
    for sender in made:
        await sender.close()


@pytest.fixture
async def sender(make: Callable[..., TwilioSender]) -> TwilioSender:
    return make()
