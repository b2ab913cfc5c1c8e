"""Hands a contact the copy of its data: a page that a link leads to, and the file behind its button.

Opening the page changes nothing, because programs that make previews of links open them too; only the button takes the
copy, once. Whatever is wrong with a link, the answer is the same.
"""

from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader

from core.clock import Clock
from core.db import Database
from core.errors import NotFound
from core.i18n import LANGUAGES
from core.media.service import MediaStore
from rights import copies, service
from rights.words import say

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
_LONGEST_TOKEN = 64
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


def make_routes(db: Database, clock: Clock, files: MediaStore) -> APIRouter:
    """The routes under ``/copy``.

    Args:
        db: The application's database.
        clock: Tells the time.
        files: Where the files of contacts are.
    """
    router = APIRouter()

    @router.get("/copy/{token}")
    async def page(token: str) -> Response:
        try:
            async with db.reading() as session:
                link = await service.find_link(session, _checked(token), now=clock.now())
        except NotFound:
            return _ended()
        return _page([link.language], is_open=True)

    @router.post("/copy/{token}")
    async def take(token: str) -> Response:
        now = clock.now()
        try:
            async with db.transaction() as session:
                link = await service.open_link(session, _checked(token), now=now)
                copy = await copies.read(session, link.contact_id, language=link.language, now=now)
        except NotFound:
            return _ended()
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="sahayak-{now:%Y-%m-%d}.zip"'}
        return StreamingResponse(_pieces(copy, files), media_type="application/zip", headers=headers)

    return router


async def _pieces(copy: copies.Copy, files: MediaStore) -> AsyncIterator[bytes]:
    async for piece in copies.packed(copy, files):
        yield piece


def _checked(token: str) -> str:
    if len(token) > _LONGEST_TOKEN:
        raise NotFound("link")
    return token


def _ended() -> Response:
    """Whose link it was is not known here, so it is said in every language."""
    return _page(LANGUAGES, is_open=False)


def _page(languages: list[str] | tuple[str, ...], *, is_open: bool) -> Response:
    key = "page_text" if is_open else "page_ended"
    told = [{"lang": language, "text": say(key, language)} for language in languages]
    html = _PAGES.get_template("copy.html").render(
        lang=languages[0], title=say("page_title", languages[0]), told=told,
        button=say("page_button", languages[0]) if is_open else "",
    )  # fmt: skip
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY}
    return HTMLResponse(html, status_code=200 if is_open else 404, headers=headers)
