"""Carries an erasure out: inside the database in one transaction, outside it afterwards, the log a year later.

What is erased is looked for again before the commit; a leftover undoes everything, and the next round tries again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.conversations import holdings as conversations
from core.dues import service as dues
from core.errors import Conflict, SahayakError
from core.privacy.holdings import Holding, Subject
from core.turns.holdings import turn_ids
from grievances import holdings as grievances
from rights.models import ErasedAddress, Erasure
from rights.service import FINISH, PURGE, address_digest
from rights.settings import RightsSettings
from rights.stores import subject_of

PATIENCE = timedelta(hours=1)
"""How long an erasure waits for an answer that is being made; then a turn that never ends is no excuse."""


class NotErased(SahayakError):
    """Something is left of a contact after an erasure; nothing was committed."""


async def erase(
    session: AsyncSession,
    erasure_id: str,
    stores: Sequence[Holding],
    *,
    settings: RightsSettings,
    now: datetime,
    patient: bool = True,
) -> bool:
    """Erase everything personal of a contact.

    Args:
        session: The caller's transaction.
        erasure_id: The request.
        stores: Every holding.
        settings: How long the log is kept.
        now: When.
        patient: Whether to wait for an answer that is being made.

    Returns:
        False when there is nothing to do: cancelled, or erased already.

    Raises:
        Conflict: Something that the contact wrote is being answered; it is tried again soon.
        NotErased: Something would be left.
    """
    row = await session.scalar(select(Erasure).where(Erasure.id == erasure_id).with_for_update())
    if row is None or row.cancelled_at is not None or row.erased_at is not None:
        return False
    if await conversations.lock_contact(session, row.contact_id):
        subject = await subject_of(session, row.contact_id)
        if patient and now < row.due_at + PATIENCE and await conversations.is_busy(session, subject):
            raise Conflict("a turn of this contact is not done")
        await _remember_addresses(session, subject, row.id)
        row.withdrawn = await grievances.count_open(session, row.contact_id)
        for store in stores:
            await store.erase(session, subject, now=now)
        await _look_again(session, subject, stores)
    row.erased_at = now
    await session.flush()
    await dues.schedule(session, FINISH, row.id, now)
    await dues.schedule(session, PURGE, row.id, now + settings.log_kept)
    # Under the request's id: under the contact's it would be a thing that is left.
    await audit.record(
        session, actor="system", act="privacy.erased", subject=row.id, now=now, detail={"withdrawn": row.withdrawn}
    )
    return True


async def _remember_addresses(session: AsyncSession, subject: Subject, erasure_id: str) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for kind, value in await conversations.addresses_of(session, subject):
        digest = address_digest(kind, value)
        new = dialect.insert(ErasedAddress).values(digest=digest, erasure_id=erasure_id)
        await session.execute(new.on_conflict_do_nothing())


async def _look_again(session: AsyncSession, subject: Subject, stores: Sequence[Holding]) -> None:
    left: dict[str, int] = {}
    for store in stores:
        left |= await store.left(session, subject)
    if left:
        raise NotErased(", ".join(f"{table}: {number}" for table, number in sorted(left.items())))


async def ids_outside(session: AsyncSession, erasure_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the conversations and of the turns under which others may know the contact."""
    contact_id = await session.scalar(select(Erasure.contact_id).where(Erasure.id == erasure_id))
    if contact_id is None:
        return (), ()
    subject = await subject_of(session, contact_id)
    return subject.conversation_ids, await turn_ids(session, subject)


async def finish(session: AsyncSession, erasure_id: str, *, now: datetime) -> None:
    """Note that everything outside the database has forgotten the contact too."""
    await session.execute(
        update(Erasure).where(Erasure.id == erasure_id, Erasure.finished_at.is_(None)).values(finished_at=now)
    )


async def purge(session: AsyncSession, erasure_id: str, stores: Sequence[Holding], *, now: datetime) -> bool:
    """Remove the bare rows that were kept as a log, and the erasure's own last of all.

    What stays: the audit chain and, where there were grievances, the ledger's bare facts; neither leads to a person.

    Returns:
        Whether there was something to remove.
    """
    row = await session.scalar(select(Erasure).where(Erasure.id == erasure_id).with_for_update())
    if row is None or row.erased_at is None:
        return False
    subject = await subject_of(session, row.contact_id)
    for store in stores:
        await store.purge(session, subject)
    await session.execute(delete(ErasedAddress).where(ErasedAddress.erasure_id == row.id))
    await session.delete(row)
    await session.flush()
    await audit.record(session, actor="system", act="privacy.log_purged", subject=erasure_id, now=now)
    return True
