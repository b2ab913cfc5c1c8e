"""Whose turn it is: legal moves only, and whoever saw an old version comes too late."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.conversations import service as conversations
from core.conversations.state import Move, State, after
from core.db import Database
from core.errors import Conflict, NotFound
from tests.core.conftest import NOON
from tests.core.conversing import opened

LEGAL = {
    ("bot", "request_officer"): "waiting",
    ("bot", "close"): "closed",
    ("waiting", "claim"): "officer",
    ("waiting", "return_to_bot"): "bot",
    ("waiting", "close"): "closed",
    ("officer", "requeue"): "waiting",
    ("officer", "return_to_bot"): "bot",
    ("officer", "close"): "closed",
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_the_table_of_moves(state: State, move: Move) -> None:
    target = LEGAL.get((state.value, move.value))
    if target is None:
        with pytest.raises(Conflict):
            after(state, move)
    else:
        assert after(state, move) == target


class Conversation(RuleBasedStateMachine):
    """Any sequence of moves: an officer has it only after a request and a claim; what is closed stays closed."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.BOT
        self.requested = self.closed = False

    @rule(move=st.sampled_from(Move))
    def try_to(self, move: Move) -> None:
        before = self.state
        try:
            self.state = after(before, move)
        except Conflict:
            assert (before.value, move.value) not in LEGAL
            return
        assert LEGAL[before.value, move.value] == self.state
        if move is Move.REQUEST_OFFICER:
            self.requested = True
        if move is Move.RETURN_TO_BOT:
            self.requested = False
        self.closed |= move is Move.CLOSE

    @precondition(lambda self: self.state is not State.CLOSED)
    @rule()
    def can_always_be_closed(self) -> None:
        assert after(self.state, Move.CLOSE) is State.CLOSED

    @invariant()
    def an_officer_only_after_a_request(self) -> None:
        assert self.state not in {State.WAITING, State.OFFICER} or self.requested

    @invariant()
    def closed_for_ever(self) -> None:
        assert self.closed == (self.state is State.CLOSED)


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


async def test_one_of_ten_officers_gets_the_conversation(db: Database) -> None:
    view = await opened(db, NOON)
    async with db.transaction() as session:
        await conversations.move(session, view.id, Move.REQUEST_OFFICER, now=NOON)

    async def claim() -> bool:
        try:
            async with db.transaction() as session:
                await conversations.move(session, view.id, Move.CLAIM, now=NOON)
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(claim() for _ in range(10)))) == 1
    async with db.reading() as session:
        found = await conversations.get(session, view.id)
    assert (found.state, found.version) == (State.OFFICER, view.version + 2)


async def test_an_old_version_comes_too_late(db: Database) -> None:
    view = await opened(db, NOON)
    async with db.transaction() as session:
        await conversations.move(session, view.id, Move.REQUEST_OFFICER, now=NOON, version=view.version)
        await conversations.move(session, view.id, Move.RETURN_TO_BOT, now=NOON)
    with pytest.raises(Conflict, match="somebody else"):
        async with db.transaction() as session:
            await conversations.move(session, view.id, Move.REQUEST_OFFICER, now=NOON, version=view.version)


async def test_an_illegal_move_changes_nothing(db: Database) -> None:
    view = await opened(db, NOON)
    with pytest.raises(Conflict):
        async with db.transaction() as session:
            await conversations.move(session, view.id, Move.CLAIM, now=NOON)
    async with db.reading() as session:
        found = await conversations.get(session, view.id)
    assert (found.state, found.version) == (State.BOT, view.version)


async def test_a_conversation_that_is_not_there(db: Database) -> None:
    with pytest.raises(NotFound):
        async with db.transaction() as session:
            await conversations.move(session, "none", Move.CLOSE, now=NOON)
