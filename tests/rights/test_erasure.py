"""An erasure, proved by looking everywhere: every column decrypted, every file byte by byte."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.audit import service as audit
from core.conversations import service as conversations
from core.conversations.state import State
from core.db import Database
from core.dues import service as dues
from core.errors import BotUnavailable, NotPermitted
from core.events import AddressRef, DeliveryState
from core.outbox import service as outbox
from core.privacy.encryption import EncryptedJson
from grievances import service as grievances
from grievances.schemas import Outcome, Status
from rights import journal, service
from rights.erasure import NotErased, erase
from rights.stores import OF_NOBODY, stores, subject_of
from tests.rights.conftest import IN_FILES, NUMBER, WORDS, World
from tools import find_contact
from tools.find_contact import search_files, search_media, search_tables, tables


async def places(world: World, *words: str) -> set[str]:
    """Columns and files in which one of the words stands."""
    found = await search_tables(world.db, words)
    found += search_files(world.folder, words)
    found += search_media(world.folder / "media", [*words, *IN_FILES])
    return {one.place for one in found}


async def sealed_values(world: World) -> set[bytes]:
    """Every encrypted value, as it lies in the file: with the key each could still be read."""
    found: set[bytes] = set()
    async with world.db.reading() as session:
        for table in tables():
            for column in table.columns:
                if isinstance(column.type, EncryptedJson):
                    rows = await session.execute(text(f'SELECT "{column.name}" FROM "{table.name}"'))
                    found |= {bytes(row[0]) for row in rows if row[0] is not None}
    return found


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)
async def test_nothing_is_left_anywhere(world: World) -> None:
    other = await world.write("keep me", number="+910000047222")
    conversation_id = await world.everything()
    for word in WORDS:
        assert await places(world, word), f"{word} was never stored: the test proves nothing about it"
    assert await places(world, *WORDS) >= {
        "address.value", "contact.name", "grievance.closing_reasons", "grievance.particulars",
        "grievance.place", "grievance_draft.content", "grievance_draft.last_reply", "grievance_event.details",
        "grievance_external.payload", "message.content", "outbound.content",
    }  # fmt: skip

    await world.erased(conversation_id)

    assert await places(world, *WORDS) == set()
    assert world.files() == []
    assert (await world.view(other)).contact_name == "Meera"
    assert {"message.content", "outbound.content"} <= await places(world, "keep me", "an answer")


async def test_not_even_what_was_overwritten_can_be_read_from_the_file(world: World) -> None:
    conversation_id = await world.everything()
    before = await sealed_values(world)
    file = world.folder / "sahayak.db"
    assert any(value in file.read_bytes() + Path(f"{file}-wal").read_bytes() for value in before)

    await world.erased(conversation_id)

    gone = before - await sealed_values(world)
    assert len(gone) > 30
    everything = b"".join(path.read_bytes() for path in world.folder.glob("sahayak.db*"))
    assert not [value for value in gone if value in everything]


async def test_the_bare_log_stays_for_a_year_and_then_goes(world: World) -> None:
    conversation_id = await world.everything()
    contact_id = (await world.view(conversation_id)).contact_id
    await world.erased(conversation_id)
    async with world.db.reading() as session:
        lines = await conversations.transcript(session, conversation_id)
        filed = await grievances.of_contact(session, contact_id)
        subject = await subject_of(session, contact_id)
        assert await grievances.verify(session) is None
        assert await audit.first_broken(session) is None
    assert len(lines) >= 5
    assert all(line.content is None and line.created_at for line in lines)
    assert all(one.particulars is None and one.filed_at and one.room == "dfo-mumbai" for one in filed)

    world.pass_time(days=365)
    await world.rounds.run()
    assert await ids_in(world, *subject.conversation_ids) >= {"message.conversation_id"}

    world.pass_time(days=2)
    await world.rounds.run()

    async with world.db.reading() as session:
        assert await conversations.transcript(session, conversation_id) == await with_files(world, conversation_id)
        assert [one.reference for one in await grievances.of_contact(session, contact_id)] == [
            one.reference for one in filed
        ]
        assert await grievances.verify(session) is None
        assert await audit.first_broken(session) is None
        assert await service.erasures_of_address(session, "whatsapp", NUMBER) == []
    left = await ids_in(world, *subject.conversation_ids)
    assert left <= {"audit.subject", "conversation.id", "grievance.conversation_id", "grievance_event.changes",
                    "media.message_id", "message.conversation_id"}  # fmt: skip


async def ids_in(world: World, *ids: str) -> set[str]:
    return {found.place for found in await search_tables(world.db, ids)}


async def with_files(world: World, conversation_id: str) -> list[object]:
    """Bare lines that a grievance's file hangs on."""
    async with world.db.reading() as session:
        return [line for line in await conversations.transcript(session, conversation_id) if line.kind == "media"]


