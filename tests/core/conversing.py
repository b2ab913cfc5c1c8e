"""Short ways for tests to make a contact, a conversation and what is said in it."""

from datetime import datetime
from itertools import count

from core.conversations import service as conversations
from core.conversations.schemas import ConversationView
from core.db import Database
from core.events import AddressRef, InboundMessage, Kind, OutboundContent
from core.outbox import service as outbox

CONTACT = AddressRef(kind="whatsapp", value="+910000000101")
OTHER = AddressRef(kind="whatsapp", value="+910000000102")
_numbers = count(1)


def written(
    text: str = "namaste",
    *,
    sid: str = "",
    address: AddressRef = CONTACT,
    kind: Kind = Kind.TEXT,
    button: str | None = None,
    reply_to: str | None = None,
    sent_at: datetime | None = None,
) -> InboundMessage:
    return InboundMessage(
        provider="twilio",
        provider_id=sid or f"SM{next(_numbers):032x}",
        channel="whatsapp",
        address=address,
        kind=kind,
        text=text,
        button=button,
        reply_to=reply_to,
        profile_name="Meera",
        sent_at=sent_at,
    )


async def opened(db: Database, now: datetime, address: AddressRef = CONTACT) -> ConversationView:
    async with db.transaction() as session:
        return await conversations.find_or_open(session, address, channel="whatsapp", profile_name="Meera", now=now)


async def posted(
    db: Database, conversation_id: str, turn_id: str, now: datetime, *contents: OutboundContent
) -> list[str]:
    async with db.transaction() as session:
        return await outbox.post(session, conversation_id, turn_id, contents, author="bot", now=now)


def said(text: str = "An answer.") -> OutboundContent:
    return OutboundContent(text=text)
