"""Shows the files that contacts sent, to officers who may read the conversation, by links that end soon."""

import asyncio
import mimetypes

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from core.audit import service as audit
from core.conversations import service as conversations
from core.errors import NotFound
from core.media import service as media
from core.media.service import MediaState
from handoff.desk.auth import Reading
from handoff.desk.parts import base_of, desk_of
from handoff.queue import service as queue

router = APIRouter()
_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
_SHOWN = ("image/", "audio/", "video/")


@router.get("/c/{conversation_id}/files/{message_id}/{position}")
async def find_file(
    request: Request, signed_in: Reading, conversation_id: str, message_id: int, position: int
) -> Response:
    """Lead to a file of a line, by a link for this officer."""
    desk, officer = desk_of(request), signed_in.officer
    async with desk.db.transaction() as session:
        await queue.latest_visible(session, conversation_id, rooms=officer.rooms, officer_id=officer.id)
        line = await conversations.get_message(session, message_id)
        kept = (await media.of_messages(session, [message_id])).get(message_id, [])
        file = next((one for one in kept if one.position == position and one.state is MediaState.KEPT), None)
        if line.conversation_id != conversation_id or file is None:
            raise NotFound("file")
        now = desk.clock.now()
        await audit.record(
            session, actor=officer.id, act="file.open", subject=conversation_id, now=now, detail={"file": file.id}
        )
    return RedirectResponse(f"{base_of(request)}/files/{file.id}?{media.sign_link(file.id, officer.id, now)}", 303)


@router.get("/files/{media_id}")
async def show_file(request: Request, signed_in: Reading, media_id: str, expires: int, signature: str) -> Response:
    """The file itself, as long as the link holds."""
    desk = desk_of(request)
    media.check_link(media_id, signed_in.officer.id, expires, signature, desk.clock.now())
    async with desk.db.reading() as session:
        file = await media.get(session, media_id)
    content = await asyncio.to_thread(desk.store.read, media_id)
    kind = file.content_type or "application/octet-stream"
    how = "inline" if kind.startswith(_SHOWN) else "attachment"
    name = f"{media_id[-6:]}{mimetypes.guess_extension(kind) or ''}"
    headers = {"Content-Security-Policy": _POLICY, "Content-Disposition": f'{how}; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)
