"""What the queue tells a contact, in the contact's language."""

from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import INDIA
from core.conversations import service as conversations
from core.errors import NotFound
from core.events import Button, OutboundContent
from core.i18n import sentence
from core.ids import new_id
from core.outbox import service as outbox
from handoff.control_rooms import service as control_rooms

DOMAIN = "queue"
FILE_INSTEAD = "queue:grievance"
"""Payload of the button that leaves the queue for a complaint."""
GO_ON = "queue:wait"
"""Payload of the button that stays."""
_LOCALES = {"en": "en_IN", "hi": "hi_IN", "hi-Latn": "en_IN"}


def say(key: str, language: str | None, **params: Any) -> str:
    """A sentence of the queue's catalogue: ``say("moved", "hi", room=...)``."""
    return sentence(DOMAIN, f"queue.{key}", language, **params)


def room_name(room_id: str | None, language: str | None) -> str:
    """A room as a contact is told of it, by its city."""
    if room_id is None or room_id == control_rooms.HUB:
        return say("hub", language)
    try:
        room = control_rooms.get(room_id)
    except NotFound:
        return room_id
    return say("room", language, city=room.city_hi if language == "hi" else room.city)


def day_and_time(moment: datetime, language: str | None) -> str:
    """A moment to come, in India."""
    local = moment.astimezone(INDIA).replace(tzinfo=None)
    return format_datetime(local, "EEEE, d MMMM, HH:mm", locale=_LOCALES.get(language or "en", "en_IN"))


def waiting_choices(language: str | None) -> tuple[Button, ...]:
    """What a contact can do who has waited too long."""
    return (
        Button(title=say("button_grievance", language), payload=FILE_INSTEAD),
        Button(title=say("button_wait", language), payload=GO_ON),
    )


async def tell(
    session: AsyncSession,
    conversation_id: str,
    keys: tuple[str, ...],
    *,
    now: datetime,
    choices: bool = False,
    room: str | None = None,
    **params: Any,
) -> None:
    """Put sentences into a conversation, as one message.

    Args:
        session: The caller's transaction.
        conversation_id: Which conversation.
        keys: Of the sentences.
        now: When.
        choices: Whether to offer what somebody can do who has waited too long.
        room: Id of a room that the sentences name.
        params: What else they name; an `opening` is a moment.
    """
    language = (await conversations.get(session, conversation_id)).language or "en"
    told = dict(params)
    if room is not None:
        told["room"] = room_name(room, language)
    if isinstance(told.get("opening"), datetime):
        told["opening"] = day_and_time(told["opening"], language)
    content = OutboundContent(
        text=" ".join(_capital(say(key, language, **told)) for key in keys),
        language=language,
        key=f"queue.{keys[0]}",
        params={name: str(value) for name, value in told.items()},
        buttons=waiting_choices(language) if choices else (),
    )
    await outbox.post(session, conversation_id, f"q{new_id()}", [content], author="system", now=now)


def _capital(text: str) -> str:
    """A sentence may begin with a room's name."""
    return text[:1].upper() + text[1:]
