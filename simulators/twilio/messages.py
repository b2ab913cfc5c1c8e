"""The Messages resource: send, list, fetch, redact, delete, and the files of a message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from simulators.dependencies import ProviderHere
from simulators.provider import Provider
from simulators.records import Media, Message, MessageFilter
from simulators.twilio.drafts import draft_message, sort_keys
from simulators.twilio.errors import TwilioError, not_found
from simulators.twilio.gate import FaultHere, authenticate, read_form, spoil_answer
from simulators.twilio.resources import list_resource, media_resource, message_resource

MAX_PAGE = 1000
router = APIRouter(prefix="/2010-04-01/Accounts/{account_sid}", dependencies=[Depends(authenticate)])


@router.post("/Messages.json")
async def send(request: Request, provider: ProviderHere, fault: FaultHere) -> Response:
    """Accept a message for sending."""
    form = sort_keys(await read_form(request), strict=provider.behaviour.strict)
    draft = draft_message(provider, form)
    if fault is not None and fault.kind == "undelivered":
        draft = replace(draft, details=draft.details | {"fails_with": fault.error_code})
    message = provider.accept(draft)
    spoiled = await spoil_answer(request, fault)
    return spoiled or JSONResponse(message_resource(provider.settings.account_sid, message), status_code=201)


@router.get("/Messages.json")
async def list_messages(
    request: Request,
    provider: ProviderHere,
    _fault: FaultHere,
    to: str | None = Query(None, alias="To"),
    sender: str | None = Query(None, alias="From"),
    page_size: int = Query(50, alias="PageSize", ge=1),
    page: int = Query(0, alias="Page", ge=0),
    page_token: str | None = Query(None, alias="PageToken"),
) -> dict[str, Any]:
    """List messages of both directions, newest first."""
    size = min(page_size, MAX_PAGE)
    sent_from, sent_until = _sent_between(request)
    wanted = MessageFilter(to, sender, sent_from, sent_until, _cursor(page_token), size + 1)
    found = provider.store.messages(wanted)
    kept = {
        key: value for key, value in request.query_params.items() if key not in {"Page", "PageToken", "PageSize"}
    } | {"PageSize": str(size)}
    next_uri = None
    if len(found) > size:
        found = found[:size]
        query = urlencode({**kept, "Page": page + 1, "PageToken": f"PA{found[-1].sequence}"})
        next_uri = f"{request.url.path}?{query}"
    items = [message_resource(provider.settings.account_sid, message) for message in found]
    return list_resource(request.url.path, urlencode(kept), "messages", items, page, next_uri)


def _cursor(token: str | None) -> int | None:
    """Read where the next page begins."""
    if token is None:
        return None
    if not token.startswith("PA") or not token[2:].isascii() or not token[2:].isdigit():
        raise TwilioError(400, 20001, "Invalid PageToken")
    return int(token[2:])


def _sent_between(request: Request) -> tuple[int | None, int | None]:
    """Read DateSent (a whole day), DateSent> and DateSent< (seconds, or whole days; both ends included)."""
    exact = request.query_params.get("DateSent")
    if exact:
        return _when(exact[:10])
    after, before = _when(request.query_params.get("DateSent>")), _when(request.query_params.get("DateSent<"))
    return after[0], before[1]


def _when(text: str | None) -> tuple[int | None, int | None]:
    """Read a date or a time as the seconds at which it begins and ends."""
    if not text:
        return None, None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TwilioError(400, 20001, f"Invalid DateSent: {text}") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    length = timedelta(days=1, seconds=-1) if len(text) == 10 else timedelta()
    return int(moment.timestamp()), int((moment + length).timestamp())


def _message(provider: Provider, request: Request, sid: str) -> Message:
    message = provider.store.message(sid)
    if message is None:
        raise not_found(request.url.path)
    return message


@router.get("/Messages/{sid}.json")
async def fetch(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> dict[str, Any]:
    """Show one message."""
    return message_resource(provider.settings.account_sid, _message(provider, request, sid))


@router.post("/Messages/{sid}.json")
async def redact(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> dict[str, Any]:
    """Blank a message's text, the only change Twilio allows."""
    message = _message(provider, request, sid)
    if dict(await read_form(request)).get("Body") != "":
        raise TwilioError(400, 20001, "Only an empty Body is allowed")
    changed = provider.store.update_message(sid, body="") or message
    return message_resource(provider.settings.account_sid, changed)


@router.delete("/Messages/{sid}.json", status_code=204)
async def delete(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> None:
    """Forget a message."""
    if not provider.store.delete_message(_message(provider, request, sid).sid):
        raise not_found(request.url.path)


@router.get("/Messages/{message_sid}/Media.json")
async def list_media(request: Request, provider: ProviderHere, _fault: FaultHere, message_sid: str) -> dict[str, Any]:
    """List a message's files."""
    _message(provider, request, message_sid)
    account = provider.settings.account_sid
    items = [media_resource(account, file) for file in provider.store.media_of(message_sid)]
    return list_resource(request.url.path, "PageSize=50", "media_list", items)


def _media(provider: Provider, request: Request, message_sid: str, sid: str) -> Media:
    file = provider.store.media(sid)
    if file is None or file.message_sid != message_sid:
        raise not_found(request.url.path)
    return file


@router.get("/Messages/{message_sid}/Media/{sid}.json")
async def fetch_media(
    request: Request, provider: ProviderHere, _fault: FaultHere, message_sid: str, sid: str
) -> dict[str, Any]:
    """Describe a file."""
    return media_resource(provider.settings.account_sid, _media(provider, request, message_sid, sid))


@router.get("/Messages/{message_sid}/Media/{sid}")
async def download(request: Request, provider: ProviderHere, _fault: FaultHere, message_sid: str, sid: str) -> Response:
    """Hand out a file, by way of a short-lived link as Twilio does unless set otherwise."""
    file = _media(provider, request, message_sid, sid)
    if provider.settings.media_redirect:
        return Response(status_code=307, headers={"Location": provider.links.make(file)})
    return Response(file.data, media_type=file.content_type)


@router.delete("/Messages/{message_sid}/Media/{sid}", status_code=204)
@router.delete("/Messages/{message_sid}/Media/{sid}.json", status_code=204)
async def delete_media(request: Request, provider: ProviderHere, _fault: FaultHere, message_sid: str, sid: str) -> None:
    """Forget a file."""
    provider.store.delete_media(_media(provider, request, message_sid, sid).sid)
