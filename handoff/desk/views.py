"""The desk's pages, the parts that refresh by themselves, and the forms."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from core.errors import Conflict
from core.ids import new_id
from handoff.desk import pages
from handoff.desk.acts import LONGEST_REPLY, Disposition
from handoff.desk.auth import SESSION_COOKIE, Posting, Reading, page_of
from handoff.desk.pages import Reader
from handoff.desk.parts import base_of, desk_of, is_partial, language_of, render
from handoff.desk.words import speaker
from handoff.officers.errors import NotSignedIn
from handoff.officers.schemas import SignedIn
from handoff.queue import service as queue
from handoff.queue.service import TooManyOpen

router = APIRouter()
_CHECK_SESSION = 30.0
"""Seconds after which an open stream looks whether its session is still valid."""


def _reader(request: Request, signed_in: SignedIn) -> Reader:
    language = language_of(request)
    officer = signed_in.officer.model_copy(update={"language": language})
    return Reader(officer=officer, say=speaker(language), now=desk_of(request).clock.now())


async def _page(
    request: Request,
    signed_in: SignedIn,
    conversation_id: str | None = None,
    *,
    everything: bool = False,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    reader = _reader(request, signed_in)
    async with desk_of(request).db.reading() as session:
        lists = await pages.lists(session, reader)
        troubles = await pages.troubles(session, reader)
        opened, lines = None, list[pages.Line]()
        if conversation_id is not None:
            opened = await pages.opened(session, reader, conversation_id)
            lines, _ = await pages.transcript(session, reader, conversation_id)
    shown = lines if everything else lines[-pages.RECENT :]
    return render(
        request,
        "desk.html",
        status,
        signed_in=signed_in,
        lists=lists,
        troubles=troubles,
        opened=opened,
        conversation_id=conversation_id or "",
        page="",
        lines=shown,
        ticks=[],
        has_earlier=len(shown) < len(lines),
        key=new_id(),
        longest=LONGEST_REPLY,
        dispositions=list(Disposition),
        problem=problem,
    )


@router.get("/")
async def show_desk(request: Request, signed_in: Reading) -> Response:
    """The lists, with no conversation opened."""
    return await _page(request, signed_in)


@router.get("/c/{conversation_id}")
async def show_conversation(
    request: Request, signed_in: Reading, conversation_id: str, everything: bool = False
) -> Response:
    """A conversation beside the lists."""
    page = await _page(request, signed_in, conversation_id, everything=everything)
    await desk_of(request).acts.note_opened(signed_in.officer, conversation_id)
    return page


@router.get("/lists")
async def show_lists(request: Request, signed_in: Reading, c: str = "") -> Response:
    """The lists alone."""
    async with desk_of(request).db.reading() as session:
        lists = await pages.lists(session, _reader(request, signed_in))
    return render(request, "lists.html", lists=lists, conversation_id=c)


@router.get("/attention")
async def show_attention(request: Request, signed_in: Reading, c: str = "") -> Response:
    """The list of messages in trouble alone."""
    async with desk_of(request).db.reading() as session:
        troubles = await pages.troubles(session, _reader(request, signed_in))
    return render(request, "attention.html", troubles=troubles, signed_in=signed_in, conversation_id=c)


@router.get("/c/{conversation_id}/lines")
async def show_lines(request: Request, signed_in: Reading, conversation_id: str, after: int = 0) -> Response:
    """What a transcript has beyond a line, and the ticks of the lines before it."""
    reader = _reader(request, signed_in)
    async with desk_of(request).db.reading() as session:
        await pages.opened(session, reader, conversation_id)
        lines, ticks = await pages.transcript(session, reader, conversation_id, after_id=after)
    return render(request, "lines.html", lines=lines, ticks=ticks, conversation_id=conversation_id)


@router.get("/c/{conversation_id}/acts")
async def show_acts(request: Request, signed_in: Reading, conversation_id: str) -> Response:
    """Who has the conversation, and what the officer can do with it."""
    async with desk_of(request).db.reading() as session:
        opened = await pages.opened(session, _reader(request, signed_in), conversation_id)
    return render(
        request,
        "acts.html",
        opened=opened,
        signed_in=signed_in,
        key=new_id(),
        longest=LONGEST_REPLY,
        dispositions=list(Disposition),
    )


@router.post("/handovers/{handover_id}/claim")
async def claim(
    request: Request,
    signed_in: Posting,
    handover_id: str,
    conversation: Annotated[str, Form(max_length=26)] = "",
) -> Response:
    """Take a conversation; when somebody else was faster, the page says so."""
    try:
        conversation_id = await desk_of(request).acts.claim(signed_in.officer, handover_id)
    except TooManyOpen:
        return await _page(request, signed_in, conversation or None, problem="too_many", status=409)
    except Conflict:
        return await _page(request, signed_in, conversation or None, problem="taken", status=409)
    return RedirectResponse(page_of(request, conversation_id), 303)


@router.post("/handovers/{handover_id}/reply")
async def reply(
    request: Request,
    signed_in: Posting,
    handover_id: str,
    key: Annotated[str, Form(max_length=26)],
    text: Annotated[str, Form()] = "",
) -> Response:
    """Send what the officer wrote."""
    conversation_id = await desk_of(request).acts.reply(signed_in.officer, handover_id, key, text)
    if is_partial(request):
        return Response(status_code=204, headers={"HX-Trigger": "lines-changed"})
    return RedirectResponse(page_of(request, conversation_id), 303)


@router.post("/handovers/{handover_id}/give-back")
async def give_back(request: Request, signed_in: Posting, handover_id: str) -> Response:
    """Put a conversation back into the queue."""
    await desk_of(request).acts.give_back(signed_in.officer, handover_id)
    return RedirectResponse(f"{base_of(request)}/", 303)


@router.post("/handovers/{handover_id}/transfer")
async def transfer(
    request: Request,
    signed_in: Posting,
    handover_id: str,
    target: Annotated[str, Form(max_length=80)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Move a conversation to another room or officer."""
    await desk_of(request).acts.transfer(signed_in.officer, handover_id, target, reason)
    return RedirectResponse(f"{base_of(request)}/", 303)


