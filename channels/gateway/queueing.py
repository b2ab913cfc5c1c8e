"""What the gateway does itself about the officers' queue: words of distress, and the choices of somebody who waits."""

from collections.abc import Callable
from dataclasses import replace

from channels.gateway.responders import OFFICER_PAYLOAD, Question, Reply
from core import log
from core.conversations.state import State
from core.db import Database
from core.errors import NotPermitted
from core.events import Button, Kind, OutboundContent
from handoff.queue import notices, rules
from handoff.queue import service as queue

_LOG = log.get(__name__)
_COMPLAINT = "/file_grievance"
Notice = Callable[[str], OutboundContent]
_ASKABLE = frozenset({State.BOT, State.WAITING})


async def lead(db: Database, question: Question, notice: Notice) -> tuple[Question, Reply | None]:
    """Answer what concerns the queue, or make of it what the assistant understands.

    Args:
        db: The application's database.
        question: What the turn asks.
        notice: Gives the notice of consent in a language; its first choice agrees.

    Returns:
        The question as it is to be asked, and the reply if there is nothing to ask any more.
    """
    state = question.claim.conversation.state
    payload = question.pressed.payload if question.pressed else ""
    if payload in {notices.FILE_INSTEAD, notices.GO_ON}:
        return await _chosen(db, question, payload)
    written = question.claim.messages[0].kind == Kind.TEXT and question.pressed is None
    heard = rules.distress(question.text) if written and state in _ASKABLE else None
    return question, await _distress(db, question, notice(_language(question, heard))) if heard else None


async def _chosen(db: Database, question: Question, payload: str) -> tuple[Question, Reply | None]:
    """A complaint instead of waiting, or waiting on; after a repeated turn, or too late, the same again."""
    conversation = question.claim.conversation
    if conversation.state is State.OFFICER:
        return question, Reply()
    if payload == notices.GO_ON and conversation.state is State.WAITING:
        return question, await _goes_on(db, question)
    if payload == notices.FILE_INSTEAD:
        async with db.transaction() as session:
            left = await queue.leave(session, conversation.id, now=question.now)
        if not left and conversation.state is State.WAITING:
            return question, Reply()  # an officer was faster
    asked = _COMPLAINT if payload == notices.FILE_INSTEAD else OFFICER_PAYLOAD
    pressed = Button(title=question.pressed.title if question.pressed else "", payload=asked)
    again = question.claim.model_copy(update={"conversation": conversation.model_copy(update={"state": State.BOT})})
    return replace(question, pressed=pressed, claim=again), None


async def _goes_on(db: Database, question: Question) -> Reply:
    """Say where in the queue the contact stands."""
    async with db.reading() as session:
        view = await queue.open_for(session, question.claim.conversation.id)
        place = await queue.position(session, view) if view else 0
    key = "goes_on" if place else "goes_on_served"
    room = notices.room_name(view.room if view else None, question.language)
    return _reply(question.language, key, position=place, room=room)


async def _distress(db: Database, question: Question, notice: OutboundContent) -> Reply:
    """To the front of the queue, with helplines; without consent helplines and the question whether an officer may."""
    conversation = question.claim.conversation
    language = notice.language or question.language
    try:
        async with db.transaction() as session:
            asked = await queue.request_handover(
                session,
                conversation_id=conversation.id,
                turn_id=question.claim.turn_id,
                reason=rules.DISTRESS,
                priority=rules.DISTRESS_PRIORITY,
                now=question.now,
            )
    except NotPermitted:
        buttons = tuple(
            button.model_copy(update={"payload": f"{button.payload}:{OFFICER_PAYLOAD}"}) if number == 0 else button
            for number, button in enumerate(notice.buttons)
        )
        said = _reply(language, "distress_unheard")
        return replace(said, contents=(*said.contents, notice.model_copy(update={"buttons": buttons})))
    _LOG.warning("queue.distress", conversation_id=conversation.id, handover_id=asked.id)
    return _reply(language, "distress")


def _language(question: Question, heard: str) -> str:
    """The contact's language; of a contact who is not known yet, the one in which it writes."""
    return question.claim.conversation.language or heard


def _reply(language: str, key: str, **params: object) -> Reply:
    text = notices.say(key, language, **params)
    shown = {name: str(value) for name, value in params.items()}
    return Reply((OutboundContent(text=text, language=language, key=f"queue.{key}", params=shown),))
