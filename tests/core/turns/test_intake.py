"""Every message is taken in exactly once, or refused and not stored at all."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.clock import FixedClock
from core.conversations import service as conversations
from core.conversations.schemas import MessageView
from core.db import Database
from core.errors import StorageUnavailable, TooMany
from core.events import Kind, Location, MediaRef
from core.turns import service as turns
from core.turns.service import Intake
from tests.core.conftest import NOON
from tests.core.conversing import OTHER, written


class Lanes:
    """Writes down which turns were started, and whether their message was stored by then."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.started: list[tuple[str, str]] = []

    async def __call__(self, conversation_id: str, turn_id: str) -> None:
        async with self.db.reading() as session:
            await conversations.get_message(session, int(turn_id[1:]))
        self.started.append((conversation_id, turn_id))


@pytest.fixture
def lanes(db: Database) -> Lanes:
    return Lanes(db)


@pytest.fixture
def intake(db: Database, clock: FixedClock, lanes: Lanes) -> Intake:
    return Intake(db, clock, lanes, queue_cap=5)


async def lines(db: Database) -> list[MessageView]:
    async with db.reading() as session:
        ids = list(await session.scalars(text("SELECT id FROM conversation")))
        return [line for one in ids for line in await conversations.transcript(session, one)]


async def test_a_message_is_stored_and_then_its_turn_is_started(db: Database, intake: Intake, lanes: Lanes) -> None:
    event = written("मेरा खरीदार 3 महीने से पैसे नहीं दे रहा", sent_at=NOON - timedelta(minutes=2))
    accepted = await intake.accept(event)
    (line,) = await lines(db)
    assert not accepted.duplicate
    assert (line.id, line.author, line.kind, line.sent_at) == (
        accepted.message_id,
        "contact",
        "text",
        NOON - timedelta(minutes=2),
    )
    assert line.content is not None
    assert line.content["text"] == event.text
    assert "address" not in line.content
    assert lanes.started == [(accepted.conversation_id, f"m{accepted.message_id}")]
    assert await intake.is_known("twilio", event.provider_id)
    assert not await intake.is_known("meta", event.provider_id)


async def test_the_same_message_again_is_known_for_a_year(
    db: Database, intake: Intake, lanes: Lanes, clock: FixedClock
) -> None:
    event = written(sid="SM1")
    first = await intake.accept(event)
    clock.at += timedelta(days=366)
    async with db.transaction() as session:
        await turns.forget_old_ids(session, clock.now())
    again = await intake.accept(event)
    assert again.duplicate
    assert (again.message_id, again.conversation_id) == (first.message_id, first.conversation_id)
    assert len(await lines(db)) == 1
    assert len(lanes.started) == 1
    clock.at += timedelta(days=31)
    async with db.transaction() as session:
        await turns.forget_old_ids(session, clock.now())
    assert not await intake.is_known("twilio", "SM1")


async def test_copies_that_come_at_once_are_one_message(db: Database, intake: Intake, lanes: Lanes) -> None:
    event = written(sid="SM1")
    results = await asyncio.gather(*(intake.accept(event) for _ in range(12)))
    assert sum(not result.duplicate for result in results) == 1
    assert len({result.message_id for result in results}) == 1
    assert len(await lines(db)) == 1
    assert len(lanes.started) == 1


async def test_copies_of_several_first_messages_at_once(db: Database, clock: FixedClock, lanes: Lanes) -> None:
    """The contact, the address and the message can each be stored first by somebody else."""
    intake = Intake(db, clock, lanes)
    events = [written(sid=f"SM{number}") for number in range(5)]
    results = await asyncio.gather(*(intake.accept(event) for event in events * 4))
    assert sum(not result.duplicate for result in results) == 5
    assert len(await lines(db)) == 5
    assert len(lanes.started) == 5


async def test_several_collisions_in_a_row_are_borne(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, db: Database
) -> None:
    store, failures = Intake._store, [IntegrityError("", {}, Exception())] * 3

    async def colliding(self: Intake, event: object) -> object:
        if failures:
            raise failures.pop()
        return await store(self, event)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "_store", colliding)
    assert not (await intake.accept(written())).duplicate
    failures += [IntegrityError("", {}, Exception())] * 99
    with pytest.raises(StorageUnavailable):
        await intake.accept(written())
    assert len(await lines(db)) == 1


