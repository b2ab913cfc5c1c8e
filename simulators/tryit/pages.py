"""The routes of the try-it page."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import regex
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette.sse import EventSourceResponse

from simulators.dependencies import ProviderHere
from simulators.inbound import ContactMessage, SentFile, SentLocation, TappedButton
from simulators.provider import Provider
from simulators.tryit.cast import CONTACTS, EXAMPLES, PLACES, Contact, contact_at
from simulators.tryit.catalogue import LANGUAGES, Words, preferred
from simulators.tryit.views import PICTURES, message_view, on_phone, option_title, step_view

HERE = Path(__file__).parent
MAX_TEXT = 4096
MAX_FILE_BYTES = 16 * 1024 * 1024
_SHOWN = 300
_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def initial(name: str) -> str:
    """The first letter of a name with its vowel sign, as its script writes it."""
    found = regex.match(r"\X", name)
    return found[0] if found else ""


_templates.filters["initial"] = initial


def from_the_page(request: Request) -> None:
    """Refuse what another site's page sends: it cannot add this header without being asked first."""
    if request.headers.get("x-try-it") != "page":
        raise HTTPException(403, "refused")


router = APIRouter()
acting = APIRouter(prefix="/try", dependencies=[Depends(from_the_page)])


class PhoneMessage(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(extra="forbid")

    contact: str
    kind: Literal["text", "option", "place", "sample"]
    text: str = Field(default="", max_length=MAX_TEXT)
    sid: str = ""
    chosen: str = ""


def the_contact(contact: Annotated[str, Query()]) -> Contact:
    """The invented contact a call is about."""
    if contact not in CONTACTS:
        raise HTTPException(404, "refused")
    return CONTACTS[contact]


ContactHere = Annotated[Contact, Depends(the_contact)]


@router.get("/", response_class=HTMLResponse)
async def page(request: Request, lang: str | None = None) -> HTMLResponse:
    """Show the page."""
    language = lang if lang in LANGUAGES else preferred(request.headers.get("accept-language", ""))
    catalogues: dict[str, Words] = request.app.state.words
    words = catalogues[language]
    html = _templates.get_template("page.html").render(
        language=language,
        languages=LANGUAGES,
        words=words,
        contacts=list(CONTACTS.values()),
        places=list(PLACES.values()),
        examples={way: [catalogues[way](f"example.{number}") for number in EXAMPLES] for way in LANGUAGES},
        live={"words": words.under("live."), "language": language, "contacts": list(CONTACTS)},
        max_text=MAX_TEXT,
    )
    return HTMLResponse(html, headers={"Vary": "Accept-Language", "Cache-Control": "no-store"})


def _view(provider: Provider, sid: str) -> dict[str, Any] | None:
    message = provider.store.message(sid)
    if message is None or not on_phone(message):
        return None
    return message_view(message, provider.store.media_of(sid) if message.num_media else [])


@router.get("/try/messages")
async def messages(contact: ContactHere, provider: ProviderHere) -> dict[str, Any]:
    """List a contact's newest messages and steps on the wire."""
    views = [_view(provider, message.sid) for message in provider.store.latest(contact.address, _SHOWN)]
    steps = [step_view(step) for step in provider.trace if step["contact"] == contact.address]
    return {"messages": [view for view in views if view], "steps": steps}


@router.get("/try/files/{sid}")
async def show_file(sid: str, provider: ProviderHere) -> Response:
    """Show a picture; offer any other file for saving."""
    file = provider.store.media(sid)
    if file is None:
        raise HTTPException(404, "refused")
    if file.content_type in PICTURES:
        return Response(file.data, media_type=file.content_type, headers={"Cache-Control": "private, max-age=3600"})
    return Response(file.data, media_type="application/octet-stream", headers={"Content-Disposition": "attachment"})


def _news(provider: Provider, item: dict[str, Any]) -> dict[str, Any] | None:
    """Turn an item of the feed into what the page needs; None when it concerns nobody on the page."""
    if item["what"] == "reset":
        return {"what": "reset"}
    contact = contact_at(item["contact"])
    if contact is None:
        return None
    news = {"what": item["what"], "contact": contact.id}
    if item["what"] == "message":
        view = _view(provider, item["sid"])
        return news | {"message": view} if view else None
    return news | ({"step": step_view(item["step"])} if item["what"] == "trace" else {})


@router.get("/try/events")
async def events(provider: ProviderHere) -> EventSourceResponse:
    """Tell the page what happens."""

    async def lines() -> AsyncIterator[dict[str, str]]:
        async for item in provider.feed.listen():
            news = _news(provider, item)
            if news is not None:
                yield {"data": json.dumps(news, ensure_ascii=False)}

    return EventSourceResponse(lines(), ping=15, send_timeout=5)


def _send(provider: Provider, message: ContactMessage) -> dict[str, Any]:
    """Send as a contact; the gateway is told beside this request."""
    stored = provider.receive(message)
    provider.spawn(provider.report(stored))
    return {"message": _view(provider, stored.sid)}


@acting.post("/messages", status_code=201)
async def send(order: PhoneMessage, request: Request, provider: ProviderHere) -> dict[str, Any]:
    """Send a text, a tapped option, a place or the sample picture."""
    contact = the_contact(order.contact)
    base = {"sender": contact.number, "profile_name": contact.profile_name}
    if order.kind == "text":
        if not order.text.strip():
            raise HTTPException(422, "refused")
        return _send(provider, ContactMessage(**base, text=order.text))
    if order.kind == "option":
        return _send(provider, _tapped(provider, contact, order))
    if order.kind == "sample":
        data = (HERE / "static" / "sample-bill.png").read_bytes()
        file = SentFile(content_type="image/png", data=data, filename="sample-bill.png")
        return _send(provider, ContactMessage(**base, kind="media", text=order.text, media=(file,)))
    place = PLACES.get(order.chosen)
    if place is None:
        raise HTTPException(404, "refused")
    label = request.app.state.words["en"](f"place.{place.id}")
    location = SentLocation(latitude=place.latitude, longitude=place.longitude, label=label)
    return _send(provider, ContactMessage(**base, kind="location", location=location))


def _tapped(provider: Provider, contact: Contact, order: PhoneMessage) -> ContactMessage:
    """The message that tapping an option sends; only what that message offered can be tapped."""
    message = provider.store.message(order.sid)
    found = option_title(message, order.chosen) if message and message.contact == contact.address else None
    if found is None:
        raise HTTPException(404, "refused")
    kind, title = found
    return ContactMessage(
        sender=contact.number,
        profile_name=contact.profile_name,
        kind="list" if kind == "list" else "button",
        button=TappedButton(payload=order.chosen, text=title),
        replied_sid=order.sid,
    )


@acting.post("/files", status_code=201)
async def send_file(
    provider: ProviderHere, contact: Annotated[str, Form()], file: UploadFile, text: Annotated[str, Form()] = ""
) -> dict[str, Any]:
    """Send a chosen file."""
    who = the_contact(contact)
    if len(text) > MAX_TEXT:
        raise HTTPException(422, "refused")
    data = await file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise HTTPException(413, "too_large")
    sent = SentFile(
        content_type=(file.content_type or "application/octet-stream")[:200],
        data=data,
        filename=(file.filename or "")[:200],
    )
    message = ContactMessage(sender=who.number, profile_name=who.profile_name, kind="media", text=text, media=(sent,))
    return _send(provider, message)
