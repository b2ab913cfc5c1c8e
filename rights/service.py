"""The door to contacts' rights over their data: a summary, a link to a copy, an erasure asked for and cancelled.

Who asks is known by the conversation in which it is asked, and only there is it answered: on a channel whose provider
proves the address by delivering to it. A caller's number proves nothing, so nothing is told on a call.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.conversations import service as conversations
from core.dues import service as dues
from core.errors import NotFound, NotPermitted, TooMany
from core.ids import new_id
from core.privacy.encryption import keyring
from grievances import holdings as grievances
from rights.models import ErasedAddress, Erasure, ExportLink
from rights.schemas import Asked, ErasureView, LinkView, MadeLink, Summary
from rights.settings import RightsSettings
from rights.stores import stores, subject_of

ERASE = "privacy.erase"
"""Due at the end of the notice: everything personal is erased."""
FINISH = "privacy.finish"
"""Due at once after that: what lies outside this database."""
PURGE = "privacy.purge_log"
"""Due a year later: the bare rows that were the log."""
PREFIX = "privacy."
DELIVERS_TO_THE_ADDRESS = frozenset({"whatsapp", "telegram"})
"""Channels on which an answer reaches the address that was written from, and nobody else."""
_DAY = timedelta(days=1)


async def contact_who_asks(session: AsyncSession, conversation_id: str) -> str:
    """The contact to whom this conversation may tell what is held about it.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: Its channel does not prove who listens.
    """
    view = await conversations.get(session, conversation_id)
    if view.channel not in DELIVERS_TO_THE_ADDRESS:
        raise NotPermitted("this channel does not prove who listens")
    return view.contact_id


async def summary(session: AsyncSession, conversation_id: str, *, now: datetime) -> Summary:
    """What is held about whoever leads this conversation.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: Its channel does not prove who listens.
    """
    contact_id = await contact_who_asks(session, conversation_id)
    subject = await subject_of(session, contact_id)
    held = [one for store in stores() for one in await store.count(session, subject) if one.count]
    await audit.record(session, actor="contact", act="privacy.summary", subject=contact_id, now=now)
    return Summary(
        held=tuple(held),
        open_grievances=await grievances.count_open(session, contact_id),
        shared_with=await grievances.registries_of(session, subject),
        erasure=await waiting(session, contact_id),
    )


# --- a copy -------------------------------------------------------------------------------------------------


def _token_index(token: str) -> bytes:
    return keyring().blind_index(token, "export.token")


async def make_link(
    session: AsyncSession, conversation_id: str, *, turn_id: str, language: str, settings: RightsSettings, now: datetime
) -> MadeLink:
    """Make a link to a copy of everything held about whoever leads this conversation.

    Args:
        session: The caller's transaction.
        conversation_id: Where it was asked for, and where alone the link may be told.
        turn_id: The turn that asks; asked again, it gets no second link.
        language: Of the page and of the copy.
        settings: How long it lives, and how many there may be.
        now: When.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: Its channel does not prove who listens.
        TooMany: The contact had its links of the day.
    """
    contact_id = await contact_who_asks(session, conversation_id)
    before = await session.scalar(select(ExportLink).where(ExportLink.turn_id == turn_id))
    if before is not None:
        return MadeLink(link=LinkView.model_validate(before), token=None)
    lately = select(func.count(), func.min(ExportLink.made_at)).where(
        ExportLink.contact_id == contact_id, ExportLink.made_at > now - _DAY
    )
    count, first = (await session.execute(lately)).one()
    if count >= settings.links_a_day:
        raise TooMany("links to a copy", retry_after=max((first + _DAY - now).total_seconds(), 1.0))
    # An earlier link that nobody opened is of no use any more.
    await session.execute(
        update(ExportLink).where(ExportLink.contact_id == contact_id, ExportLink.ends_at > now).values(ends_at=now)
    )
    token = secrets.token_urlsafe(32)
    row = ExportLink(
        id=new_id(),
        token_index=_token_index(token),
        contact_id=contact_id,
        turn_id=turn_id,
        language=language,
        made_at=now,
        ends_at=now + settings.link_life,
    )
    session.add(row)
    await session.flush()
    await audit.record(
        session, actor="contact", act="privacy.link_made", subject=contact_id, now=now, detail={"link": row.id}
    )
    return MadeLink(link=LinkView.model_validate(row), token=token)


async def find_link(session: AsyncSession, token: str, *, now: datetime) -> LinkView:
    """The link with this token, if it can still be opened.

    Raises:
        NotFound: There is none, or it has ended, or was opened.
    """
    row = await session.scalar(select(ExportLink).where(ExportLink.token_index == _token_index(token)))
    if row is None or row.opened_at is not None or row.ends_at <= now:
        raise NotFound("link")
    return LinkView.model_validate(row)


async def open_link(session: AsyncSession, token: str, *, now: datetime) -> LinkView:
    """Open a link, once and for all.

    Raises:
        NotFound: There is none, or it has ended, or somebody opened it first.
    """
    found = await find_link(session, token, now=now)
    opened = await session.execute(
        update(ExportLink).where(ExportLink.id == found.id, ExportLink.opened_at.is_(None)).values(opened_at=now)
    )
    if opened.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("link")
    await audit.record(
        session,
        actor="contact",
        act="privacy.link_opened",
        subject=found.contact_id,
        now=now,
        detail={"link": found.id},
    )
    return found


# --- an erasure ---------------------------------------------------------------------------------------------


async def waiting(session: AsyncSession, contact_id: str) -> ErasureView | None:
    """The contact's erasure that waits, if there is one."""
    row = await session.scalar(
        select(Erasure).where(
            Erasure.contact_id == contact_id, Erasure.cancelled_at.is_(None), Erasure.erased_at.is_(None)
        )
    )
    return ErasureView.model_validate(row) if row else None


