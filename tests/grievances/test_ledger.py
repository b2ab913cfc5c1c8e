"""Nothing in the ledger can be altered, moved, taken out or put in unnoticed; what is erased leaves no word behind."""

import asyncio
import shutil
import sqlite3
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.clock import FixedClock
from core.db import Database
from core.errors import NotPermitted
from core.media.service import MediaStore
from core.privacy.encryption import Keyring, install, keyring
from grievances import ledger as chain
from grievances.models import Grievance, GrievanceEvent
from grievances.schemas import CONTACT, SYSTEM, Decision, Kind, Place, Registry, Status
from grievances.status import Move
from tests.grievances.conftest import OFFICER, TUESDAY, Ledger, Told, opened

pytestmark = pytest.mark.thorough

EVENT_COLUMNS = [column.name for column in GrievanceEvent.__table__.columns]
ROW_COLUMNS = [column.name for column in Grievance.__table__.columns]
OTHER_ID = "01HZZZZZZZZZZZZZZZZZZZZZZ9"


async def fill(ledger: Ledger) -> list[str]:
    """A few grievances with every kind of column filled."""
    file = await ledger.file_of()
    one = await ledger.filed(vector=(0.6, 0.8), attachment_ids=(file.id,))
    two = await ledger.filed(
        102,
        told={"udyam_number": "UDYAM-MH-26-0000456"},
        place=Place(pincode="411001", district="Pune", state="MH"),
    )
    await ledger.act(one.id, Move.NOTE, text="Rang twice.")
    await ledger.act(one.id, Move.INTERIM, text="The bank was asked.", until=TUESDAY.date() + timedelta(days=3))
    await ledger.act(one.id, Move.REGISTER, SYSTEM, registry=Registry.CPGRAMS, number="MINMSME/E/2026/0000001")
    await ledger.act(one.id, Move.REGISTER, SYSTEM, registry=Registry.ODR, number="ODR-1")
    await ledger.act(one.id, Move.LINK, other=two.id, decision=Decision.CONFIRMED)
    await ledger.closed(one.id)
    await ledger.act(one.id, Move.ASK_FEEDBACK, SYSTEM)
    await ledger.act(one.id, Move.FEEDBACK, CONTACT, rating=3, text="Good.", turn_id="m9")
    await ledger.closed(two.id)
    await ledger.act(two.id, Move.REOPEN, CONTACT, text="Not paid.")
    three = await ledger.filed(102, follows=two.id)
    await ledger.act(two.id, Move.MERGE, into=three.id)
    await ledger.act(three.id, Move.ESCALATE, text="Higher.")
    return [one.id, two.id, three.id]


@dataclass
class Kept:
    """A filled ledger, kept for every example of a property; each changes a copy of its own."""

    path: Path
    ids: list[str]
    events: int

    def copy(self, folder: Path) -> "Kept":
        return Kept(Path(shutil.copy(self.path, folder / "copy.db")), self.ids, self.events)

    def stored(self, table: str, key: str, which: Any, column: str) -> Any:
        with sqlite3.connect(self.path) as connection:
            return connection.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (which,)).fetchone()[0]

    def change(self, table: str, key: str, which: Any, column: str, value: Any) -> bool:
        """False when the database itself refuses the value."""
        with sqlite3.connect(self.path) as connection:
            try:
                return bool(
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, which)).rowcount
                )
            except sqlite3.IntegrityError:
                return False