async def test_of_a_contact_without_grievances_not_even_the_id_stays(world: World) -> None:
    conversation_id = await world.write("marker-said")
    contact_id = (await world.view(conversation_id)).contact_id
    await world.erased(conversation_id)
    world.pass_time(days=367)
    await world.rounds.run()
    assert await ids_in(world, contact_id, conversation_id) == {"audit.subject"}


async def test_open_grievances_are_withdrawn_and_nobody_is_written_to(world: World) -> None:
    conversation_id = await world.everything()
    contact_id = (await world.view(conversation_id)).contact_id
    await world.erased(conversation_id)
    async with world.db.reading() as session:
        filed = await grievances.of_contact(session, contact_id)
        assert await outbox.waiting_lanes(session, world.clock.now() + timedelta(days=1), timedelta(0)) == []
        assert await outbox.needing_attention(session, rooms=None) == []
        states = (await outbox.delivery_states(session, [conversation_id]))[conversation_id]
        view = await conversations.get(session, conversation_id)
    assert {one.outcome for one in filed} == {Outcome.REDRESSED, Outcome.WITHDRAWN}
    assert {one.status for one in filed} == {Status.CLOSED}
    assert {state for state, _ in states.values()} == {DeliveryState.FAILED}
    assert view.state is State.CLOSED


async def test_who_writes_again_from_the_same_number_is_somebody_new(world: World) -> None:
    first = await world.write("marker-said")
    before = await world.view(first)
    await world.erased(first)
    again = await world.view(await world.write("hello again"))
    assert again.contact_id != before.contact_id
    async with world.db.reading() as session:
        assert len(await service.erasures_of_address(session, "whatsapp", NUMBER)) == 1
        address = await conversations.find_address(session, AddressRef(kind="whatsapp", value=NUMBER))
    assert address is not None
    assert address.contact_id == again.contact_id


# --- when ---------------------------------------------------------------------------------------------------


async def test_nothing_happens_before_48_hours(world: World) -> None:
    conversation_id = await world.write("marker-said")
    await world.desk.erase(conversation_id, "en")
    world.pass_time(hours=47, minutes=59)
    await world.rounds.run()
    assert await places(world, "marker-said")
    world.pass_time(minutes=1)
    await world.rounds.run()
    assert not await places(world, "marker-said")


async def test_a_cancelled_erasure_erases_nothing(world: World) -> None:
    conversation_id = await world.write("marker-said")
    await world.desk.erase(conversation_id, "en")
    world.pass_time(hours=47)
    assert "Nothing was erased" in await world.desk.cancel_erasure(conversation_id, "en")
    assert "nothing to cancel" in await world.desk.cancel_erasure(conversation_id, "en")
    world.pass_time(hours=2)
    await world.rounds.run()
    assert await places(world, "marker-said")

    await world.desk.erase(conversation_id, "en")
    world.pass_time(hours=49)
    await world.rounds.run()
    assert not await places(world, "marker-said")


async def test_asking_twice_is_one_request_and_its_time_stays(world: World) -> None:
    conversation_id = await world.write("marker-said")
    first = await world.desk.erase(conversation_id, "en")
    world.pass_time(hours=5)
    assert await world.desk.erase(conversation_id, "en") == first
    async with world.db.reading() as session:
        assert len(await dues.due(session, world.clock.now() + timedelta(days=9), [service.PREFIX], 10)) == 1


async def test_an_answer_that_is_being_made_is_waited_for_but_not_for_ever(world: World) -> None:
    conversation_id = await world.write("marker-said")
    await world.desk.erase(conversation_id, "en")
    async with world.db.transaction() as session:
        await conversations.append(
            session, conversation_id, author="contact", kind="text", content={"text": "marker-said"},
            now=world.clock.now(),
        )  # fmt: skip
    world.pass_time(hours=48)
    await world.rounds.run()
    assert await places(world, "marker-said")
    world.pass_time(hours=1)
    await world.rounds.run()
    assert not await places(world, "marker-said")


async def test_who_is_outside_is_asked_until_it_has_forgotten(world: World) -> None:
    conversation_id = await world.write("marker-said")
    world.refusals.append(BotUnavailable("ConnectError"))
    await world.erased(conversation_id)
    assert world.forgotten == []
    assert not await places(world, "marker-said")
    world.pass_time(seconds=30)
    await world.rounds.run()
    assert [ids for ids, _ in world.forgotten] == [(conversation_id,)]
    assert world.forgotten[0][1][0].startswith("m")
    await world.rounds.run()
    assert len(world.forgotten) == 1


