"""A small file beside the back-ups that says who asked to be erased, so that a restore erases them again.

It holds ids and moments only. Lines are kept by the id of the request; what the database does not know any more, after
a restore or because its log was purged, stays until the oldest back-up is gone.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.dues import service as dues
from core.privacy.holdings import Holding
from rights import erasure
from rights.models import Erasure
from rights.schemas import ErasureView
from rights.service import ERASE
from rights.settings import RightsSettings

KEPT_FOR = timedelta(days=400)
"""Longer than any back-up is kept (docs/privacy.md)."""
Lines = Mapping[str, ErasureView]


def path(data_dir: Path) -> Path:
    """Where the journal of an installation is."""
    return data_dir / "backups" / "erasures.jsonl"


def read(file: Path) -> dict[str, ErasureView]:
    """The requests in the journal, by id; a line that was cut off is left out."""
    found = {}
    for line in file.read_text("utf-8").splitlines() if file.exists() else []:
        try:
            view = ErasureView.model_validate_json(line)
        except ValueError:
            continue
        found[view.id] = view
    return found


def write(file: Path, lines: Lines) -> None:
    """Write the journal anew, wholly or not at all, readable by the owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(file.name + ".new")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        for view in lines.values():
            out.write(json.dumps(view.model_dump(mode="json"), separators=(",", ":")) + "\n")
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)


async def keep(db: Database, file: Path, *, now: datetime) -> None:
    """Bring the journal up to what the database knows."""
    async with db.reading() as session:
        rows = await session.scalars(select(Erasure).order_by(Erasure.requested_at, Erasure.id))
        known = {row.id: ErasureView.model_validate(row) for row in rows}
    before = await asyncio.to_thread(read, file)
    merged = {key: view for key, view in before.items() if view.due_at > now - KEPT_FOR}
    merged |= {key: view for key, view in known.items() if not _is_older(view, before.get(key))}
    if merged != before:
        await asyncio.to_thread(write, file, merged)


def _is_older(view: ErasureView, written: ErasureView | None) -> bool:
    """Whether the journal knows more than the database, which was put back to an earlier state."""
    return written is not None and not written.is_waiting and view.is_waiting


async def replay(
    session: AsyncSession, lines: Lines, holdings: Sequence[Holding], *, settings: RightsSettings, now: datetime
) -> tuple[int, int]:
    """After a restore: erase again what was erased since, and put back what was asked for.

    Args:
        session: The caller's transaction; nothing else runs on the database.
        lines: The journal.
        holdings: Every holding.
        settings: How long the log is kept.
        now: When.

    Returns:
        How many erasures were done again, and how many requests wait.
    """
    again = waiting = 0
    for view in lines.values():
        row = await session.get(Erasure, view.id)
        if row is None:
            row = Erasure(**view.model_dump(exclude={"erased_at", "finished_at"}), withdrawn=0)
            session.add(row)
        elif row.erased_at is None and view.cancelled_at is not None:
            row.cancelled_at = view.cancelled_at
            await dues.cancel(session, row.id)
        await session.flush()
        if view.erased_at is not None:
            again += await erasure.erase(session, row.id, holdings, settings=settings, now=now, patient=False)
        elif view.is_waiting:
            waiting += 1
            await dues.schedule(session, ERASE, row.id, view.due_at)
    return again, waiting
