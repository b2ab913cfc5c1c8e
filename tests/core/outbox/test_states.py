"""An outbound message moves forward only, whatever receipts come in whatever order."""

import asyncio
import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.db import Database
from core.errors import NotFound
from core.events import DeliveryState, Receipt
from core.outbox import service as outbox
from core.outbox.states import may_move, sources
from tests.core.conftest import NOON
from tests.core.conversing import OTHER, opened, posted, said

S = DeliveryState
RANK = {S.QUEUED: 0, S.SENDING: 1, S.UNCERTAIN: 2, S.SENT: 3, S.DELIVERED: 4, S.READ: 5, S.FAILED: 6}
REPORTED = [S.SENT, S.DELIVERED, S.READ, S.FAILED]
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("here", "there"), list(itertools.product(S, S)))
def test_the_table_goes_forward(here: DeliveryState, there: DeliveryState) -> None:
    if may_move(here, there):
        assert RANK[there] > RANK[here] or (here, there) == (S.SENDING, S.QUEUED)
    assert (here in sources(there)) == may_move(here, there)


def test_what_is_settled_stays_settled() -> None:
    assert not [there for there in S if may_move(S.READ, there) or may_move(S.FAILED, there)]
    assert not may_move(S.DELIVERED, S.FAILED)
    assert not may_move(S.UNCERTAIN, S.QUEUED), "an uncertain message is never sent again"
    assert not may_move(S.UNCERTAIN, S.SENDING), "an uncertain message is never sent again"
    assert not may_move(S.QUEUED, S.UNCERTAIN)


async def queued(db: Database) -> str:
    view = await opened(db, NOON)
    (row,) = await posted(db, view.id, f"t{next(_turns)}", NOON, said())
    return row


_turns = itertools.count()


async def sending(db: Database) -> str:
    row = await queued(db)
    async with db.transaction() as session:
        assert await outbox.begin_sending(session, row, "gateway-1", NOON)
    return row


async def state_of(db: Database, row: str) -> DeliveryState:
    async with db.reading() as session:
        return (await outbox.get(session, row)).state


async def report(
    db: Database, row: str | None, state: DeliveryState, sid: str = "SM1", code: str | None = None
) -> bool:
    receipt = Receipt(outbound_id=row, provider_id=sid, state=state, error_code=code)
    async with db.transaction() as session:
        return await outbox.record_receipt(session, receipt, NOON)


