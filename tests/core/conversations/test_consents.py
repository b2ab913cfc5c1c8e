"""Consent: noticed, given, declined, withdrawn as easily as given, given again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.schemas import ConsentView, ConversationView
from core.db import Database
from tests.core.conftest import NOON
from tests.core.conversing import OTHER, opened

MINUTE = timedelta(minutes=1)


class Person:
    """A contact who answers the notice."""

    def __init__(self, db: Database, view: ConversationView) -> None:
        self.db, self.id, self.now = db, view.contact_id, NOON

    def later(self) -> datetime:
        self.now += MINUTE
        return self.now

    async def notice(self) -> None:
        async with self.db.transaction() as session:
            await consents.note_notice(session, self.id, locale="hi", channel="whatsapp", now=self.later())

    async def give(self) -> None:
        async with self.db.transaction() as session:
            await consents.give(session, self.id, locale="hi", channel="whatsapp", now=self.later())

    async def decline(self) -> None:
        async with self.db.transaction() as session:
            await consents.decline(session, self.id, now=self.later())

    async def withdraw(self) -> None:
        async with self.db.transaction() as session:
            await consents.withdraw(session, self.id, now=self.later())

    async def latest(self) -> ConsentView | None:
        async with self.db.reading() as session:
            return await consents.latest(session, self.id)


@pytest.fixture
async def person(db: Database) -> Person:
    return Person(db, await opened(db, NOON))


async def test_before_the_notice_there_is_none(person: Person) -> None:
    assert await person.latest() is None


@pytest.mark.parametrize(
    ("acts", "given"),
    [
        (["notice"], False),
        (["notice", "give"], True),
        (["give"], True),
        (["notice", "decline"], False),
        (["notice", "decline", "give"], True),
        (["notice", "give", "decline"], True),
        (["notice", "give", "withdraw"], False),
        (["notice", "give", "withdraw", "give"], True),
        (["notice", "give", "withdraw", "give", "withdraw"], False),
        (["notice", "withdraw"], False),
        (["notice", "withdraw", "give"], True),
        (["give", "give"], True),
        (["decline", "withdraw"], False),
    ],
)
async def test_what_holds_after(person: Person, acts: list[str], given: bool) -> None:
    for act in acts:
        await getattr(person, act)()
    latest = await person.latest()
    assert (latest is not None and latest.is_given) is given


async def test_a_second_agreement_leaves_the_first_as_it_was(person: Person) -> None:
    for act in ("notice", "give", "withdraw", "give"):
        await getattr(person, act)()
    async with person.db.reading() as session:
        rows = (await session.execute(text("SELECT given_at, withdrawn_at FROM consent ORDER BY noticed_at"))).all()
    assert [(bool(given), bool(withdrawn)) for given, withdrawn in rows] == [(True, True), (True, False)]


async def test_consents_of_others_are_theirs(db: Database, person: Person) -> None:
    other = Person(db, await opened(db, NOON, OTHER))
    await person.give()
    await other.notice()
    await other.withdraw()
    latest = await person.latest()
    assert latest is not None
    assert latest.is_given


async def said_and_answered(db: Database, view: ConversationView, *turn_ids: str) -> None:
    async with db.transaction() as session:
        for turn_id in turn_ids:
            await conversations.append(
                session, view.id, author="contact", kind="text", content={"text": "x"}, now=NOON, turn_id=turn_id
            )
            await conversations.mark_answered(session, turn_id, NOON)


async def contents(db: Database, view: ConversationView) -> list[object]:
    async with db.reading() as session:
        return [line.content for line in await conversations.transcript(session, view.id)]


async def test_forgetting_erases_what_the_contact_said_and_leaves_that_something_was_said(db: Database) -> None:
    mine, theirs = await opened(db, NOON), await opened(db, NOON, OTHER)
    await said_and_answered(db, mine, "t0")
    await said_and_answered(db, theirs, "t1")
    async with db.transaction() as session:
        line: dict[str, Any] = {"kind": "text", "now": NOON}
        await conversations.append(session, mine.id, author="contact", content={"text": "now"}, turn_id="t2", **line)
        await conversations.append(session, mine.id, author="bot", content={"text": "y"}, **line)
        numbers = await consents.forget_lines(session, mine.contact_id)
        assert await consents.forget_lines(session, mine.contact_id) == []
    assert await contents(db, mine) == [None, {"text": "now"}, {"text": "y"}]
    assert await contents(db, theirs) == [{"text": "x"}]
    async with db.reading() as session:
        own = await conversations.transcript(session, mine.id)
    assert numbers == [own[0].id]
    assert [line.created_at for line in own] == [NOON] * 3


async def test_what_was_said_in_earlier_conversations_is_forgotten_too(db: Database) -> None:
    before = await opened(db, NOON)
    await said_and_answered(db, before, "t0")
    again = await opened(db, NOON + timedelta(days=2))
    assert again.id != before.id
    async with db.transaction() as session:
        assert len(await consents.forget_lines(session, again.contact_id)) == 1
    assert await contents(db, before) == [None]


@pytest.mark.parametrize(
    ("acts", "kept"),
    [
        ([], False),
        (["notice"], False),
        (["notice", "decline"], False),
        (["notice", "give"], True),
        (["notice", "give", "withdraw"], False),
        (["notice", "give", "withdraw", "give"], True),
    ],
)
async def test_old_lines_are_kept_only_with_consent(db: Database, person: Person, acts: list[str], kept: bool) -> None:
    view = await opened(db, NOON)
    await said_and_answered(db, view, "t0")
    for act in acts:
        await getattr(person, act)()
    async with db.transaction() as session:
        assert await consents.forget_without_consent(session, NOON) == []
        forgotten = await consents.forget_without_consent(session, NOON + MINUTE)
    assert (forgotten == []) is kept
    assert await contents(db, view) == ([{"text": "x"}] if kept else [None])
