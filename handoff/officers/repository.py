"""Queries on officers and their sessions."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.officers.models import Officer, OfficerSession


async def by_login(session: AsyncSession, login: str) -> Officer | None:
    """The officer with this login, if there is one."""
    found: Officer | None = await session.scalar(select(Officer).where(Officer.login == login))
    return found


async def by_ids(session: AsyncSession, officer_ids: Iterable[str]) -> list[Officer]:
    """Those of the officers that exist."""
    return list(await session.scalars(select(Officer).where(Officer.id.in_(set(officer_ids)))))


async def count_attempt(session: AsyncSession, officer_id: str, now: datetime) -> int | None:
    """Count an attempt to sign in before the password is looked at; None when the account is locked.

    Counting first bounds how many passwords can be tried side by side.
    """
    row = await session.execute(
        update(Officer)
        .where(Officer.id == officer_id, or_(Officer.locked_until.is_(None), Officer.locked_until <= now))
        .values(failed_logins=Officer.failed_logins + 1)
        .returning(Officer.failed_logins)
        .execution_options(synchronize_session=False)
    )
    return row.scalar_one_or_none()


async def lock(session: AsyncSession, officer_id: str, until: datetime) -> None:
    """Refuse every attempt until the moment; counting starts anew after it."""
    await session.execute(update(Officer).where(Officer.id == officer_id).values(locked_until=until, failed_logins=0))


async def clear_attempts(session: AsyncSession, officer_id: str) -> None:
    """Forget failed attempts."""
    await session.execute(update(Officer).where(Officer.id == officer_id).values(failed_logins=0, locked_until=None))


async def session_by_digest(session: AsyncSession, digest: bytes) -> tuple[OfficerSession, Officer] | None:
    """The session that belongs to a token, with its officer."""
    row = (
        await session.execute(
            select(OfficerSession, Officer)
            .join(Officer, Officer.id == OfficerSession.officer_id)
            .where(OfficerSession.token_digest == digest)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


async def touch(session: AsyncSession, session_id: str, now: datetime) -> None:
    """Note that the officer did something."""
    await session.execute(update(OfficerSession).where(OfficerSession.id == session_id).values(last_seen_at=now))


async def drop_session(session: AsyncSession, session_id: str) -> None:
    """End one session."""
    await session.execute(delete(OfficerSession).where(OfficerSession.id == session_id))


async def drop_sessions_of(session: AsyncSession, officer_id: str) -> None:
    """End every session of an officer."""
    await session.execute(delete(OfficerSession).where(OfficerSession.officer_id == officer_id))


async def drop_expired(session: AsyncSession, now: datetime) -> None:
    """Remove sessions that are over."""
    await session.execute(delete(OfficerSession).where(OfficerSession.expires_at <= now))
