"""Every chain and row is checked: one altered row of any table is found and named, on SQLite and on PostgreSQL."""

import argparse
import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.db import Database
from core.media.service import MediaStore
from core.privacy.encryption import Keyring, install
from grievances import beside, reference
from grievances.schemas import CONTACT, Decision, GrievanceView
from grievances.status import Move
from tests.grievances.conftest import TUESDAY, Ledger, opened
from tests.grievances.conftest import clock as clock
from tests.grievances.conftest import database_url as database_url
from tests.grievances.conftest import db as db
from tests.grievances.conftest import ledger_template as ledger_template
from tools import verify_audit

RING = Keyring({1: bytes(range(32))}, bytes(32))
BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)
ALTERED = {
    "audit": ("UPDATE audit SET actor = 'nobody' WHERE id = 2", "audit chain: act 2 "),
    "audit taken out": ("DELETE FROM audit WHERE id = 1", "audit chain: act 2 "),
    "grievance_event": ("UPDATE grievance_event SET actor = 'system' WHERE number = 3", "ledger: event 2 of"),
    "grievance": (
        "UPDATE grievance SET channel = 'sms' WHERE reference = :reference",
        "grievances: grievance {shown} ",
    ),
    "grievance_vector": ("DELETE FROM grievance_vector", "grievances: grievance {shown} "),
    "grievance_term": ("DELETE FROM grievance_term WHERE field = 'udyam'", "grievances: grievance "),
    "grievance_attachment": ("UPDATE grievance_attachment SET size = 7", "grievances: grievance {shown} "),
    "grievance_link": ("UPDATE grievance_link SET decision = 'rejected'", "grievances: grievance "),
}


@pytest.fixture(autouse=True)
def ring() -> None:
    install(RING)


