"""The grievance pages of the desk: the list, one grievance, what is done to it, its letters and files, and exports."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from core.errors import Conflict, InvalidInput, NotFound
from core.i18n import LANGUAGES
from core.ids import new_id
from core.media import service as media
from grievances import export, reference, service
from grievances.letters import content, press
from grievances.letters.content import LetterKind
from grievances.status import Move
from handoff.desk.auth import Posting, Reading
from handoff.desk.grievances import forms, lists, page
from handoff.desk.grievances.filters import LONGEST_SEARCH, Filter
from handoff.desk.grievances.forms import Refused, Typed
from handoff.desk.pages import Reader
from handoff.desk.parts import base_of, desk_of, language_of, render
from handoff.desk.words import speaker
from handoff.officers.schemas import Role, SignedIn

router = APIRouter(prefix="/grievances")
_PERSONAL = frozenset({Role.SUPERVISOR, Role.HUB, Role.ADMIN})
"""Whose exports hold what contacts told; auditors take away the rest."""


def _reader(request: Request, signed_in: SignedIn) -> Reader:
    language = language_of(request)
    officer = signed_in.officer.model_copy(update={"language": language})
    return Reader(officer=officer, say=speaker(language), now=desk_of(request).clock.now())


def _move(name: str) -> Move:
    if name not in forms.MOVES:
        raise NotFound("move")
    return Move(name)


@router.get("")
async def show_list(request: Request, signed_in: Reading, done: str = "") -> Response:
    """The list of grievances."""
    reader, chosen = _reader(request, signed_in), Filter.read(request.query_params)
    async with desk_of(request).db.reading() as session:
        listed = await lists.listed(session, reader, chosen)
    return render(
        request,
        "grievances/list.html",
        signed_in=signed_in,
        listed=listed,
        done=done if done in forms.MOVES else "",
        longest=LONGEST_SEARCH,
        conversation_id="",
        page="grievances",
    )


@router.post("/search")
async def search(
    request: Request,
    signed_in: Posting,
    query: Annotated[str, Form(max_length=1000)] = "",
    status: Annotated[str, Form(max_length=40)] = "",
    level: Annotated[str, Form(max_length=40)] = "",
    category: Annotated[str, Form(max_length=40)] = "",
    state: Annotated[str, Form(max_length=40)] = "",
    room: Annotated[str, Form(max_length=64)] = "",
    overdue: Annotated[str, Form(max_length=40)] = "",
    sort: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Lead to the list that was asked for; what was searched for is unreadable in its address."""
    given = {
        "query": query, "status": status, "level": level, "category": category, "state": state, "room": room,
        "overdue": overdue, "sort": sort,
    }  # fmt: skip
    return RedirectResponse(f"{base_of(request)}/grievances?{Filter.read(given).address()}", 303)


@router.get("/export.{form}")
async def take_away(request: Request, signed_in: Reading, form: str) -> Response:
    """The whole list that is chosen, as CSV or JSON."""
    if form not in export.FORMS:
        raise NotFound("form")
    desk, officer = desk_of(request), signed_in.officer
    chosen = Filter.read(request.query_params)
    personal = officer.role in _PERSONAL
    await desk.grievances.export(officer, chosen, form, personal=personal)
    asked = chosen.asked(officer, desk.clock.now())

    async def batches() -> AsyncIterator[list[export.Row]]:
        after: str | None = None
        while True:
            async with desk.db.reading() as session:
                rows, after = await export.batch(session, asked, after=after, personal=personal)
            yield rows
            if after is None:
                return

    headers = {"Content-Disposition": f'attachment; filename="grievances.{form}"'}
    writer = export.FORMS[form]
    return StreamingResponse(writer.write(batches(), personal=personal), media_type=writer.media_type, headers=headers)


@router.get("/{grievance_id}")
async def show_grievance(request: Request, signed_in: Reading, grievance_id: str, done: str = "") -> Response:
    """One grievance."""
    shown = await _page(request, signed_in, grievance_id, done=done if done in forms.MOVES else "")
    await desk_of(request).grievances.note_opened(signed_in.officer, grievance_id)
    return shown


async def _page(
    request: Request,
    signed_in: SignedIn,
    grievance_id: str,
    *,
    done: str = "",
    refused: Refused | None = None,
    status: int = 200,
) -> Response:
    async with desk_of(request).db.reading() as session:
        opened = await page.opened(session, _reader(request, signed_in), grievance_id)
    return render(
        request,
        "grievances/grievance.html",
        status,
        signed_in=signed_in,
        opened=opened,
        refused=refused,
        typed=refused.typed if refused else Typed(),
        done=done,
        key=new_id(),
        longest=forms.LONGEST_TEXT,
        conversation_id="",
        page=f"grievances/{opened.view.id}",
    )


@router.post("/{grievance_id}/acts/{move}")
async def act(
    request: Request, signed_in: Posting, grievance_id: str, move: str, form: Annotated[Typed, Depends(forms.typed)]
) -> Response:
    """Do something to a grievance; a refused form is shown again with what was typed."""
    desk, made = desk_of(request), _move(move)
    try:
        await desk.grievances.act(signed_in.officer, grievance_id, made, form)
    except InvalidInput as error:
        refused = Refused(made, form, forms.problem_of(made, error.field), error.field)
        return await _page(request, signed_in, grievance_id, refused=refused, status=422)
    except Conflict:
        refused = await _conflict(request, signed_in, grievance_id, made, form)
        return await _page(request, signed_in, grievance_id, refused=refused, status=409)
    async with desk.db.reading() as session:
        try:
            await service.get(session, grievance_id, rooms=signed_in.officer.rooms)
        except NotFound:  # it was given to another room
            return RedirectResponse(f"{base_of(request)}/grievances?done={made}", 303)
    return RedirectResponse(f"{base_of(request)}/grievances/{grievance_id}?done={made}", 303)


async def _conflict(request: Request, signed_in: SignedIn, grievance_id: str, move: Move, form: Typed) -> Refused:
    reader = _reader(request, signed_in)
    changes: tuple[str, ...] = ()
    if form.version is not None:
        async with desk_of(request).db.reading() as session:
            changes = await page.changes_since(session, reader, grievance_id, form.version)
    return Refused(move, form, "refused_changed" if changes else "refused_not_now", changes=changes)


@router.get("/{grievance_id}/letters/{kind}.pdf")
async def take_letter(
    request: Request, signed_in: Reading, grievance_id: str, kind: LetterKind, language: str = "en"
) -> Response:
    """A letter about the grievance, as PDF."""
    if language not in LANGUAGES:
        raise InvalidInput("language", "one of " + ", ".join(LANGUAGES))
    desk = desk_of(request)
    view = await desk.grievances.letter(signed_in.officer, grievance_id, kind, language)
    letter = content.compose(kind, view, language=language, now=desk.clock.now())
    made = await asyncio.to_thread(press.pdf, letter)
    name = f"{reference.shown(view.reference)}-{kind}-{language}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(made, media_type="application/pdf", headers=headers)


@router.get("/{grievance_id}/files/{media_id}")
async def find_file(request: Request, signed_in: Reading, grievance_id: str, media_id: str) -> Response:
    """Lead to a file of the grievance, by a link for this officer."""
    desk, officer = desk_of(request), signed_in.officer
    await desk.grievances.file(officer, grievance_id, media_id)
    link = media.sign_link(media_id, officer.id, desk.clock.now())
    return RedirectResponse(f"{base_of(request)}/files/{media_id}?{link}", 303)
