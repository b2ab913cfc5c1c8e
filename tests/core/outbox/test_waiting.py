"""What waits for its contact: kept, released once, given up in the end; a refused text is said otherwise once."""

from datetime import timedelta

import pytest

from core.clock import FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.schemas import ConversationView
from core.db import Database
from core.events import WINDOW_CLOSED, DeliveryState, Receipt
from core.outbox import service as outbox
from core.outbox import waiting
from core.outbox.service import OutboundView
from tests.core.conversing import OTHER, opened, posted, said


async def kept(db: Database, clock: FixedClock) -> tuple[ConversationView, str]:
    talk = await opened(db, clock.now())
    (outbound_id,) = await posted(db, talk.id, "t1", clock.now(), said("It is closed."))
    async with db.transaction() as session:
        assert await waiting.keep(session, outbound_id)
    return talk, outbound_id


async def row(db: Database, outbound_id: str) -> OutboundView:
    async with db.reading() as session:
        return await outbox.get(session, outbound_id)


async def release(db: Database, talk: ConversationView, clock: FixedClock) -> int:
    async with db.transaction() as session:
        return await waiting.release(session, talk, clock.now())


async def test_what_waits_is_in_no_lane_until_the_contact_writes(db: Database, clock: FixedClock) -> None:
    talk, outbound_id = await kept(db, clock)
    clock.at += timedelta(days=5)
    async with db.reading() as session:
        assert await outbox.waiting_lanes(session, clock.now(), timedelta(seconds=1)) == []
    assert waiting.waits(await row(db, outbound_id))
    another = await opened(db, clock.now(), OTHER)
    assert await release(db, another, clock) == 0
    # Days later the contact writes in another conversation of the same address.
    later = await opened(db, clock.now())
    assert later.id != talk.id
    assert await release(db, later, clock) == 1
    assert await release(db, later, clock) == 0
    async with db.reading() as session:
        assert await outbox.waiting_lanes(session, clock.now(), timedelta(seconds=1)) == [talk.id]
    assert not waiting.waits(await row(db, outbound_id))
    assert (await row(db, outbound_id)).error_code is None


@pytest.mark.parametrize("refusal", ["stop", "consent"])
async def test_who_answers_with_a_refusal_is_not_told(db: Database, clock: FixedClock, refusal: str) -> None:
    talk, outbound_id = await kept(db, clock)
    async with db.transaction() as session:
        if refusal == "stop":
            await conversations.set_stopped(session, talk.address_id, clock.now())
        else:
            await consents.note_notice(session, talk.contact_id, locale="en", channel="whatsapp", now=clock.now())
            await consents.decline(session, talk.contact_id, now=clock.now())
    assert await release(db, talk, clock) == 0
    assert waiting.waits(await row(db, outbound_id))


async def test_only_what_is_queued_can_be_kept(db: Database, clock: FixedClock) -> None:
    talk = await opened(db, clock.now())
    (outbound_id,) = await posted(db, talk.id, "t1", clock.now(), said())
    async with db.transaction() as session:
        assert await outbox.begin_sending(session, outbound_id, "x", clock.now())
        assert not await waiting.keep(session, outbound_id)


async def test_in_the_end_it_fails_where_officers_see_it(db: Database, clock: FixedClock) -> None:
    _, outbound_id = await kept(db, clock)
    async with db.transaction() as session:
        assert await waiting.give_up(session, clock.now()) == 0
        assert await waiting.give_up(session, clock.now() + timedelta(seconds=1)) == 1
        (seen,) = await outbox.needing_attention(session, rooms=None)
    assert (seen.id, seen.state, seen.error_code) == (outbound_id, DeliveryState.FAILED, WINDOW_CLOSED)


async def refused(db: Database, clock: FixedClock, code: str = WINDOW_CLOSED) -> tuple[str, str, Receipt]:
    talk = await opened(db, clock.now())
    (outbound_id,) = await posted(db, talk.id, "t1", clock.now(), said("It is closed."))
    receipt = Receipt(outbound_id=None, provider_id="SM1", state=DeliveryState.FAILED, error_code=code)
    async with db.transaction() as session:
        await outbox.begin_sending(session, outbound_id, "x", clock.now())
        await outbox.settle(session, outbound_id, DeliveryState.SENT, clock.now(), provider_id="SM1")
        assert await outbox.record_receipt(session, receipt, clock.now())
    return talk.id, outbound_id, receipt


async def test_a_text_refused_by_receipt_is_said_otherwise_once(db: Database, clock: FixedClock) -> None:
    talk_id, outbound_id, receipt = await refused(db, clock)
    async with db.transaction() as session:
        assert await waiting.after_receipt(session, receipt, clock.now())
        await waiting.after_receipt(session, receipt, clock.now())
        (again,) = await outbox.lane(session, talk_id)
        assert await outbox.needing_attention(session, rooms=None) == []
    assert (again.content.text, again.content.outside) == ("It is closed.", True)
    async with db.transaction() as session:
        await outbox.settle(session, again.id, DeliveryState.FAILED, clock.now(), error_code=WINDOW_CLOSED)
        assert not await waiting.say_otherwise(session, again.id, clock.now())
        (seen,) = await outbox.needing_attention(session, rooms=None)
    assert seen.id == again.id
    assert seen.id != outbound_id


async def test_other_failures_are_not_said_otherwise(db: Database, clock: FixedClock) -> None:
    talk_id, outbound_id, receipt = await refused(db, clock, "63024")
    async with db.transaction() as session:
        assert not await waiting.after_receipt(session, receipt, clock.now())
        assert not await waiting.say_otherwise(session, outbound_id, clock.now())
        unknown = receipt.model_copy(update={"provider_id": "SM9", "error_code": WINDOW_CLOSED})
        assert not await waiting.after_receipt(session, unknown, clock.now())
        assert await outbox.lane(session, talk_id) == []