STEPS = st.lists(st.sampled_from([*REPORTED, S.UNCERTAIN, S.QUEUED, S.SENDING]), max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_random_moves_and_receipts_never_go_back(db: Database, steps: list[DeliveryState]) -> None:
    row = await sending(db)
    before = S.SENDING
    async with db.transaction() as session:
        for step in steps:
            if step is S.SENDING:
                moved = await outbox.begin_sending(session, row, "gateway-2", NOON)
            elif step in REPORTED:
                receipt = Receipt(outbound_id=row, provider_id="SM1", state=step)
                moved = await outbox.record_receipt(session, receipt, NOON)
            else:
                moved = await outbox.settle(session, row, step, NOON)
            after = (await outbox.get(session, row)).state
            assert moved == may_move(before, step)
            assert after == (step if moved else before)
            assert RANK[after] >= RANK[before] or (before, after) == (S.SENDING, S.QUEUED)
            before = after


@pytest.mark.parametrize("order", list(itertools.permutations([S.SENT, S.DELIVERED, S.READ])))
async def test_receipts_in_any_order_end_at_the_furthest(db: Database, order: tuple[DeliveryState, ...]) -> None:
    row = await sending(db)
    for state in order:
        await report(db, row, state)
    assert await state_of(db, row) is S.READ


async def test_receipts_that_come_at_once_end_at_the_furthest(db: Database) -> None:
    row = await sending(db)
    await asyncio.gather(*(report(db, row, state) for state in [S.SENT, S.DELIVERED, S.READ] * 4))
    assert await state_of(db, row) is S.READ


async def test_a_receipt_settles_an_uncertain_message(db: Database) -> None:
    row = await sending(db)
    async with db.transaction() as session:
        await outbox.settle(session, row, S.UNCERTAIN, NOON, error_code="TimeoutError")
        assert [found.id for found in await outbox.uncertain(session)] == [row]
    assert await report(db, row, S.DELIVERED, sid="SM7")
    async with db.reading() as session:
        found = await outbox.get(session, row)
        assert (found.state, found.provider_id) == (S.DELIVERED, "SM7")
        assert await outbox.uncertain(session) == []
        assert await outbox.known_provider_ids(session, ["SM7", "SM8"]) == {"SM7"}


async def test_a_receipt_without_our_id_finds_its_message_by_the_providers(db: Database) -> None:
    row = await sending(db)
    assert not await report(db, None, S.SENT, sid="SM9")
    async with db.transaction() as session:
        await outbox.settle(session, row, S.SENT, NOON, provider_id="SM9")
    assert await report(db, None, S.READ, sid="SM9")
    assert await state_of(db, row) is S.READ


async def test_receipts_of_the_unknown_move_nothing(db: Database) -> None:
    assert not await report(db, "01ARZ3NDEKTSV4RRFFQ69G5FAV", S.SENT)


async def test_a_refusal_keeps_its_code_and_is_listed_until_somebody_looked(db: Database) -> None:
    row = await sending(db)
    assert await report(db, row, S.FAILED, code="63016" + "x" * 60)
    async with db.transaction() as session:
        (found,) = await outbox.failed(session)
        assert found.error_code == ("63016" + "x" * 60)[:40]
        assert [one.id for one in await outbox.needing_attention(session, rooms=None)] == [row]
        assert await outbox.mark_seen(session, row, rooms=None, now=NOON) == found.conversation_id
        assert await outbox.mark_seen(session, row, rooms=None, now=NOON) is None
        assert await outbox.failed(session) == []
        assert await outbox.needing_attention(session, rooms=None) == []


async def test_a_queued_row_of_which_nothing_is_known_is_not_settled_by_looking(db: Database) -> None:
    row = await queued(db)
    async with db.transaction() as session:
        assert await outbox.mark_seen(session, row, rooms=None, now=NOON) is None


async def test_after_a_retry_the_row_waits_and_forgets_its_old_error(db: Database) -> None:
    row = await sending(db)
    async with db.transaction() as session:
        await outbox.settle(session, row, S.QUEUED, NOON, error_code="20429", retry_at=NOON + MINUTE)
        found = await outbox.get(session, row)
        assert (found.state, found.next_attempt_at, found.error_code) == (S.QUEUED, NOON + MINUTE, "20429")
        assert await outbox.begin_sending(session, row, "gateway-1", NOON + MINUTE)
    async with db.reading() as session:
        found = await outbox.get(session, row)
    assert (found.attempts, found.error_code) == (2, None)


async def test_lanes_wait_for_rows_that_are_due_or_stuck(db: Database) -> None:
    due, later, stuck = await queued(db), await queued(db), await sending(db)
    other = await opened(db, NOON, OTHER)
    (far,) = await posted(db, other.id, "far", NOON, said())

    async def waiting(after: timedelta) -> list[str]:
        async with db.reading() as session:
            return sorted(await outbox.waiting_lanes(session, NOON + after, MINUTE))

    async with db.transaction() as session:
        mine = (await outbox.get(session, due)).conversation_id
        for row in (due, later):
            await outbox.begin_sending(session, row, "gateway-1", NOON)
        await outbox.settle(session, due, S.SENT, NOON)
        await outbox.settle(session, later, S.QUEUED, NOON, retry_at=NOON + MINUTE / 2)
        await outbox.begin_sending(session, far, "gateway-1", NOON + MINUTE)
    assert await waiting(timedelta(0)) == []
    assert await waiting(MINUTE / 2) == [mine]
    async with db.transaction() as session:
        await outbox.begin_sending(session, later, "gateway-1", NOON + MINUTE)
        await outbox.settle(session, later, S.FAILED, NOON)
    assert await waiting(MINUTE / 2) == []
    assert await waiting(MINUTE) == [mine]
    assert await waiting(2 * MINUTE) == sorted([mine, other.id])
    assert await state_of(db, stuck) is S.SENDING


async def test_after_a_restore_nothing_is_sent_again(db: Database) -> None:
    first, second, done = await queued(db), await sending(db), await sending(db)
    await report(db, done, S.DELIVERED)
    async with db.transaction() as session:
        assert await outbox.all_sending_to_uncertain(session) == 2
        view = await outbox.get(session, first)
        assert await outbox.lane(session, view.conversation_id) == []
        assert await outbox.waiting_lanes(session, NOON + 99 * MINUTE, MINUTE) == []
        assert {row.id for row in await outbox.uncertain(session)} == {first, second}
        assert not await outbox.begin_sending(session, first, "gateway-1", NOON)
        states = await outbox.delivery_states(session, [view.conversation_id])
    assert sorted(states[view.conversation_id].values()) == sorted(
        [(S.UNCERTAIN, "restored"), (S.UNCERTAIN, "restored"), (S.DELIVERED, None)]
    )


async def test_what_is_not_there_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound):
        async with db.reading() as session:
            await outbox.get(session, "none")
