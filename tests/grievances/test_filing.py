"""Filing gives a number of record once per turn, a clock, due rows, a code and the first event."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from core.dues import service as dues
from core.errors import InvalidInput, NotFound
from grievances import deadlines, reference, service
from grievances.schemas import Kind, Level, Priority, Status
from tests.grievances.conftest import OFFICER, TUESDAY, Ledger, Told


async def test_a_filed_grievance_has_number_clock_and_code(ledger: Ledger, told: Told) -> None:
    filed = await ledger.file()
    view = filed.view
    assert filed.created
    assert reference.parse(view.reference) == view.reference
    assert view.reference.startswith("26")
    assert (view.status, view.level, view.version) == (Status.FILED, Level.ROOM, 1)
    assert view.filed_at == view.clock_started_at == TUESDAY
    assert view.attend_by == datetime(2026, 11, 27, 12, 30, tzinfo=UTC)
    assert view.due_at == view.attend_by < view.conclude_by < view.outer_by
    assert view.particulars is not None
    assert view.particulars.udyam_number == "UDYAM-MH-01-0000123"
    assert view.place.district == "Mumbai"
    [(whose, event, code)] = told.events
    assert (whose, event.kind, event.seq, code) == (view.id, Kind.FILED, 1, filed.code)
    assert len(filed.code or "") == 6
    assert await ledger.get(view.id) == view
    assert await ledger.broken() is None


async def test_the_deadlines_are_due_rows(ledger: Ledger) -> None:
    view = await ledger.filed()
    async with ledger.db.reading() as session:
        rows = {row.what: row.due_at for row in await dues.of_subject(session, view.id)}
    assert rows[deadlines.ATTEND] == view.attend_by
    assert rows[deadlines.CONCLUDE] == view.conclude_by
    assert rows[deadlines.OUTER] == view.outer_by
    assert {deadlines.REMIND_ATTEND, deadlines.REMIND_CONCLUDE, deadlines.REMIND_OUTER} < set(rows)


async def test_a_repeated_turn_files_nothing(ledger: Ledger, told: Told) -> None:
    new = await ledger.new()
    async with ledger.db.transaction() as session:
        first = await service.file(session, new, now=TUESDAY)
    async with ledger.db.transaction() as session:
        again = await service.file(session, new, now=TUESDAY)
    assert (again.created, again.code, again.view) == (False, None, first.view)
    assert told.kinds() == ["filed"]
    assert await ledger.value("SELECT count(*) FROM grievance") == 1
    assert await ledger.value("SELECT count(*) FROM grievance_event") == 1


async def test_one_turn_files_two_grievances_in_two_positions(ledger: Ledger) -> None:
    new = await ledger.new()
    async with ledger.db.transaction() as session:
        one = await service.file(session, new, now=TUESDAY)
        two = await service.file(session, new.model_copy(update={"position": 1}), now=TUESDAY)
    assert two.created
    assert one.view.reference != two.view.reference


async def test_another_reference_is_taken_when_one_is_given_away(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = (await ledger.filed()).reference
    offered = iter([taken, taken, "26" + "0" * 8 + reference.check_digit("26" + "0" * 8)])
    monkeypatch.setattr(reference, "new_reference", lambda _year, _choose: next(offered))
    assert (await ledger.filed()).reference.startswith("2600000000")


async def test_the_year_of_a_reference_is_the_year_in_india(ledger: Ledger) -> None:
    ledger.clock.at = datetime(2026, 12, 31, 19, 0, tzinfo=UTC)
    assert (await ledger.filed()).reference.startswith("27")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "weather"}, "category"),
        ({"room": "dfo-atlantis"}, "room"),
        ({"told": {"happened_on": date(2026, 11, 25)}}, "happened_on"),
        ({"told": {"udyam_number": "UDYAM-12"}}, "udyam_number"),
        ({"follows": "01HZZZZZZZZZZZZZZZZZZZZZZ9"}, "follows"),
        ({"vector": (0.0, 0.0)}, "vector"),
        ({"vector": ()}, "vector"),
    ],
)
async def test_what_cannot_be_filed_names_its_field(ledger: Ledger, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await ledger.file(**changes)
    assert refused.value.field == field
    assert await ledger.value("SELECT count(*) FROM grievance") == 0


async def test_today_in_india_is_not_in_the_future(ledger: Ledger) -> None:
    ledger.clock.at = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    assert (await ledger.filed(told={"happened_on": date(2026, 11, 25)})).filed_at == ledger.clock.at


async def test_an_unknown_contact_files_nothing(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.file(contact_id="01HZZZZZZZZZZZZZZZZZZZZZZ9")


async def test_priority_and_level_follow_the_category(ledger: Ledger) -> None:
    assert (await ledger.filed()).priority is Priority.NORMAL
    assert (await ledger.filed(told={"amount_rupees": 1_000_000})).priority is Priority.HIGH
    bribe = await ledger.filed(category="bribe", room="hub")
    assert (bribe.priority, bribe.level) == (Priority.URGENT, Level.HUB)
    assert (await ledger.filed(priority=Priority.URGENT)).priority is Priority.URGENT


async def test_a_grievance_may_quote_an_earlier_one_of_the_same_contact(ledger: Ledger) -> None:
    first = await ledger.filed()
    second = await ledger.filed(follows=first.id)
    assert (second.follows, second.priority) == (first.id, Priority.HIGH)
    with pytest.raises(InvalidInput, match="follows"):
        await ledger.file(102, follows=first.id)


async def test_an_officer_who_takes_it_down_is_in_event_and_audit(ledger: Ledger) -> None:
    view = await ledger.filed(source="officer", officer_id=OFFICER.officer_id)
    [event] = await ledger.events(view.id)
    assert event.officer_id == OFFICER.officer_id
    assert await ledger.value("SELECT act FROM audit WHERE subject = :id", id=view.id) == "grievance.filed"


async def test_a_pulled_grievance_keeps_its_number(ledger: Ledger) -> None:
    view = await ledger.filed(
        source="cpgrams", external_number="minmsme/e/2026/0000001", conversation_id=None, address_id=None
    )
    assert view.cpgrams_number == "MINMSME/E/2026/0000001"
    [event] = await ledger.events(view.id)
    assert event.actor == "system"


async def test_no_word_of_the_contact_lies_in_the_clear(ledger: Ledger) -> None:
    await ledger.filed(vector=(0.6, 0.8))
    async with ledger.db.reading() as session:
        tables = list(await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
        stored = [
            str(row).casefold() for name in tables for row in await session.execute(text(f"SELECT * FROM {name}"))
        ]
    for word in ("suryodaya", "lakshmi", "0000123", "does not pay", "250000", "mumbai", "400001"):
        found = [row for row in stored if word in row.replace("dfo-mumbai", "")]
        assert not found, word