def elsewhere(what: Any) -> Any:
    """Run to the end in a thread of its own, whatever loop runs here."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(what)))
    thread.start()
    thread.join()
    return result[0]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, ledger_template: Path) -> Kept:
    path = tmp_path_factory.mktemp("kept") / "ledger.db"
    path.write_bytes(ledger_template.read_bytes())
    install(Keyring({1: bytes(range(32))}, bytes(32)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grievances.messages.announce", Told().announce)

        async def filled() -> list[str]:
            db = opened(f"sqlite+aiosqlite:///{path}")
            ids = await fill(Ledger(db, FixedClock(TUESDAY), MediaStore(path.parent / "media")))
            await db.close()
            return ids

        ids = elsewhere(filled())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # everything in one file, to be copied
        events = connection.execute("SELECT count(*) FROM grievance_event").fetchone()[0]
    return Kept(path, ids, events)


async def broken(path: Path) -> tuple[str, int] | None:
    db = Database(f"sqlite+aiosqlite:///{path}")
    try:
        return await Ledger(db, FixedClock(TUESDAY), MediaStore(path.parent)).broken()
    finally:
        await db.close()


def altered(value: Any, place: int, by: int) -> Any:
    """The value with one thing about it changed."""
    if value is None:
        return "2026-11-24 06:30:00.000000"
    if isinstance(value, int):
        return value + 1000 + by
    if isinstance(value, bytes):
        place %= len(value)
        return value[:place] + bytes([value[place] ^ by]) + value[place + 1 :]
    place %= len(value)
    other = str((int(value[place]) + 1 + by % 9) % 10) if value[place].isdigit() else chr(0x100 + by)
    return value[:place] + other + value[place + 1 :]


async def test_a_filled_ledger_fits(kept: Kept) -> None:
    assert await broken(kept.path) is None
    with sqlite3.connect(kept.path) as connection:
        empty = [
            name
            for name in ROW_COLUMNS
            if connection.execute(f"SELECT count({name}) FROM grievance").fetchone()[0] == 0
        ]
    assert empty == ["erased_at"], "every column should be filled once, to be altered"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, 999), column=st.sampled_from(EVENT_COLUMNS), place=st.integers(0, 400), by=st.integers(1, 255)
)
@example(number=0, column="at", place=10, by=1)  # the same moment in another form, which sorts elsewhere
async def test_any_change_of_any_event_is_found(
    kept: Kept, tmp_path: Path, number: int, column: str, place: int, by: int
) -> None:
    copy, number = kept.copy(tmp_path), 1 + number % kept.events
    after = altered(copy.stored("grievance_event", "number", number, column), place, by)
    assume(copy.change("grievance_event", "number", number, column, after))
    assert await broken(copy.path) is not None


@pytest.mark.parametrize("column", sorted(set(ROW_COLUMNS) - {"id"}))
@pytest.mark.parametrize("which", [0, 1, 2])
async def test_any_change_of_any_column_of_a_row_is_found(kept: Kept, tmp_path: Path, which: int, column: str) -> None:
    grievance_id, tried = kept.ids[which], 0
    before = kept.stored("grievance", "id", grievance_id, column)
    for after in (altered(before, 1, 7), altered(before, 10, 5), altered(before, 30, 200), None):
        copy = kept.copy(tmp_path)
        if after == before or not copy.change("grievance", "id", grievance_id, column, after):
            continue
        tried += 1
        assert await broken(copy.path) == (grievance_id, 0), after
    assert tried


@pytest.mark.parametrize("column", ["particulars", "place", "closing_reasons", "udyam_index", "district_index"])
async def test_values_of_two_rows_cannot_be_exchanged(kept: Kept, tmp_path: Path, column: str) -> None:
    one, other = kept.ids[0], kept.ids[1]
    copy = kept.copy(tmp_path)
    assert copy.change("grievance", "id", one, column, copy.stored("grievance", "id", other, column))
    assert await broken(copy.path) == (one, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM grievance_event WHERE number = 3",
        "DELETE FROM grievance_event WHERE number = (SELECT max(number) FROM grievance_event)",
        "DELETE FROM grievance_event WHERE grievance_id = (SELECT max(grievance_id) FROM grievance_event)",
        "DELETE FROM grievance WHERE id = (SELECT min(id) FROM grievance)",
        "UPDATE grievance_event SET details = NULL WHERE number = 2",
        "UPDATE grievance_event SET details = (SELECT details FROM grievance_event WHERE number = 4) WHERE number = 3",
        "DELETE FROM grievance_vector",
        "UPDATE grievance_vector SET vector = x'00'",
        "DELETE FROM grievance_term WHERE field = 'pin'",
        "UPDATE grievance_term SET field = 'name' WHERE field = 'pin'",
        "UPDATE grievance_term SET term = zeroblob(16) WHERE field = 'pin'",
        "DELETE FROM grievance_attachment",
        "UPDATE grievance_attachment SET size = 1",
        "UPDATE grievance_attachment SET added_by = 'nobody'",
        "UPDATE grievance_attachment SET added_at = replace(added_at, ' ', 'T')",
        "DELETE FROM grievance_link",
        "UPDATE grievance_link SET officer_id = 'x'",
        "UPDATE grievance_link SET decision = 'perhaps'",
        "UPDATE grievance_link SET at = 'yesterday'",
        "UPDATE grievance SET version = version + 1",
        "UPDATE grievance SET due_at = 'tomorrow'",
        "UPDATE grievance SET interim_until = replace(interim_until, '-', '') WHERE interim_until IS NOT NULL",
        "UPDATE grievance SET code_index = lower(hex(code_index))",
        "UPDATE grievance_event SET number = number - 1000 WHERE number = 1",
    ],
)
async def test_rows_taken_out_or_put_in_are_found(ledger: Ledger, statement: str) -> None:
    await fill(ledger)
    assert await ledger.broken() is None
    async with ledger.db.engine.connect() as connection:
        await connection.execute(text("COMMIT"))
        await connection.execute(text("PRAGMA foreign_keys=OFF"))
        await connection.execute(text(statement))
    assert await ledger.broken() is not None


async def test_a_row_without_events_is_found(ledger: Ledger) -> None:
    view = await ledger.filed()
    columns = ", ".join(name for name in ROW_COLUMNS if name not in ("id", "reference", "turn_id"))
    await ledger.sql(
        f"INSERT INTO grievance (id, reference, turn_id, {columns}) "
        f"SELECT :id, '26000000000', 'x', {columns} FROM grievance",
        id=OTHER_ID,
    )
    assert await ledger.broken() == (OTHER_ID, 0)
    assert view.id != OTHER_ID


async def test_an_illegal_event_is_found_though_its_digest_fits(ledger: Ledger) -> None:
    view = await ledger.filed()
    draft = chain.Draft(
        grievance_id=view.id, seq=2, at=TUESDAY, actor=OFFICER, kind=Kind.REOPENED, from_status=Status.FILED,
        to_status=Status.REOPENED, changes={"status": "reopened"}, details={},
    )  # fmt: skip
    async with ledger.db.transaction() as session:
        await chain.append(session, [draft])
        await session.execute(text("UPDATE grievance SET status = 'reopened', version = 2"))
    assert await ledger.broken() == (view.id, 0)


async def test_equal_words_cannot_be_told_from_their_digests(ledger: Ledger) -> None:
    await ledger.filed(told={"what_happened": "The same words."})
    await ledger.filed(told={"what_happened": "The same words."})
    async with ledger.db.reading() as session:
        changes = list(await session.scalars(text("SELECT changes FROM grievance_event")))
        digests = list(await session.scalars(text("SELECT detail_digest FROM grievance_event")))
    seals = {found.split('"content_seal":"')[1][:64] for found in changes}
    assert len(seals) == len(set(digests)) == 2


async def test_erasing_removes_every_word_and_breaks_nothing(ledger: Ledger, told: Told) -> None:
    ids = await fill(ledger)
    for grievance_id in ids:
        await ledger.erase(grievance_id)
        assert await ledger.broken() is None
    view = await ledger.get(ids[0])
    assert (view.particulars, view.closing_reasons, view.place.district) == (None, None, None)
    assert (view.place.state, view.status, view.erased_at) == ("MH", Status.CLOSED, TUESDAY)
    assert await ledger.value("SELECT count(*) FROM grievance_term") == 0
    assert await ledger.value("SELECT count(*) FROM grievance_vector") == 0
    events = await ledger.events(ids[0])
    assert [event.kind for event in events][-1] is Kind.ERASED
    assert all(event.details is None for event in events[:-1])
    assert "erased" not in told.kinds()
    # Going on is possible, and what is said afterwards is checked again.
    await ledger.act(ids[2], Move.REPLY, text="We still look into it.")
    assert await ledger.broken() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE grievance SET erased_at = NULL",
        "UPDATE grievance SET particulars = :value",
        "UPDATE grievance SET district_index = :value",
        "UPDATE grievance_event SET details = :value WHERE seq = 1",
    ],
)
async def test_what_was_erased_cannot_come_back(ledger: Ledger, statement: str) -> None:
    view = await ledger.filed()
    await ledger.erase(view.id)
    labels = {"particulars": "grievance.particulars", "details": "grievance_event.details"}
    label = next((label for name, label in labels.items() if name in statement), "x")
    value = keyring().encrypt(b'{"what_happened":"Invented."}', label)
    await ledger.sql(statement, **({"value": value} if ":value" in statement else {}))
    assert await ledger.broken() is not None


async def test_an_officer_erases_nothing(ledger: Ledger) -> None:
    view = await ledger.filed()
    with pytest.raises(NotPermitted):
        await ledger.erase(view.id, OFFICER)


async def test_new_keys_break_nothing(ledger: Ledger) -> None:
    await fill(ledger)
    install(Keyring({2: bytes(32), 1: bytes(range(32))}, bytes(32)))
    async with ledger.db.reading() as session:
        stored = (await session.execute(text("SELECT id, particulars FROM grievance"))).all()
    for grievance_id, value in stored:
        plain = keyring().decrypt(value, "grievance.particulars")
        again = keyring().encrypt(plain, "grievance.particulars")
        await ledger.sql("UPDATE grievance SET particulars = :value WHERE id = :id", value=again, id=grievance_id)
    assert await ledger.broken() is None


async def test_events_of_several_grievances_at_once_are_one_chain(ledger: Ledger) -> None:
    views = await asyncio.gather(*(ledger.filed(100 + number) for number in range(6)))
    await asyncio.gather(*(ledger.act(view.id, Move.ATTEND) for view in views))
    assert await ledger.value("SELECT count(*) FROM grievance_event") == 12
    assert await ledger.broken() is None
