"""Outside the window: the notice's template, else a request to write and the text kept, else failed and shown."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from channels.gateway.delivery import Delivery
from channels.gateway.entrance import Entrance
from channels.gateway.outside import asks_to_write
from channels.gateway.settings import GatewaySettings
from channels.whatsapp.manifest import MANIFEST
from core.conversations import service as conversations
from core.errors import FinalDelivery, RetryableDelivery
from core.events import WINDOW_CLOSED, OutboundContent, Receipt
from core.events import DeliveryState as S
from core.outbox import service as outbox
from core.outbox import waiting
from core.turns.service import first_turn_id
from tests.channels.gateway.conftest import FakeSender, World

NOTICE = OutboundContent(text="Your grievance 26 is closed.", key="grievances.closed", params={"reference": "26"})
OFFICERS_WORDS = OutboundContent(text="Please send the bill.")
ASKS = "There is news about your grievance 26. Answer this message with any word to read it."
ASKS_PLAIN = "The CHAMPIONS control room has a message for you. Answer this message with any word to read it."


@dataclass
class Templated(FakeSender):
    """A provider with approved templates of these notices."""

    approved: set[str] = field(default_factory=lambda: {"grievances.closed", "templates.write_back"})
    by_template: list[str] = field(default_factory=list)
    unknown: int = 0

    async def has_template(self, content: OutboundContent) -> bool:
        if self.unknown:
            self.unknown -= 1
            raise RetryableDelivery("templates_unknown")
        return content.key in self.approved

    async def send_template(self, to: str, content: OutboundContent, outbound_id: str) -> str:
        self.by_template.append(content.text)
        return await self.send(to, content, outbound_id)


@pytest.fixture
def templated(world: World, settings: GatewaySettings) -> Templated:
    sender = Templated()
    world.delivery = Delivery(world.db, world.clock, {"whatsapp": sender}, settings, {"whatsapp": MANIFEST})
    return sender


async def answered(world: World) -> str:
    """The lane of a contact who has just written, and whose message needed no answer."""
    says, world.rasa.says = world.rasa.says, ()
    accepted = await world.accept()
    await world.runner.answer(accepted.conversation_id, first_turn_id(accepted.message_id))
    world.rasa.says = says
    return accepted.conversation_id


async def said(world: World, *contents: OutboundContent, turn_id: str = "t1") -> str:
    """Something said to a contact who has just written; its lane."""
    lane = await answered(world)
    await more(world, lane, *contents, turn_id=turn_id)
    return lane


async def more(world: World, lane: str, *contents: OutboundContent, turn_id: str) -> None:
    async with world.db.transaction() as session:
        await outbox.post(session, lane, turn_id, contents, author="system", now=world.clock.now())


async def late(world: World, *contents: OutboundContent) -> str:
    """Something said to a contact who wrote three days ago."""
    lane = await answered(world)
    world.pass_time(days=3)
    await more(world, lane, *contents, turn_id="t1")
    return lane


async def deliver(world: World, lane: str, times: int = 2) -> None:
    for _ in range(times):
        await world.delivery.deliver(lane)


def texts(sender: FakeSender) -> list[str]:
    return [text for _, text in sender.sent]


async def test_inside_it_is_free_text(world: World, templated: Templated) -> None:
    lane = await said(world, NOTICE)
    world.pass_time(hours=23)
    await deliver(world, lane)
    assert (texts(templated), templated.by_template) == ([NOTICE.text], [])


@pytest.mark.parametrize(
    ("ago", "template"), [({"hours": 23, "minutes": 57}, False), ({"hours": 24}, True), ({"hours": 23.99}, True)]
)
async def test_the_boundary(world: World, templated: Templated, ago: dict[str, float], template: bool) -> None:
    lane = await said(world, NOTICE)
    world.pass_time(**ago)
    await deliver(world, lane)
    assert texts(templated) == [NOTICE.text]
    assert templated.by_template == ([NOTICE.text] if template else [])


async def test_outside_it_is_the_notices_template(world: World, templated: Templated) -> None:
    lane = await late(world, NOTICE)
    await deliver(world, lane)
    assert templated.by_template == [NOTICE.text]
    assert await world.states(lane) == [S.SENT]


async def test_without_it_the_contact_is_asked_to_write_and_the_text_comes_with_the_answer(
    world: World, templated: Templated
) -> None:
    templated.approved.remove(NOTICE.key)
    lane = await late(world, NOTICE, NOTICE.model_copy(update={"text": "And its second part."}))
    await deliver(world, lane)
    assert templated.by_template == [ASKS], "asked once, although two texts wait"
    assert await world.states(lane) == [S.QUEUED, S.QUEUED, S.SENT]
    accepted = await world.accept("yes?")
    await deliver(world, lane)
    assert texts(templated) == [ASKS], "not before the answer is understood: it may be STOP"
    await world.runner.answer(accepted.conversation_id, first_turn_id(accepted.message_id))
    await deliver(world, lane)
    assert texts(templated)[:3] == [ASKS, NOTICE.text, "And its second part."]
    assert set(await world.states(lane)) == {S.SENT}
    before = len(templated.sent)
    await deliver(world, lane)
    assert len(templated.sent) == before


async def test_about_one_matter_the_contact_is_asked_once_a_day(world: World, templated: Templated) -> None:
    templated.approved.remove(NOTICE.key)
    lane = await late(world, NOTICE)
    await deliver(world, lane)
    await more(world, lane, NOTICE, turn_id="t2")
    await deliver(world, lane)
    assert texts(templated) == [ASKS]
    other = NOTICE.model_copy(update={"params": {"reference": "27"}})
    await more(world, lane, other, turn_id="t3")
    await deliver(world, lane)
    assert len(templated.sent) == 2
    world.pass_time(days=1)
    await more(world, lane, NOTICE, turn_id="t4")
    await deliver(world, lane)
    assert texts(templated)[2:] == [ASKS]


async def test_an_officers_words_wait_too(world: World, templated: Templated) -> None:
    templated.approved.add("templates.write_back_plain")
    lane = await late(world, OFFICERS_WORDS)
    await deliver(world, lane)
    assert templated.by_template == [ASKS_PLAIN]


async def test_who_answers_stop_gets_nothing_more(world: World, templated: Templated) -> None:
    templated.approved.remove(NOTICE.key)
    lane = await late(world, NOTICE)
    await deliver(world, lane)
    said_to_stop = await world.turn("STOP")
    assert len(said_to_stop) == 1
    await deliver(world, lane)
    assert NOTICE.text not in texts(templated)
    async with world.db.transaction() as session:
        assert await waiting.give_up(session, world.clock.now() + timedelta(days=1)) == 1


async def test_who_has_stopped_is_sent_no_template(world: World, templated: Templated) -> None:
    lane = await late(world, NOTICE)
    async with world.db.transaction() as session:
        view = await conversations.get(session, lane)
        await conversations.set_stopped(session, view.address_id, world.clock.now())
    await deliver(world, lane)
    assert templated.sent == []
    assert await world.states(lane) == [S.FAILED]


async def test_without_any_template_it_fails_where_officers_see_it(world: World, templated: Templated) -> None:
    templated.approved.clear()
    lane = await late(world, NOTICE, OFFICERS_WORDS)
    await deliver(world, lane)
    assert templated.sent == []
    async with world.db.reading() as session:
        seen = await outbox.needing_attention(session, rooms=None)
    assert [(row.content.text, row.state, row.error_code) for row in reversed(seen)] == [
        (NOTICE.text, S.FAILED, WINDOW_CLOSED),
        (OFFICERS_WORDS.text, S.FAILED, WINDOW_CLOSED),
    ]


async def test_a_provider_without_templates_fails_the_same_way(world: World, settings: GatewaySettings) -> None:
    world.delivery = Delivery(world.db, world.clock, {"whatsapp": world.sender}, settings, {"whatsapp": MANIFEST})
    lane = await late(world, NOTICE)
    await deliver(world, lane)
    assert await world.states(lane) == [S.FAILED]


async def test_while_the_provider_does_not_say_what_is_approved_it_waits(world: World, templated: Templated) -> None:
    templated.unknown = 1
    lane = await late(world, NOTICE)
    await deliver(world, lane)
    assert (templated.sent, await world.states(lane)) == ([], [S.QUEUED])
    world.pass_time(minutes=1)
    await deliver(world, lane)
    assert templated.by_template == [NOTICE.text]


async def test_a_refusal_although_our_window_was_open_falls_back_once(world: World, templated: Templated) -> None:
    templated.outcomes = [FinalDelivery(WINDOW_CLOSED)]
    lane = await said(world, NOTICE)
    await deliver(world, lane)
    assert templated.by_template == [NOTICE.text]
    assert await world.states(lane) == [S.FAILED, S.SENT]
    async with world.db.reading() as session:
        assert await outbox.needing_attention(session, rooms=None) == []


async def test_refused_again_it_is_final(world: World, templated: Templated) -> None:
    templated.outcomes = [FinalDelivery(WINDOW_CLOSED), FinalDelivery(WINDOW_CLOSED), FinalDelivery("never asked")]
    lane = await said(world, NOTICE)
    await deliver(world, lane, times=5)
    assert await world.states(lane) == [S.FAILED, S.FAILED]
    assert len(templated.outcomes) == 1
    async with world.db.reading() as session:
        (seen,) = await outbox.needing_attention(session, rooms=None)
    assert seen.error_code == WINDOW_CLOSED


async def test_a_refusal_by_receipt_falls_back_once(world: World, templated: Templated) -> None:
    entrance = Entrance(world.db, world.clock, world.intake)
    lane = await said(world, NOTICE)
    await deliver(world, lane)
    receipt = Receipt(outbound_id=None, provider_id=f"SM{1:032x}", state=S.FAILED, error_code=WINDOW_CLOSED)
    assert await entrance.record_receipt(receipt)
    assert not await entrance.record_receipt(receipt)
    await deliver(world, lane)
    assert texts(templated) == [NOTICE.text, NOTICE.text]
    assert templated.by_template == [NOTICE.text]
    assert await entrance.record_receipt(receipt.model_copy(update={"provider_id": f"SM{2:032x}"}))
    await deliver(world, lane)
    assert len(templated.sent) == 2


async def test_refused_words_without_a_template_wait_and_go_out_freely_after_the_answer(
    world: World, templated: Templated
) -> None:
    templated.outcomes = [FinalDelivery(WINDOW_CLOSED)]
    templated.approved.remove(NOTICE.key)
    lane = await said(world, NOTICE)
    await deliver(world, lane, times=3)
    assert templated.by_template == [ASKS]
    world.pass_time(minutes=1)
    await world.turn("what is it?")
    await deliver(world, lane)
    assert texts(templated).count(NOTICE.text) == 1
    assert texts(templated).count(ASKS) == 1


async def test_what_waited_is_tried_with_patience_although_it_is_old(world: World, templated: Templated) -> None:
    templated.approved.remove(NOTICE.key)
    lane = await late(world, NOTICE)
    await deliver(world, lane)
    world.pass_time(days=2)
    await world.turn("yes")
    templated.outcomes = [RetryableDelivery("20503")]
    await deliver(world, lane, times=1)
    assert S.FAILED not in await world.states(lane)
    world.pass_time(minutes=1)
    await deliver(world, lane)
    assert NOTICE.text in texts(templated)


async def test_what_waits_does_not_hold_up_what_follows(world: World, templated: Templated) -> None:
    templated.approved.add("templates.write_back_plain")
    lane = await late(world, OFFICERS_WORDS, NOTICE)
    await world.delivery.deliver(lane)
    assert templated.by_template == [NOTICE.text]


@pytest.mark.parametrize(("given", "language"), [("hi", "hi"), ("hi-Latn", "hi-Latn"), ("ta", "en"), ("", "en")])
def test_the_request_is_in_a_language_that_is_offered(given: str, language: str) -> None:
    asking = asks_to_write(NOTICE.model_copy(update={"language": given}))
    assert asking.language == language
    assert "26" in asking.text
    assert asks_to_write(OFFICERS_WORDS).key == "templates.write_back_plain"
