"""The status page: shows the board, escapes what processes print, answers this machine only."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tools.installation import HOST, free_ports
from tools.launcher.board import Board
from tools.launcher.page import serve


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def address(board: Board) -> Iterator[str]:
    port = free_ports()["status"]
    server = serve(board, HOST, port)
    yield f"http://{HOST}:{port}"
    server.shutdown()
    server.server_close()


def read(url: str, host: str | None = None) -> str:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.read().decode())


def test_shows_steps_processes_and_links(board: Board, address: str) -> None:
    board.step("search index", "running", "")
    board.process("rasa", "the assistant", "starting", "<script>alert(1)</script>")
    board.links["Try it"] = "http://127.0.0.1:8090"
    page = read(address + "/")
    assert "search index" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert 'href="http://127.0.0.1:8090"' in page
    assert "Starting" in page
    board.process("rasa", "the assistant", "ready")
    assert "Everything is ready" in read(address + "/fragment")
    assert json.loads(read(address + "/status.json"))["ready"] is True


def test_another_site_cannot_read_it_through_a_borrowed_name(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(address + "/", host="evil.example")
    assert caught.value.code == 403
    caught.value.close()


def test_an_unknown_address_is_not_found(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(address + "/etc/passwd")
    assert caught.value.code == 404
    caught.value.close()