async def test_a_leftover_undoes_everything_and_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.outbox.holdings import OutboxHolding

    async def forgetful(*_: object, **__: object) -> None:
        return None

    conversation_id = await world.everything()
    await world.desk.erase(conversation_id, "en")
    monkeypatch.setattr(OutboxHolding, "erase", forgetful)
    world.pass_time(hours=50)
    async with world.db.reading() as session:
        waiting = await service.waiting(session, (await conversations.get(session, conversation_id)).contact_id)
    assert waiting is not None
    with pytest.raises(NotErased, match="outbound: "):
        async with world.db.transaction() as session:
            await erase(
                session, waiting.id, stores(world.store), settings=world.settings, now=world.clock.now(), patient=False
            )
    await world.rounds.run()
    assert "outbound: " in capsys.readouterr().out
    assert await places(world, "marker-said")


# --- the rest -----------------------------------------------------------------------------------------------


def test_every_table_says_what_it_holds_of_contacts() -> None:
    listed = {rows.table for store in stores() for rows in store.rows}
    assert listed | set(OF_NOBODY) == {table.name for table in tables()}
    assert not listed & set(OF_NOBODY)


def test_every_encrypted_column_is_emptied_by_an_erasure() -> None:
    emptied = {(rows.table, column.key) for store in stores() for rows in store.rows for column in rows.personal}
    removed = {rows.table for store in stores() for rows in store.rows if rows.removed}
    sealed = {
        (table.name, column.name)
        for table in tables()
        for column in table.columns
        if isinstance(column.type, EncryptedJson) and table.name not in removed and table.name not in OF_NOBODY
    }
    assert sealed <= emptied


def test_the_page_for_operators_names_every_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text("utf-8")
    assert [table.name for table in tables() if f"`{table.name}`" not in page] == []


@pytest.mark.parametrize("ask", ["summary", "erase", "preview_erasure", "cancel_erasure"])
async def test_nothing_is_told_on_a_call(world: World, ask: str) -> None:
    async with world.db.transaction() as session:
        address = AddressRef(kind="phone", value=NUMBER)
        view = await conversations.find_or_open(session, address, channel="ivr", profile_name="", now=world.clock.now())
    with pytest.raises(NotPermitted):
        await getattr(world.desk, ask)(view.id, "en")


async def test_the_search_for_operators(world: World, db: Database) -> None:
    conversation_id = await world.everything()
    (world.folder / "log").mkdir()
    (world.folder / "log" / "gateway.log").write_text(f"... {NUMBER} ...", "utf-8")
    lines = "\n".join(await find_contact.report(db, world.folder, NUMBER))
    assert "address in     address.value: 1" in lines
    assert "address in     log/gateway.log" in lines
    assert "held           grievances: 2" in lines
    assert "marker" not in lines

    (world.folder / "log" / "gateway.log").unlink()
    await world.erased(conversation_id)
    lines = "\n".join(await find_contact.report(db, world.folder, NUMBER))
    assert "known as       nobody" in lines
    assert "erased         2026-11-26" in lines
    assert "address in" not in lines


# --- after a restore ----------------------------------------------------------------------------------------


async def test_a_restored_backup_is_erased_again(world: World, rights_template: Path, tmp_path: Path) -> None:
    conversation_id = await world.everything()
    waiting = await world.write("wait for me", number="+910000047222")
    kept = await world.write("keep me", number="+910000047333")
    await world.db.scrub()
    saved = (tmp_path / "sahayak.db").read_bytes()
    media_before = {path: path.read_bytes() for path in world.files()}
    await world.desk.erase(kept, "en")
    await world.desk.cancel_erasure(kept, "en")
    await world.erased(conversation_id)
    await world.desk.erase(waiting, "en")
    await world.rounds.run()

    await world.db.close()
    (tmp_path / "sahayak.db").write_bytes(saved)
    for path, content in media_before.items():
        path.write_bytes(content)
    assert await places(world, "marker-said")
    lines = journal.read(journal.path(tmp_path))
    async with world.db.transaction() as session:
        again = await journal.replay(
            session, lines, stores(world.store), settings=world.settings, now=world.clock.now()
        )
    assert again == (1, 1)
    assert not await places(world, *WORDS)
    assert world.files() == []
    await world.rounds.run()
    assert world.forgotten[-1][0] == (conversation_id,)
    assert await places(world, "wait for me")
    world.pass_time(hours=48)
    await world.rounds.run()
    assert not await places(world, "wait for me")
    assert await places(world, "keep me")


async def test_the_journal_outlives_a_database_that_knows_less(world: World) -> None:
    file = journal.path(world.folder)
    conversation_id = await world.write("marker-said")
    await world.erased(conversation_id)
    before = journal.read(file)
    assert [one.erased_at is not None for one in before.values()] == [True]
    async with world.db.transaction() as session:
        await session.execute(text("DELETE FROM erased_address"))
        await session.execute(text("DELETE FROM erasure"))
    await world.rounds.run()
    assert journal.read(file) == before
    file.write_text(file.read_text("utf-8") + '{"half":', "utf-8")
    assert journal.read(file) == before
    assert file.stat().st_mode & 0o777 == 0o600
