"""A turn takes up its messages once and for good, ends once, and can be replayed only when it was given up."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.clock import FixedClock
from core.conversations import service as conversations
from core.db import Database
from core.errors import NotFound
from core.events import InboundMessage, Kind
from core.turns import service as turns
from core.turns.service import Claim, Intake
from tests.core.conftest import NOON
from tests.core.conversing import OTHER, written

LATER = NOON + timedelta(minutes=1)
BUTTON = written("Yes", kind=Kind.BUTTON, button="1")


class Lane:
    """One contact's lane."""

    def __init__(self, db: Database, clock: FixedClock) -> None:
        self.db = db
        self.id = ""
        self._intake = Intake(db, clock, self._nothing)

    @staticmethod
    async def _nothing(_conversation_id: str, _turn_id: str) -> None:
        pass

    async def hears(self, *events: InboundMessage) -> None:
        for event in events:
            self.id = (await self._intake.accept(event)).conversation_id

    async def claim(self, turn_id: str) -> Claim | None:
        async with self.db.transaction() as session:
            return await turns.claim(session, self.id, turn_id, NOON)

    async def texts(self, turn_id: str) -> list[str] | None:
        claim = await self.claim(turn_id)
        return None if claim is None else [(message.content or {})["text"] for message in claim.messages]

    async def done(self, turn_id: str) -> None:
        async with self.db.transaction() as session:
            await turns.mark_posted(session, turn_id, LATER)

    async def dead(self, turn_id: str, error: str = "OSError") -> None:
        async with self.db.transaction() as session:
            await turns.mark_dead(session, turn_id, error, LATER)

    async def unfinished(self) -> str | None:
        async with self.db.reading() as session:
            return await turns.unfinished_turn(session, self.id)


@pytest.fixture
def lane(db: Database, clock: FixedClock) -> Lane:
    return Lane(db, clock)


async def test_a_run_of_texts_is_taken_together(lane: Lane) -> None:
    await lane.hears(written("1"), written("2"), written("3"))
    assert await lane.texts("m1") == ["1", "2", "3"]
    assert await lane.claim("m2") is None


@pytest.mark.parametrize("kind", [Kind.BUTTON, Kind.MEDIA, Kind.LOCATION, Kind.EMPTY])
async def test_anything_else_is_a_turn_of_its_own(lane: Lane, kind: Kind) -> None:
    await lane.hears(written("1"), written("2"), written("other", kind=kind), written("other", kind=kind), written("3"))
    assert await lane.texts("m1") == ["1", "2"]
    assert await lane.texts("m2") == ["other"]
    assert await lane.texts("m3") == ["other"]
    assert await lane.texts("m4") == ["3"]
    assert await lane.claim("m5") is None


async def test_the_same_turn_again_gets_the_same_messages(lane: Lane) -> None:
    await lane.hears(written("1"), written("2"))
    first = await lane.claim("m1")
    await lane.hears(written("3"))
    again = await lane.claim("m1")
    assert first is not None
    assert again is not None
    assert [message.id for message in again.messages] == [message.id for message in first.messages]
    assert (first.attempts, again.attempts) == (1, 2)
    assert await lane.texts("m3") == ["3"]


async def test_a_done_turn_has_nothing_to_do(lane: Lane) -> None:
    await lane.hears(written("1"))
    await lane.claim("m1")
    await lane.done("m1")
    assert await lane.claim("m1") is None
    assert await lane.unfinished() is None
    async with lane.db.reading() as session:
        (line,) = await conversations.transcript(session, lane.id)
        assert line.answered_at == LATER
        assert await conversations.count_open(session, lane.id) == 0
        assert await conversations.open_since(session, LATER) == []


async def test_a_claim_carries_the_conversation_as_it_is(lane: Lane) -> None:
    await lane.hears(written("1"))
    async with lane.db.transaction() as session:
        view = await conversations.get(session, lane.id)
        await conversations.set_language(session, view.contact_id, "hi-Latn", fixed=True)
    claim = await lane.claim("m1")
    assert claim is not None
    assert (claim.turn_id, claim.conversation.language) == ("m1", "hi-Latn")


