"""Live: what changed reaches the pages that show it, once, and nothing is asked when no page is open."""

import asyncio

import pytest

from core.events import DeliveryState
from core.outbox import service as outbox
from handoff.desk.acts import Acts
from handoff.desk.live import LISTS, Live, Mailbox, lines_event, owner_event
from tests.handoff.conftest import Scene


@pytest.fixture
def live(scene: Scene) -> Live:
    return Live(scene.db, 0.02)


async def settled(mailbox: Mailbox) -> None:
    """Wait until what was there at the beginning has been told."""
    while await mailbox.take(0.15):
        pass


async def told(mailbox: Mailbox, event: str) -> bool:
    """Whether the event comes within two seconds, alone or after another: one look may see the first of two changes."""
    async with asyncio.timeout(2):
        while event not in await mailbox.take(2):
            pass
    return True


async def test_a_new_request_reaches_every_page(scene: Scene, live: Live) -> None:
    asha, ravi = await scene.officer("asha"), await scene.officer("ravi")
    async with live.subscribe(asha, None) as one, live.subscribe(ravi, None) as two:
        await settled(one)
        await settled(two)
        await scene.waits()
        assert await one.take(2) == [LISTS]
        assert await two.take(2) == [LISTS]
        assert await one.take(0.1) == []


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_lines_ticks_and_owner_reach_the_page_that_shows_them(scene: Scene, live: Live) -> None:
    asha, asked, elsewhere = await scene.officer("asha"), await scene.waits(1), await scene.waits(2)
    conversation = asked.conversation_id
    async with live.subscribe(asha, conversation) as shown, live.subscribe(asha, elsewhere.conversation_id) as hidden:
        await settled(shown)
        await settled(hidden)
        sent = await scene.bot_says(conversation, "hello")
        assert lines_event(conversation) in await shown.take(2)
        await settled(shown)
        async with scene.db.transaction() as session:
            await outbox.begin_sending(session, sent, "x", scene.clock.now())
            await outbox.settle(session, sent, DeliveryState.DELIVERED, scene.clock.now())
        assert await shown.take(2) == [lines_event(conversation)]
        await Acts(scene.db, scene.clock, scene.wake).claim(asha, asked.id)
        assert await told(shown, owner_event(conversation))
        assert set(await hidden.take(2)) <= {LISTS}


async def test_what_happened_before_a_page_opened_is_told_once(scene: Scene, live: Live) -> None:
    asha, asked = await scene.officer("asha"), await scene.waits()
    async with live.subscribe(asha, asked.conversation_id) as mailbox:
        told = await mailbox.take(2)
        assert {LISTS, lines_event(asked.conversation_id)} <= set(told)


async def test_it_rests_when_no_page_is_open(scene: Scene, live: Live) -> None:
    asha = await scene.officer("asha")
    async with live.subscribe(asha, None) as mailbox:
        await mailbox.take(0.1)
    await asyncio.sleep(0.1)
    assert live._task is not None
    assert live._task.done()
    async with live.subscribe(asha, None) as mailbox:
        await scene.waits()
        assert LISTS in await mailbox.take(2)


async def test_a_database_that_fails_for_a_while_is_outlived(
    scene: Scene, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    asha, look = await scene.officer("asha"), live._look
    failures = iter([True, True, False])

    async def sometimes() -> object:
        if next(failures, False):
            raise OSError("database is locked")
        return await look()

    monkeypatch.setattr(live, "_look", sometimes)
    await scene.waits()
    async with live.subscribe(asha, None) as mailbox:
        assert LISTS in await mailbox.take(2)


async def test_ids_tell_one_run_from_another(scene: Scene, live: Live) -> None:
    first, second = live.event_id(), live.event_id()
    assert first.rpartition("-")[0] == second.rpartition("-")[0] != Live(scene.db, 1).event_id().rpartition("-")[0]


async def test_a_line_changes_only_its_officers_lists(scene: Scene, live: Live) -> None:
    asha, ravi, asked = await scene.officer("asha"), await scene.officer("ravi"), await scene.waits()
    await Acts(scene.db, scene.clock, scene.wake).claim(asha, asked.id)
    async with live.subscribe(asha, None) as hers, live.subscribe(ravi, None) as his:
        await settled(hers)
        await settled(his)
        await scene.says(1, "और एक बात")
        assert await hers.take(2) == [LISTS]
        assert await his.take(0.1) == []
