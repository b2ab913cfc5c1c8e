"""Signs of life of the processes that run turns."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.turns.models import Heartbeat


async def beat(session: AsyncSession, executor_id: str, now: datetime) -> None:
    """Note that the process lives."""
    row = await session.get(Heartbeat, executor_id)
    if row is None:
        session.add(Heartbeat(executor_id=executor_id, beat_at=now))
    else:
        row.beat_at, row.recovered_at = now, None
    await session.flush()


async def claim_silent(session: AsyncSession, own_id: str, now: datetime, silence: timedelta) -> list[str]:
    """Processes that fell silent and whose work nobody has taken over: they are this process's now."""
    silent = list(
        await session.scalars(
            select(Heartbeat.executor_id)
            .where(
                Heartbeat.executor_id != own_id,
                Heartbeat.beat_at < now - silence,
                Heartbeat.recovered_at.is_(None),
            )
            .with_for_update(skip_locked=True)  # a row that is locked is being beaten at this moment
        )
    )
    claimed = []
    for executor_id in silent:
        changed = await session.execute(
            update(Heartbeat)
            .where(
                Heartbeat.executor_id == executor_id,
                Heartbeat.beat_at < now - silence,
                Heartbeat.recovered_at.is_(None),
            )
            .values(recovered_at=now)
        )
        if changed.rowcount == 1:  # type: ignore[attr-defined]
            claimed.append(executor_id)
    return claimed