async def test_lanes_do_not_see_each_other(lane: Lane, db: Database, clock: FixedClock) -> None:
    other = Lane(db, clock)
    await lane.hears(written("mine"))
    await other.hears(written("theirs", address=OTHER))
    assert await lane.texts("m1") == ["mine"]
    assert await other.texts("m2") == ["theirs"]


async def test_looking_takes_nothing(lane: Lane) -> None:
    await lane.hears(written("1"), written("2"))
    async with lane.db.reading() as session:
        view, first = await turns.peek(session, lane.id)
    assert view.id == lane.id
    assert first is not None
    assert (first.content or {})["text"] == "1"
    assert await lane.texts("m1") == ["1", "2"]
    async with lane.db.reading() as session:
        assert (await turns.peek(session, lane.id))[1] is None


async def test_what_a_turn_took_and_did_not_end_is_found(lane: Lane) -> None:
    await lane.hears(written("1"))
    assert await lane.unfinished() is None
    await lane.claim("m1")
    assert await lane.unfinished() == "m1"
    async with lane.db.reading() as session:
        assert len(await conversations.open_since(session, LATER)) == 1
        assert await conversations.open_since(session, NOON) == []


async def test_a_turn_that_was_given_up_is_listed_and_can_be_replayed(lane: Lane) -> None:
    await lane.hears(written("1"), written("2"))
    await lane.claim("m1")
    await lane.dead("m1", "x" * 500)
    assert await lane.claim("m1") is None
    assert await lane.unfinished() is None
    async with lane.db.transaction() as session:
        assert await turns.dead(session) == [("m1", lane.id, "x" * 200, LATER)]
        assert await conversations.count_open(session, lane.id) == 0
        assert await turns.replay(session, "m1") == lane.id
        assert await turns.dead(session) == []
    assert await lane.texts("s1") == ["1", "2"]
    await lane.done("s1")


async def test_a_dead_turn_does_not_hold_the_lane_up(lane: Lane) -> None:
    await lane.hears(written("1"))
    await lane.claim("m1")
    await lane.dead("m1")
    await lane.hears(written("2"))
    assert await lane.texts("m2") == ["2"]


async def test_what_was_answered_is_neither_given_up_nor_replayed(lane: Lane) -> None:
    await lane.hears(written("1"))
    await lane.claim("m1")
    await lane.done("m1")
    await lane.dead("m1")
    async with lane.db.transaction() as session:
        assert await turns.dead(session) == []
        assert (await conversations.transcript(session, lane.id))[0].answered_at == LATER
        with pytest.raises(NotFound):
            await turns.replay(session, "m1")
    assert await lane.claim("m2") is None


@pytest.mark.parametrize("turn_id", ["m1", "none"])
async def test_only_dead_turns_are_replayed(lane: Lane, turn_id: str) -> None:
    await lane.hears(written("1"))
    await lane.claim("m1")
    with pytest.raises(NotFound):
        async with lane.db.transaction() as session:
            await turns.replay(session, turn_id)
    assert await lane.texts("m1") == ["1"]


async def test_ids_of_messages_are_kept_as_hashes_only(lane: Lane) -> None:
    await lane.hears(written("1", sid="SM" + "a" * 32))
    async with lane.db.reading() as session:
        (row,) = (await session.execute(text("SELECT digest FROM inbound_seen"))).all()
    assert bytes(row[0]) == turns.digest("twilio", "SM" + "a" * 32)
    assert len(row[0]) == 32
    assert turns.digest("a", "bc") != turns.digest("ab", "c")


async def test_turns_that_claim_at_once_never_share_a_message(lane: Lane) -> None:
    """Lanes run one turn at a time; should that ever fail, a message is still answered by one turn."""
    await lane.hears(written("1"))
    async with lane.db.transaction() as session:
        first = await turns.claim(session, lane.id, "m1", NOON)
        second = asyncio.create_task(lane.claim("m2"))
        await asyncio.sleep(0.3)
    assert first is not None
    assert await second is None
    assert await lane.texts("m1") == ["1"]