@router.post("/handovers/{handover_id}/resolve")
async def resolve(
    request: Request, signed_in: Posting, handover_id: str, disposition: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Close a conversation."""
    conversation_id = await desk_of(request).acts.resolve(signed_in.officer, handover_id, disposition)
    return RedirectResponse(page_of(request, conversation_id), 303)


@router.post("/attention/{outbound_id}/seen")
async def mark_seen(
    request: Request,
    signed_in: Posting,
    outbound_id: str,
    conversation: Annotated[str, Form(max_length=26)] = "",
) -> Response:
    """Take a message in trouble off the list."""
    await desk_of(request).acts.mark_seen(signed_in.officer, outbound_id)
    return RedirectResponse(page_of(request, conversation), 303)


@router.get("/live")
async def live(request: Request, signed_in: Reading, c: str = "") -> Response:
    """A stream of the names of what has changed, as long as the session is valid; nothing of other rooms."""
    officer = signed_in.officer
    async with desk_of(request).db.reading() as session:
        if not await queue.was_handed_over(session, c, rooms=officer.rooms, officer_id=officer.id):
            c = ""
    return EventSourceResponse(_events(request, signed_in, c), send_timeout=5, headers={"Cache-Control": "no-store"})


async def _events(request: Request, signed_in: SignedIn, conversation_id: str) -> AsyncIterator[ServerSentEvent]:
    desk = desk_of(request)
    token = request.cookies.get(SESSION_COOKIE, "")
    async with desk.live.subscribe(signed_in.officer, conversation_id or None) as mailbox:
        while True:
            for event in await mailbox.take(_CHECK_SESSION):
                yield ServerSentEvent(event=event, id=desk.live.event_id(), data="1")
            try:
                await desk.officers.authenticate(token, acting=False)
            except NotSignedIn:
                yield ServerSentEvent(event="signed-out", id=desk.live.event_id(), data="1")
                return
