"""Files of contacts: fetched from the provider and from nowhere else."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI, Request, Response

from channels.base import Sender
from core.errors import FinalDelivery, ProviderError, RetryableDelivery
from tests.channels.contract.rigs import Rig
from tests.simulators.conftest import Served

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@dataclass
class Place:
    """A web server that writes down who came, and with what credentials."""

    asked: list[tuple[str, bool]] = field(default_factory=list)
    url: str = ""
    other: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/{path:path}")
        async def serve(path: str, request: Request) -> Response:
            self.asked.append((path, "authorization" in request.headers))
            if path.isdigit() and 400 <= int(path) < 600:
                return Response(status_code=int(path))
            led = {
                "away": f"{self.other}/file",
                "once": "/file",
                "round": "/round",
                "scheme": "file:///etc/hostname",
                "lookalike": f"{self.url}.example/file",
            }
            if path in led:
                return Response(status_code=302, headers={"Location": led[path]})
            return Response(PICTURE, media_type="image/png")

        return app


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[Place, Place]]:
    provider, stranger = Place(), Place()
    served = [Served(place.app()) for place in (provider, stranger)]
    provider.url, stranger.url = served[0].url, served[1].url
    provider.other = stranger.url
    yield provider, stranger
    for one in served:
        one.stop()


@pytest.fixture
async def provider(one_rig: Rig, places: tuple[Place, Place]) -> AsyncIterator[Place]:
    for place in places:
        place.asked.clear()
    yield places[0]
    # Whatever a test asked for, nobody ever came to the stranger.
    assert places[1].asked == []


@pytest.fixture
async def sender(one_rig: Rig, provider: Place) -> AsyncIterator[Sender]:
    made = one_rig.sender_at(provider.url)
    yield made
    await made.close()


async def test_a_file_is_fetched_whole_or_up_to_the_limit(rig: Rig, senders: dict[str, Sender]) -> None:
    url = rig.file(PICTURE)
    for sender in senders.values():
        assert await sender.fetch(url, len(PICTURE) + 1) == PICTURE
        assert await sender.fetch(url, 1000) == PICTURE[:1000]


async def test_one_redirect_is_followed_without_our_credentials(provider: Place, sender: Sender) -> None:
    assert await sender.fetch(f"{provider.url}/once", 100_000) == PICTURE
    assert provider.asked == [("once", True), ("file", False)]


@pytest.mark.parametrize("way", ["stranger", "lookalike", "credentials", "file", "nothing", "plain path"])
async def test_an_address_that_is_not_the_providers_is_not_asked(provider: Place, sender: Sender, way: str) -> None:
    addresses = {
        "stranger": f"{provider.other}/file",
        "lookalike": f"{provider.url}.example/file",
        "credentials": f"{provider.url}@{provider.other.removeprefix('http://')}/file",
        "file": "file:///etc/hostname",
        "nothing": "",
        "plain path": "/file",
    }
    with pytest.raises(FinalDelivery):
        await sender.fetch(addresses[way], 1000)
    assert provider.asked == []


@pytest.mark.parametrize("way", ["away", "scheme", "lookalike", "round"])
async def test_a_redirect_away_from_the_provider_or_without_end_is_refused(
    provider: Place, sender: Sender, way: str
) -> None:
    with pytest.raises(FinalDelivery):
        await sender.fetch(f"{provider.url}/{way}", 1000)
    assert 1 <= len(provider.asked) <= 4


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, FinalDelivery),
        (403, FinalDelivery),
        (404, FinalDelivery),
        (410, FinalDelivery),
        (429, RetryableDelivery),
        (500, RetryableDelivery),
        (503, RetryableDelivery),
    ],
)
async def test_what_is_gone_is_gone_and_what_may_come_back_may_be_asked_again(
    provider: Place, sender: Sender, status: int, error: type[ProviderError]
) -> None:
    with pytest.raises(error):
        await sender.fetch(f"{provider.url}/{status}", 1000)


async def test_a_provider_that_is_not_there_may_be_asked_again(one_rig: Rig) -> None:
    sender = one_rig.sender_at("http://127.0.0.1:9")
    try:
        with pytest.raises(RetryableDelivery):
            await sender.fetch("http://127.0.0.1:9/file", 1000)
    finally:
        await sender.close()
