"""Notices: what the contact is told of each event, once, in the right language and place, or not at all."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.clock import FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.opening import IDLE_LIMIT
from core.conversations.state import Move as ConversationMove
from core.db import Database
from core.events import DeliveryState, OutboundContent
from core.i18n import LANGUAGES
from core.media.service import MediaStore
from core.outbox import service as outbox
from grievances import messages, reference
from grievances.deadlines import feedback_due
from grievances.messages import LATE, TOLD_KINDS, Told, contents, turn_id
from grievances.models import GrievanceMessage
from grievances.schemas import (
    CONTACT,
    SYSTEM,
    ActorKind,
    Deadline,
    EventView,
    GrievanceView,
    Kind,
    Level,
    Registry,
)
from grievances.status import Move
from tests.grievances.conftest import REASONS, Ledger


@pytest.fixture
def speaking(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    """A ledger whose notices are really posted."""
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


async def language(ledger: Ledger, code: str, number: int = 101) -> None:
    contact = await ledger.contact(number)
    async with ledger.db.transaction() as session:
        await conversations.set_language(session, contact.contact_id, code, fixed=True)


async def posted(ledger: Ledger, view: GrievanceView, seq: int | None = None) -> list[OutboundContent]:
    """What was said about the newest event, or about the one with this number."""
    turn = turn_id(view.id, view.version if seq is None else seq)
    async with ledger.db.reading() as session:
        return [row.content for row in await outbox.of_turn(session, turn)]


async def said(ledger: Ledger, view: GrievanceView, seq: int | None = None) -> str:
    return "\n".join(content.text for content in await posted(ledger, view, seq))


async def test_the_contacts_own_filing_is_answered_in_its_turn(speaking: Ledger) -> None:
    assert await posted(speaking, await speaking.filed()) == []


async def test_another_filing_is_acknowledged_with_number_code_days_and_room(speaking: Ledger) -> None:
    await language(speaking, "en")
    filed = await speaking.file(source="cpgrams", external_number="DMSME/E/2026/0000001")
    (content,) = await posted(speaking, filed.view)
    assert reference.shown(filed.view.reference) in content.text
    assert f"code is {filed.code}" in content.text
    assert "the control room in Mumbai" in content.text
    assert "attends to it by Friday, 27 November 2026" in content.text
    assert "Tuesday, 15 December 2026, which is 21 days" in content.text
    assert (content.key, content.language) == ("grievances.acknowledged_with_code", "en")


async def test_without_the_code_the_number_is_said_alone(speaking: Ledger) -> None:
    view = (await speaking.file()).view
    (event,) = await speaking.events(view.id)
    await speaking.sql("DELETE FROM grievance_message")
    async with speaking.db.transaction() as session:
        assert await messages.announce(session, view, event, now=speaking.clock.now(), in_turn=False)
    assert reference.shown(view.reference) in await said(speaking, view)
    assert "{" not in await said(speaking, view)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_a_whole_story_in_every_language(speaking: Ledger, code: str) -> None:
    await language(speaking, code)
    view = await speaking.filed()
    shown = reference.shown(view.reference)
    steps: list[tuple[Move, dict[str, Any], str]] = [
        (Move.ATTEND, {}, "attended"),
        (Move.REPLY, {"text": "Please send the bill."}, "replied"),
        (Move.INTERIM, {"text": "The bank has to answer.", "until": date(2026, 12, 22)}, "interim"),
        (Move.TRANSFER, {"text": "Nearer to you.", "to_room": "dfo-nagpur"}, "transferred"),
        (Move.ESCALATE, {"text": "Needs a decision."}, "escalated"),
        (Move.REGISTER, {"registry": Registry.CPGRAMS, "number": "DMSME/E/2026/0000001"}, "registered"),
    ]
    for move, details, key in steps:
        view = await speaking.act(view.id, move, **details)
        (content,) = await posted(speaking, view)
        assert (content.key, content.language) == (f"grievances.{key}", code)
        assert shown in content.text
        assert details.get("text", "") in content.text or move in (Move.TRANSFER, Move.ESCALATE)
    view = await speaking.closed(view.id)
    assert REASONS in await said(speaking, view)
    speaking.clock.at += timedelta(days=1)
    view = await speaking.act(view.id, Move.ASK_FEEDBACK, SYSTEM)
    (asked,) = await posted(speaking, view)
    assert len(asked.buttons) == 3
    assert all(len(button.title) <= 20 for button in asked.buttons)
    view = await speaking.act(view.id, Move.FEEDBACK, CONTACT, rating=1, turn_id="t-poor")
    assert await posted(speaking, view, view.version - 1) == []
    (appealed,) = await posted(speaking, view)
    assert appealed.key == "grievances.appealed_poor"


async def test_sentences_are_in_hindi_with_hindi_days_and_cities(speaking: Ledger) -> None:
    await language(speaking, "hi")
    filed = await speaking.file(source="cpgrams")
    text = await said(speaking, filed.view)
    assert "मुंबई के कंट्रोल रूम के पास" in text
    assert "शुक्रवार, 27 नवंबर 2026 तक" in text


async def test_sentences_are_in_hinglish_in_latin_letters(speaking: Ledger) -> None:
    await language(speaking, "hi-Latn")
    filed = await speaking.file(source="cpgrams")
    text = await said(speaking, filed.view)
    assert text.isascii()
    assert "Mumbai ke control room ke paas" in text
    assert "27 November 2026 tak" in text


async def test_a_closing_says_how_to_appeal_and_until_when(speaking: Ledger) -> None:
    await language(speaking, "en")
    view = await speaking.closed((await speaking.filed()).id)
    text = await said(speaking, view)
    assert "Result: redressed" in text
    assert "appeal to the central control room in New Delhi until Thursday, 24 December 2026" in text


async def test_a_closing_at_the_top_offers_no_appeal(speaking: Ledger) -> None:
    await language(speaking, "en")
    view = await speaking.filed()
    for _ in range(2):
        view = await speaking.act(view.id, Move.ESCALATE, text="Needs a decision.")
    assert view.level is Level.APPELLATE
    text = await said(speaking, await speaking.closed(view.id))
    assert REASONS in text
    assert "appeal" not in text


async def test_feedback_is_asked_with_three_buttons_that_name_the_grievance(speaking: Ledger) -> None:
    view = await speaking.closed((await speaking.filed()).id)
    speaking.clock.at = feedback_due(speaking.clock.now())
    view = await speaking.act(view.id, Move.ASK_FEEDBACK, SYSTEM)
    (content,) = await posted(speaking, view)
    payloads = [button.payload for button in content.buttons]
    assert payloads == [
        f'/grievance_feedback{{"grievance":"{view.id}","rating":"{rating}"}}' for rating in ("3", "2", "1")
    ]


async def test_a_missed_deadline_is_said_as_such(speaking: Ledger) -> None:
    await language(speaking, "en")
    view = await speaking.act((await speaking.filed()).id, Move.ESCALATE, SYSTEM, because=LATE)
    text = await said(speaking, view)
    assert "not dealt with by the promised day" in text
    assert "the central control room in New Delhi by itself" in text


async def test_what_only_officers_read_is_not_told(speaking: Ledger) -> None:
    view = await speaking.act((await speaking.filed()).id, Move.NOTE, text="Rang the buyer.")
    assert await posted(speaking, view) == []
    view = await speaking.act(view.id, Move.BREACH, SYSTEM, deadline=Deadline.ATTEND)
    assert await posted(speaking, view) == []


async def test_merged_names_the_other_number(speaking: Ledger) -> None:
    one, two = await speaking.filed(), await speaking.filed()
    view = await speaking.act(two.id, Move.MERGE, into=one.id)
    assert reference.shown(one.reference) in await said(speaking, view)
    assert reference.shown(two.reference) in await said(speaking, view)


async def test_nothing_is_told_twice(speaking: Ledger) -> None:
    view = await speaking.act((await speaking.filed()).id, Move.ATTEND)
    event = (await speaking.events(view.id))[-1]
    for _ in range(2):
        async with speaking.db.transaction() as session:
            assert not await messages.announce(session, view, event, now=speaking.clock.now())
    assert len(await posted(speaking, view)) == 1
    async with speaking.db.reading() as session:
        row = (await session.scalars(select(GrievanceMessage).where(GrievanceMessage.seq == 2))).one()
    assert row.conversation_id == view.conversation_id


async def test_told_in_the_open_conversation_or_in_a_new_one(speaking: Ledger) -> None:
    view = await speaking.filed()
    first = view.conversation_id or ""
    async with speaking.db.transaction() as session:
        await conversations.move(session, first, ConversationMove.CLOSE, now=speaking.clock.now())
    view = await speaking.act(view.id, Move.ATTEND)
    assert await posted(speaking, view)
    async with speaking.db.reading() as session:
        (row,) = await outbox.of_turn(session, turn_id(view.id, view.version))
        lanes = await outbox.waiting_lanes(session, speaking.clock.now(), timedelta(seconds=15))
        (line,) = await conversations.transcript(session, row.conversation_id)
    assert row.conversation_id != first
    assert row.state is DeliveryState.QUEUED
    assert lanes == [row.conversation_id]  # the gateway's sweep will deliver it
    assert line.author == "system"
    speaking.clock.at += 2 * IDLE_LIMIT
    view = await speaking.act(view.id, Move.REPLY, text="Please send the bill.")
    async with speaking.db.reading() as session:
        (later,) = await outbox.of_turn(session, turn_id(view.id, view.version))
    assert later.conversation_id not in (first, row.conversation_id)


@pytest.mark.parametrize("refusal", ["stopped", "withdrawn"])
async def test_who_wants_no_messages_gets_none_and_not_later_either(speaking: Ledger, refusal: str) -> None:
    view = await speaking.filed()
    contact, now = await speaking.contact(), speaking.clock.now()
    async with speaking.db.transaction() as session:
        if refusal == "stopped":
            await conversations.set_stopped(session, contact.address_id, now)
        else:
            await consents.give(session, contact.contact_id, locale="hi", channel="whatsapp", now=now)
            await consents.withdraw(session, contact.contact_id, now=now)
    view = await speaking.act(view.id, Move.ATTEND)
    assert await posted(speaking, view) == []
    async with speaking.db.transaction() as session:
        await conversations.set_stopped(session, contact.address_id, None)
        await consents.give(session, contact.contact_id, locale="hi", channel="whatsapp", now=now + timedelta(days=1))
        event = (await speaking.events(view.id))[-1]
        assert not await messages.announce(session, view, event, now=now)
    assert await posted(speaking, view) == []
    view = await speaking.act(view.id, Move.REPLY, text="Please send the bill.")
    assert await posted(speaking, view)


async def test_a_long_reply_comes_in_parts_that_fit(speaking: Ledger) -> None:
    long = "The bank has to answer within thirty days. " * 80
    view = await speaking.act((await speaking.filed()).id, Move.REPLY, text=long)
    parts = await posted(speaking, view)
    assert len(parts) > 2
    assert all(len(part.text) <= 1000 for part in parts)
    assert "".join("".join(part.text for part in parts).split()).endswith("".join(long.split()))


async def test_braces_in_an_officers_words_are_left_alone(speaking: Ledger) -> None:
    view = await speaking.act((await speaking.filed()).id, Move.REPLY, text="Write {code} and {0} in field {x}.")
    assert "Write {code} and {0} in field {x}." in await said(speaking, view)


@pytest.mark.parametrize("kind", sorted(TOLD_KINDS))
async def test_every_notice_can_be_said_of_an_event_whose_words_were_erased(speaking: Ledger, kind: Kind) -> None:
    view = await speaking.filed()
    event = EventView(
        seq=2,
        at=view.filed_at,
        actor=ActorKind.SYSTEM,
        officer_id=None,
        kind=kind,
        from_status=None,
        to_status=view.status,
        details=None,
    )
    if kind is Kind.MERGED:
        event = event.model_copy(update={"details": {"reference": view.reference}})
    for code in LANGUAGES:
        for level in Level:
            for room in ("dfo-mumbai", "hub", "closed-down"):
                seen = view.model_copy(update={"room": room, "level": level, "appeal_until": view.outer_by})
                (content,) = contents(Told(seen, event, code, None))
                assert "{" not in content.text


def test_the_turn_of_a_notice_fits_its_column() -> None:
    assert len(turn_id("01ARZ3NDEKTSV4RRFFQ69G5FAV", 10**6)) <= 40