@pytest.fixture
def ledger(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


async def fill(ledger: Ledger) -> GrievanceView:
    """Two grievances of which every table holds something; the first."""
    file = await ledger.file_of()
    one = await ledger.filed(vector=(0.6, 0.8), attachment_ids=(file.id,))
    other = await ledger.filed(102)
    await ledger.act(one.id, Move.ATTEND)
    await ledger.act(one.id, Move.LINK, other=other.id, decision=Decision.CONFIRMED)
    await ledger.closed(one.id)
    await ledger.act(one.id, Move.FEEDBACK, CONTACT, rating=3)
    return one


@BOTH
async def test_what_was_checked_is_said_with_how_much_it_was(ledger: Ledger) -> None:
    lines, fits = await verify_audit.verify(ledger.db)
    assert fits
    assert len(lines) == 3
    await fill(ledger)
    lines, fits = await verify_audit.verify(ledger.db)
    assert fits
    assert lines[0] == "ok      audit chain: 4 acts, each follows from the one before it"
    assert lines[1] == "ok      ledger: 7 events, each follows from the one before it"
    words = await ledger.value("SELECT count(*) FROM grievance_term")
    assert lines[2] == (
        f"ok      grievances: 2 with 1 files, 1 links, 1 meanings, {words} search words, each as its events made it"
    )
    assert [line[:14] for line in lines[3:]] == ["note    audit:", "note    ledger"]


@BOTH
@pytest.mark.parametrize("table", ALTERED)
async def test_one_altered_row_of_any_table_is_named(ledger: Ledger, table: str) -> None:
    view = await fill(ledger)
    statement, named = ALTERED[table]
    await ledger.sql(statement, **({"reference": view.reference} if ":reference" in statement else {}))
    lines, fits = await verify_audit.verify(ledger.db)
    assert not fits
    (broken,) = [line for line in lines if line.startswith("BROKEN")]
    assert named.format(shown=reference.shown(view.reference)) in broken


async def test_erasing_is_no_alteration(ledger: Ledger) -> None:
    view = await fill(ledger)
    await ledger.erase(view.id)
    await ledger.sql("UPDATE audit SET detail = NULL")
    assert (await verify_audit.verify(ledger.db))[1]


@pytest.mark.parametrize("chain", ["audit", "ledger"])
async def test_a_chain_that_was_cut_off_at_its_end_is_found_by_what_was_noted(ledger: Ledger, chain: str) -> None:
    """Rows of both chains are taken out at the end, and the grievance's row is put back: nothing inside betrays it."""
    view = await ledger.filed()
    async with ledger.db.engine.connect() as connection:
        before = (await connection.execute(text("SELECT * FROM grievance"))).mappings().one()
    await ledger.act(view.id, Move.ATTEND)
    lines, _fits = await verify_audit.verify(ledger.db)
    ends = [verify_audit.noted(line.removeprefix("note")) for line in lines if line.startswith(f"note    {chain}")]
    assert len(ends) == 1
    assert (await verify_audit.verify(ledger.db, ends))[1]
    await ledger.sql("DELETE FROM audit")
    await ledger.sql("DELETE FROM grievance_event WHERE number = 2")
    values = {name: before[name] for name in ("status", "attended_at", "due_at", "version")}
    await ledger.sql(f"UPDATE grievance SET {', '.join(f'{name} = :{name}' for name in values)}", **values)
    assert (await verify_audit.verify(ledger.db))[1]
    lines, fits = await verify_audit.verify(ledger.db, ends)
    assert not fits
    assert any(line.startswith("BROKEN") and "cut off" in line for line in lines)


@BOTH
async def test_what_is_written_meanwhile_breaks_nothing(
    ledger: Ledger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An officer acts after the rows were read and before their events are."""
    view = await ledger.filed()
    other, read = opened(database_url), beside.read

    async def acted_then_read(session: AsyncSession, ids: Sequence[str]) -> dict[str, beside.Beside]:
        await Ledger(other, ledger.clock, ledger.store).act(view.id, Move.NOTE, text="Meanwhile.")
        return await read(session, ids)

    monkeypatch.setattr(beside, "read", acted_then_read)
    try:
        assert (await verify_audit.verify(ledger.db))[1]
        assert len(await ledger.events(view.id)) == 2
    finally:
        await other.close()


@pytest.mark.parametrize("text", ["", "audit:1", "desk:1:" + "0" * 64, "audit:1:" + "g" * 64])
def test_what_was_not_noted_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        verify_audit.noted(text)


@pytest.mark.parametrize(("statement", "status"), [("SELECT 1", 0), ("UPDATE grievance SET channel = 'x'", 1)])
def test_the_command_ends_with_one_when_something_is_broken(
    ledger_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    statement: str,
    status: int,
) -> None:
    url = f"sqlite+aiosqlite:///{shutil.copy(ledger_template, tmp_path / 'sahayak.db')}"

    async def prepare() -> None:
        db = opened(url)
        ledger = Ledger(db, FixedClock(TUESDAY), MediaStore(tmp_path / "media"))
        await fill(ledger)
        await ledger.sql(statement)
        await db.close()

    asyncio.run(prepare())
    monkeypatch.setenv("SAHAYAK_DATABASE_URL", url)
    monkeypatch.setenv("SAHAYAK_ENCRYPTION_KEYS", "1:" + bytes(range(32)).hex())
    monkeypatch.setenv("SAHAYAK_INDEX_KEY", bytes(32).hex())
    monkeypatch.setenv("SAHAYAK_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("SAHAYAK_KEYS_FILE", raising=False)
    assert asyncio.run(verify_audit.run()) == status
    assert ("BROKEN" in capsys.readouterr().out) == bool(status)


def test_a_database_without_tables_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAHAYAK_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    monkeypatch.setenv("SAHAYAK_ENCRYPTION_KEYS", "1:" + bytes(range(32)).hex())
    monkeypatch.setenv("SAHAYAK_INDEX_KEY", bytes(32).hex())
    monkeypatch.setenv("SAHAYAK_DATA_DIR", str(tmp_path))
    assert asyncio.run(verify_audit.run()) == 1
    assert "make run" in capsys.readouterr().out
