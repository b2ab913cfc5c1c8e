"""Pasts written at once are what the services would have written one by one."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from core.dues import service as dues
from grievances import bulk, reference
from grievances.bulk import Life, Past
from grievances.clocks import Clocks
from grievances.schemas import CONTACT, Actor, ActorKind, GrievanceView, NewGrievance, Outcome
from grievances.status import Move
from tests.grievances.conftest import OFFICER, REASONS, TUESDAY, Ledger

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def past(days: float, move: Move, actor: Actor = OFFICER, text: str = "", **details: Any) -> Past:
    return Past(TUESDAY + days * DAY, move, actor, text, details)  # type: ignore[arg-type]


def closed(days: float, outcome: Outcome = Outcome.NOT_REDRESSED) -> Past:
    return past(days, Move.CLOSE, text=REASONS, outcome=outcome)


STORIES: dict[str, list[Past]] = {
    "forgotten": [],
    "attended": [past(1, Move.ATTEND)],
    "answered late": [past(8, Move.REPLY, text="We wrote to the buyer.")],
    "put off": [
        past(2, Move.INTERIM, text="More time.", until=(TUESDAY + 40 * DAY).date()),
    ],
    "closed and told": [closed(2), past(4, Move.FEEDBACK, CONTACT, rating=3)],
    "poor feedback": [closed(2), past(4, Move.FEEDBACK, CONTACT, rating=1)],
    "told before asked": [closed(2), past(2.1, Move.FEEDBACK, CONTACT, rating=2)],
    "back twice": [
        closed(2),
        past(3, Move.REOPEN, CONTACT, "Nothing came."),
        closed(4),
        past(5, Move.REOPEN, CONTACT, "Nothing came."),
    ],
    "moved and lifted": [
        past(1, Move.TRANSFER, text="Their district.", to_room="dfo-chennai"),
        past(2, Move.ESCALATE, text="It presses."),
        closed(20),
        past(22, Move.APPEAL, CONTACT, "Nobody asked me."),
    ],
    "withdrawn": [past(1, Move.WITHDRAW, CONTACT)],
    "not legal any more": [past(1, Move.WITHDRAW, CONTACT), past(2, Move.ATTEND)],
}


async def one_by_one(ledger: Ledger, new: NewGrievance, moves: list[Past], until: datetime) -> GrievanceView:
    """The same past by the services, with a sweep at every moment at which something comes due."""
    ledger.clock.at = TUESDAY
    view = (await ledger.file(turn_id=new.turn_id)).view

    async def sweep_to(moment: datetime) -> None:
        while True:
            async with ledger.db.reading() as session:
                waiting = await dues.due(session, moment, ("grievance.",), 1)
            if not waiting:
                return
            ledger.clock.at = waiting[0].due_at
            await Clocks(ledger.db, ledger.clock).sweep()

    for one in moves:
        await sweep_to(one.at)
        ledger.clock.at = one.at
        try:
            await ledger.act(view.id, one.move, one.actor, text=one.text, **one.details)
        except Exception:
            assert one is moves[-1]
    await sweep_to(until)
    return await ledger.get(view.id)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("days", [3, 70])
async def test_a_past_is_the_same_either_way(ledger: Ledger, story: str, days: int) -> None:
    moves, until = STORIES[story], TUESDAY + days * DAY
    moves = [one for one in moves if one.at <= until]
    slow = await one_by_one(ledger, await ledger.new(turn_id="slow"), moves, until)
    ledger.clock.at = TUESDAY
    new = await ledger.new(turn_id="fast")
    async with ledger.db.transaction() as session:
        (fast_id,) = await bulk.write(session, [Life(new, TUESDAY, moves)], until=until)
    fast = await ledger.get(fast_id)
    own = {"id", "reference", "contact_id", "conversation_id", "address_id", "turn_id"}
    assert fast.model_dump(exclude=own) == slow.model_dump(exclude=own)
    assert [told(one) for one in await ledger.events(fast.id)] == [told(one) for one in await ledger.events(slow.id)]
    async with ledger.db.reading() as session:
        due = [[(row.what, row.due_at) for row in await dues.of_subject(session, one.id)] for one in (fast, slow)]
    assert due[0] == due[1]
    assert await ledger.broken() is None


def told(event: Any) -> tuple[Any, ...]:
    return event.seq, event.at, event.actor, event.kind, event.from_status, event.to_status, event.details


async def test_what_touches_others_is_refused(ledger: Ledger) -> None:
    new = await ledger.new()
    for move in (Move.MERGE, Move.LINK, Move.ATTACH):
        with pytest.raises(ValueError, match=move.value):
            async with ledger.db.transaction() as session:
                await bulk.write(session, [Life(new, TUESDAY, [past(1, move)])], until=TUESDAY + 2 * DAY)


async def test_an_altered_past_is_found(ledger: Ledger) -> None:
    lives = [Life(await ledger.new(), TUESDAY, STORIES["poor feedback"]) for _ in range(3)]
    async with ledger.db.transaction() as session:
        ids = await bulk.write(session, lives, until=TUESDAY + 30 * DAY)
    assert await ledger.broken() is None
    await ledger.sql("UPDATE grievance SET feedback = 3 WHERE id = :id", id=ids[1])
    assert await ledger.broken() == (ids[1], 0)
    assert ActorKind.SYSTEM in {event.actor for event in await ledger.events(ids[0])}


async def test_a_reference_is_nobody_elses(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = (await ledger.filed()).reference
    fresh = [reference.new_reference(2026, Random(number)) for number in range(3)]
    drawn = iter([taken, fresh[0], fresh[0], taken, fresh[1], fresh[1], fresh[2]])
    monkeypatch.setattr(reference, "new_reference", lambda _year, _choose: next(drawn))
    lives = [Life(await ledger.new(), TUESDAY) for _ in range(3)]
    async with ledger.db.transaction() as session:
        ids = await bulk.write(session, lives, until=TUESDAY)
    assert {(await ledger.get(one)).reference for one in ids} == set(fresh)
    assert await ledger.broken() is None