async def test_what_the_database_refuses_is_refused_and_comes_in_later(
    db: Database, intake: Intake, lanes: Lanes
) -> None:
    event = written()
    async with db.transaction() as session:
        await session.execute(text("ALTER TABLE inbound_seen RENAME TO away"))
    with pytest.raises(StorageUnavailable):
        await intake.accept(event)
    async with db.transaction() as session:
        await session.execute(text("ALTER TABLE away RENAME TO inbound_seen"))
    assert await lines(db) == []
    assert lanes.started == []
    assert not (await intake.accept(event)).duplicate


async def test_beyond_the_cap_nothing_is_stored(db: Database, intake: Intake, lanes: Lanes, clock: FixedClock) -> None:
    for _ in range(5):
        accepted = await intake.accept(written())
    refused = written(sid="SM-late")
    with pytest.raises(TooMany) as error:
        await intake.accept(refused)
    assert error.value.retry_after == 60
    assert len(await lines(db)) == 5
    assert len(lanes.started) == 5
    assert not await intake.is_known("twilio", "SM-late")
    assert not (await intake.accept(written(address=OTHER))).duplicate, "the cap is one address's"

    async with db.transaction() as session:
        await turns.claim(session, accepted.conversation_id, "m1", clock.now())
    with pytest.raises(TooMany):
        await intake.accept(refused)
    async with db.transaction() as session:
        await turns.mark_posted(session, "m1", clock.now())
    assert not (await intake.accept(refused)).duplicate


async def test_a_known_message_is_a_duplicate_even_beyond_the_cap(intake: Intake) -> None:
    event = written()
    for one in [event, *(written() for _ in range(4))]:
        await intake.accept(one)
    assert (await intake.accept(event)).duplicate


async def test_lines_keep_the_order_in_which_they_came(db: Database, clock: FixedClock, lanes: Lanes) -> None:
    intake = Intake(db, clock, lanes)
    accepted = [await intake.accept(written(f"{number}")) for number in range(12)]
    assert [one.message_id for one in accepted] == sorted(one.message_id for one in accepted)
    assert [(line.content or {})["text"] for line in await lines(db)] == [str(number) for number in range(12)]


async def test_a_turn_that_cannot_be_started_leaves_the_message_stored(db: Database, clock: FixedClock) -> None:
    async def broken(_conversation_id: str, _turn_id: str) -> None:
        raise ConnectionError("the engine is away")

    event = written()
    with pytest.raises(ConnectionError):
        await Intake(db, clock, broken).accept(event)
    assert len(await lines(db)) == 1
    assert (await Intake(db, clock, broken).accept(event)).duplicate
    async with db.reading() as session:
        ((_, first),) = await conversations.open_since(session, NOON + timedelta(seconds=1))
    assert first == (await lines(db))[0].id


@pytest.mark.parametrize(
    "event",
    [
        written(""),
        written("x" * 5_000),
        written("🙏👨‍👩‍👧‍👦"),
        written("\u202eabc\u200b\u2066"),
        written("nul \x00 byte"),
        written("<b>*bold*</b> {braces} %s"),
        written("", kind=Kind.MEDIA).model_copy(
            update={"media": (MediaRef(url="https://api.example/m", declared_type="image/webp"),)}
        ),
        written("", kind=Kind.LOCATION).model_copy(update={"location": Location(latitude=28.6, longitude=77.2)}),
        written("Yes", kind=Kind.BUTTON, button="1", reply_to="MM1"),
    ],
)
async def test_whatever_is_sent_comes_back_as_it_was(db: Database, intake: Intake, event: object) -> None:
    await intake.accept(event)  # type: ignore[arg-type]
    (line,) = await lines(db)
    assert line.content == event.model_dump(  # type: ignore[attr-defined]
        mode="json", exclude={"address", "provider_id", "provider", "channel"}
    )