async def preview_erasure(
    session: AsyncSession, conversation_id: str, *, settings: RightsSettings, now: datetime
) -> Asked:
    """What asking for an erasure now would mean; nothing is noted.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: Its channel does not prove who listens.
    """
    view = await conversations.get(session, conversation_id)
    contact_id = await contact_who_asks(session, conversation_id)
    erasure = await waiting(session, contact_id) or ErasureView(
        id="", contact_id=contact_id, channel=view.channel, requested_at=now, due_at=now + settings.notice
    )
    return Asked(erasure=erasure, open_grievances=await grievances.count_open(session, contact_id))


async def request_erasure(
    session: AsyncSession, conversation_id: str, *, settings: RightsSettings, now: datetime
) -> Asked:
    """Note that everything held about whoever leads this conversation is to be erased after the notice.

    Asking again changes nothing.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: Its channel does not prove who listens.
    """
    asked = await preview_erasure(session, conversation_id, settings=settings, now=now)
    if asked.erasure.id:
        return asked
    row = Erasure(**asked.erasure.model_dump(exclude={"id"}), id=new_id(), withdrawn=0)
    session.add(row)
    await session.flush()
    await dues.schedule(session, ERASE, row.id, row.due_at)
    await audit.record(
        session, actor="contact", act="privacy.erase_requested", subject=row.contact_id, now=now, detail={"id": row.id}
    )
    return Asked(erasure=ErasureView.model_validate(row), open_grievances=asked.open_grievances)


async def cancel_erasure(session: AsyncSession, conversation_id: str, *, now: datetime) -> bool:
    """Take the request back.

    Returns:
        Whether there was one.

    Raises:
        NotFound: There is no such conversation.
        NotPermitted: Its channel does not prove who listens.
    """
    contact_id = await contact_who_asks(session, conversation_id)
    present = await waiting(session, contact_id)
    if present is None:
        return False
    cancelled = await session.execute(
        update(Erasure)
        .where(Erasure.id == present.id, Erasure.cancelled_at.is_(None), Erasure.erased_at.is_(None))
        .values(cancelled_at=now)
    )
    if cancelled.rowcount != 1:  # type: ignore[attr-defined]
        return False
    await dues.cancel(session, present.id, PREFIX)
    await audit.record(
        session,
        actor="contact",
        act="privacy.erase_cancelled",
        subject=contact_id,
        now=now,
        detail={"id": present.id},
    )
    return True


async def erasures_of_address(session: AsyncSession, kind: str, value: str) -> list[ErasureView]:
    """Erasures of the last year in which this address was erased: that it was, and when, is all that is left."""
    rows = await session.scalars(
        select(Erasure)
        .join(ErasedAddress, ErasedAddress.erasure_id == Erasure.id)
        .where(ErasedAddress.digest == address_digest(kind, value))
        .order_by(Erasure.erased_at)
    )
    return [ErasureView.model_validate(row) for row in rows]


def address_digest(kind: str, value: str) -> bytes:
    """What is kept of an erased address."""
    return keyring().blind_index(f"{kind}\0{value}", "erasure.address")
