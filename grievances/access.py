"""Proving that a grievance is one's own: its reference with its access code.

Nothing tells an unknown reference from a wrong code: the same queries, the same comparison, the same counting, the same
answer. Wrong codes are counted for references that nobody has, too.
"""

import hmac
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput
from core.privacy.encryption import keyring
from grievances import reference as references
from grievances import repository
from grievances.models import Grievance, GrievanceProof
from grievances.schemas import GrievanceView

MOST_WRONG = 5
WITHIN = timedelta(hours=1)
LOCKED_FOR = timedelta(hours=1)
_NOBODY = "00000000000000000000000000"
_NO_CODE = bytes(16)


def code_index(grievance_id: str, code: str) -> bytes:
    """What is kept of an access code."""
    return keyring().blind_index(f"{grievance_id}\0{code}", "grievance.code")


async def prove(session: AsyncSession, reference: str, code: str, *, now: datetime) -> GrievanceView | None:
    """The grievance, to who knows its code; see `service.prove`."""
    number = references.parse(reference)
    row = await repository.by_reference(session, number, None)
    proof = await _proof(session, number, now)
    is_right = _fits(row, code)
    is_locked = proof.locked_until is not None and now < proof.locked_until
    if row is not None and is_right and not is_locked:
        await session.delete(proof)
        await session.flush()
        return repository.view(row)
    await _count(session, proof, now)
    return None


async def _proof(session: AsyncSession, number: str, now: datetime) -> GrievanceProof:
    """The counter of a reference, made if it is missing and locked, so that guesses at once are all counted."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(GrievanceProof).values(reference=number, wrong=0, since=now, locked_until=None)
    await session.execute(fresh.on_conflict_do_nothing())
    query = select(GrievanceProof).where(GrievanceProof.reference == number).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


def _fits(row: Grievance | None, code: str) -> bool:
    """Compare in the time that every comparison takes."""
    digits = _digits(code)
    given = code_index(row.id if row is not None else _NOBODY, digits)
    kept = row.code_index if row is not None else _NO_CODE
    return hmac.compare_digest(given, bytes(kept)) and row is not None


def _digits(code: str) -> str:
    try:
        return references.normalise(code)
    except InvalidInput:
        return ""


async def _count(session: AsyncSession, proof: GrievanceProof, now: datetime) -> None:
    """Count a wrong code, and lock the reference when there were too many."""
    if now - proof.since >= WITHIN:
        proof.wrong, proof.since = 0, now
    proof.wrong += 1
    if proof.wrong >= MOST_WRONG and (proof.locked_until is None or proof.locked_until <= now):
        proof.locked_until = now + LOCKED_FOR
    await session.flush()
    # Whoever tries many references leaves no heap of rows behind.
    old = delete(GrievanceProof).where(GrievanceProof.since < now - WITHIN - LOCKED_FOR)
    await session.execute(old.execution_options(synchronize_session=False))
