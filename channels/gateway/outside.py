"""What is said to a contact who has not written lately, where a channel then takes approved templates only."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from channels.base import Sender, TemplateSender
from core.clock import INDIA
from core.conversations import window
from core.conversations.schemas import AddressView
from core.events import OutboundContent
from core.i18n import LANGUAGES, sentence
from core.outbox import service as outbox
from core.outbox import waiting
from core.outbox.service import OutboundView

DOMAIN = "templates"
Send = Callable[[str, OutboundContent, str], Awaitable[str]]
"""One way to send: takes address, content and our id, gives the provider's id."""


def is_closed(row: OutboundView, address: AddressView, length: timedelta | None, now: datetime) -> bool:
    """Whether a row must not go out as free text.

    The provider's own word counts for more than our clock, until the contact writes again.

    Args:
        row: The row.
        address: Where to.
        length: The channel's window; None where there is none.
        now: When.
    """
    if length is None:
        return False
    written_since = address.last_inbound_at is not None and address.last_inbound_at > row.created_at
    return (row.content.outside and not written_since) or not window.is_open(address, length, now)


async def choose(sender: Sender, content: OutboundContent) -> tuple[Send | None, OutboundContent | None]:
    """How a content may be said now.

    Returns:
        The way to send it, if an approved template says it; else what asks the contact to write, if that is approved.

    Raises:
        RetryableDelivery: That cannot be known just now.
    """
    if not isinstance(sender, TemplateSender):
        return None, None
    if await sender.has_template(content):
        return sender.send_template, None
    asking = asks_to_write(content)
    if content.key.startswith(f"{DOMAIN}.") or not await sender.has_template(asking):
        return None, None
    return None, asking


def asks_to_write(content: OutboundContent) -> OutboundContent:
    """What asks a contact to write so that a content may be sent; it names the grievance that it is about."""
    language = content.language if content.language in LANGUAGES else LANGUAGES[0]
    reference = str(content.params.get("reference") or "")
    params = {"reference": reference} if reference else {}
    key = f"{DOMAIN}.write_back" if reference else f"{DOMAIN}.write_back_plain"
    text = sentence(DOMAIN, key, language, **params)
    return OutboundContent(text=text, language=language, key=key, params=params, outside=content.outside)


async def nudge(
    session: AsyncSession, row: OutboundView, asking: OutboundContent, address: AddressView, now: datetime
) -> None:
    """Keep a row until its contact writes, and ask for that: about one matter at most once a day."""
    if not await waiting.keep(session, row.id):
        return
    day = now.astimezone(INDIA).date().isoformat()
    digest = hashlib.sha256(f"{day}\0{asking.text}\0{address.last_inbound_at}".encode()).hexdigest()
    turn_id = f"n{address.id}{digest[:12]}"
    await outbox.post(session, row.conversation_id, turn_id, [asking], author="system", now=now)
