"""Grievances that may be one and the same: by meaning, place and time; officers decide, and their decisions are kept.

Candidates come from indexes and never from a look at every row: the same contact, enterprise or opponent, then the same
category in the same district, then in the same State. Only their vectors are decrypted.
"""

import math
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import mul

from sqlalchemy import or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput
from grievances.models import Grievance, GrievanceLink, GrievanceVector
from grievances.schemas import Decision, GrievanceView, Link, Suggestion

WITHIN = timedelta(days=120)
MAX_CANDIDATES = 300
_PER_RULE = (50, 50, 50, 150, 150)
MAX_DIMENSIONS = 2048
LEAST_SCORE = 0.9


def packed(vector: Sequence[float]) -> bytes:
    """A vector of length 1 in half precision, two bytes a number.

    Raises:
        InvalidInput: It has no length, or too many numbers, or one that is none.
    """
    length = math.sqrt(sum(map(mul, vector, vector)))
    if not 0 < len(vector) <= MAX_DIMENSIONS or not 0 < length < math.inf:
        raise InvalidInput("vector", f"1 to {MAX_DIMENSIONS} numbers, not all 0")
    return struct.pack(f"<{len(vector)}e", *(number / length for number in vector))


def _unpacked(stored: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(stored) // 2}e", stored)


async def vector_of(session: AsyncSession, grievance_id: str) -> bytes | None:
    """The stored vector of a grievance."""
    return await session.scalar(select(GrievanceVector.vector).where(GrievanceVector.grievance_id == grievance_id))


async def suggest(
    session: AsyncSession,
    view: GrievanceView,
    vector: Sequence[float] | None = None,
    *,
    now: datetime,
    rooms: frozenset[str] | None = None,
    limit: int = 5,
) -> list[Suggestion]:
    """Grievances that may be duplicates of one, the likest first; those that an officer has decided on are left out.

    Args:
        session: The caller's transaction.
        view: The grievance.
        vector: Its meaning; None takes the stored one.
        now: Older than `WITHIN` before it is not looked at.
        rooms: Rooms whose grievances may be seen; None for all of them.
        limit: How many at most.
    """
    stored = packed(vector) if vector is not None else await vector_of(session, view.id)
    if stored is None:
        return []
    decided = {link.other_id for link in await links(session, view.id)}
    candidates = [one for one in await _candidates(session, view, now, rooms) if one not in decided]
    rows = await session.execute(
        select(GrievanceVector.grievance_id, GrievanceVector.vector).where(
            GrievanceVector.grievance_id.in_(candidates[:MAX_CANDIDATES])
        )
    )
    mine = _unpacked(stored)
    scored = [
        Suggestion(id=grievance_id, score=round(sum(map(mul, mine, _unpacked(other))), 3))
        for grievance_id, other in rows
        if len(other) == len(stored)
    ]
    likely = [one for one in scored if one.score >= LEAST_SCORE]
    return sorted(likely, key=lambda one: (-one.score, one.id))[:limit]


async def _candidates(
    session: AsyncSession, view: GrievanceView, now: datetime, rooms: frozenset[str] | None
) -> list[str]:
    own = (
        await session.execute(
            select(Grievance.udyam_index, Grievance.against_index, Grievance.district_index, Grievance.state).where(
                Grievance.id == view.id
            )
        )
    ).one_or_none()
    if own is None:
        return []
    rules = (
        Grievance.contact_id == view.contact_id,
        Grievance.udyam_index == own.udyam_index,
        Grievance.against_index == own.against_index,
        (Grievance.category == view.category) & (Grievance.district_index == own.district_index),
        (Grievance.category == view.category) & (Grievance.state == own.state),
    )
    known = (True, own.udyam_index, own.against_index, own.district_index, own.state)
    parts = []
    for rule, value, most in zip(rules, known, _PER_RULE, strict=True):
        if value is None:
            continue
        query = select(Grievance.id).where(rule, Grievance.filed_at > now - WITHIN, Grievance.id != view.id)
        if rooms is not None:
            query = query.where(Grievance.room.in_(sorted(rooms)))
        newest = query.order_by(Grievance.filed_at.desc()).limit(most).subquery()
        parts.append(select(newest.c.id))
    return list(dict.fromkeys(await session.scalars(union_all(*parts))))


async def decide(
    session: AsyncSession, one_id: str, other_id: str, decision: Decision, *, officer_id: str, now: datetime
) -> None:
    """Keep an officer's decision about two grievances; a later one takes its place."""
    first, second = sorted((one_id, other_id))
    link = await session.get(GrievanceLink, (first, second))
    if link is None:
        link = GrievanceLink(first_id=first, second_id=second)
        session.add(link)
    link.decision, link.officer_id, link.at = decision, officer_id, now
    await session.flush()


async def links(session: AsyncSession, grievance_id: str) -> list[Link]:
    """What was decided about a grievance, the newest first."""
    rows = await session.scalars(
        select(GrievanceLink)
        .where(or_(GrievanceLink.first_id == grievance_id, GrievanceLink.second_id == grievance_id))
        .order_by(GrievanceLink.at.desc())
    )
    return [
        Link(
            other_id=row.second_id if row.first_id == grievance_id else row.first_id,
            decision=Decision(row.decision),
            officer_id=row.officer_id,
            at=row.at,
        )
        for row in rows
    ]
