"""The status machine by properties: no illegal move is reachable, and the events always explain the row."""

import asyncio
import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core.clock import INDIA, FixedClock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.media.service import MediaStore
from grievances import status
from grievances.schemas import (
    CONTACT,
    SYSTEM,
    ActorKind,
    Deadline,
    Decision,
    GrievanceView,
    Level,
    Outcome,
    Registry,
    Status,
)
from grievances.status import OPEN, Move
from tests.grievances.conftest import OFFICER, REASONS, TUESDAY, Ledger, Told, opened

ACTORS = {ActorKind.CONTACT: CONTACT, ActorKind.OFFICER: OFFICER, ActorKind.SYSTEM: SYSTEM}
LEVELS = list(Level)
# What the issue and CPGRAMS' rules allow, written out once more by hand.
LEGAL = {
    Status.FILED: "attend note reply interim transfer escalate close withdraw merge absorb link attach register remind "
    "breach erase",
    Status.ATTENDED: "note reply interim transfer escalate close withdraw merge absorb link attach register remind "
    "breach erase",
    Status.REOPENED: "attend note reply interim transfer escalate close withdraw merge absorb link attach register "
    "remind breach erase",
    Status.APPEALED: "attend note reply interim transfer escalate close withdraw merge absorb link attach register "
    "remind breach erase",
    Status.CLOSED: "note link absorb register ask_feedback feedback reopen appeal erase",
    Status.MERGED: "note register erase",
}

BY = {
    ActorKind.OFFICER: "attend note reply interim transfer escalate close reopen appeal merge link register",
    ActorKind.CONTACT: "withdraw reopen appeal feedback",
    ActorKind.SYSTEM: "escalate appeal ask_feedback register remind breach",
}
TRIED = sorted(set(Move) - {Move.ATTACH})
GIVEN = st.tuples(
    st.sampled_from(sorted(set(Outcome) - {Outcome.WITHDRAWN})),
    st.integers(1, 3),
    st.sampled_from(["dfo-mumbai", "dfo-nagpur"]),
    st.sampled_from(Registry),
)


@pytest.mark.parametrize(("at", "move"), list(itertools.product(Status, Move)))
def test_the_table_of_moves_is_the_one_that_was_meant(at: Status, move: Move) -> None:
    if move in LEGAL[at].split():
        assert status.after(at, move) in Status
    else:
        with pytest.raises(Conflict, match=f"{at} cannot {move}"):
            status.after(at, move)
    assert status.legal(at) == {Move(name) for name in LEGAL[at].split()}


def test_every_move_writes_an_event_of_its_own_and_has_makers() -> None:
    assert set(status.KIND_OF) == set(Move)
    assert len(set(status.KIND_OF.values())) == len(Move)
    for move in Move:
        refused = []
        for kind in ActorKind:
            try:
                status.check_maker(move, kind)
            except NotPermitted:
                refused.append(kind)
        assert len(refused) < len(ActorKind)


def test_the_ladder_has_three_rungs() -> None:
    assert status.level_above(Level.ROOM) is Level.HUB
    assert status.level_above(Level.HUB) is Level.APPELLATE
    with pytest.raises(Conflict):
        status.level_above(Level.APPELLATE)


class Machine(RuleBasedStateMachine):
    """Any move, by anybody, at any time, on two grievances of one contact: legal ones happen and nothing else does."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-"))
        self.loop = asyncio.new_event_loop()
        shutil.copy(self.template, self.folder / "ledger.db")
        self.db = opened(f"sqlite+aiosqlite:///{self.folder / 'ledger.db'}")
        self.ledger = Ledger(self.db, FixedClock(TUESDAY), MediaStore(self.folder))
        self.model: dict[str, GrievanceView] = {}
        self.events = 0

    def teardown(self) -> None:
        try:
            assert self.run(self.ledger.broken()) is None
        finally:
            self.run(self.db.close())
            self.loop.close()
            shutil.rmtree(self.folder)

    def run(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    @initialize()
    def two_grievances(self) -> None:
        for _ in range(2):
            view = self.run(self.ledger.filed())
            self.model[view.id] = view
        self.events = 2

    @rule(hours=st.sampled_from([1, 30, 24 * 8, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.ledger.clock.at += timedelta(hours=hours)

    @rule(which=st.integers(0, 1), move=st.sampled_from(TRIED), kind=st.sampled_from(ActorKind), given=GIVEN)
    def somebody_tries(self, which: int, move: Move, kind: ActorKind, given: tuple[Any, ...]) -> None:
        self.attempt(which, move, kind, *given)

    @rule(which=st.integers(0, 1), choice=st.integers(0, 999), given=GIVEN)
    def somebody_makes_a_legal_move(self, which: int, choice: int, given: tuple[Any, ...]) -> None:
        at = list(self.model.values())[which].status
        moves = [
            (Move(move), kind) for kind, names in BY.items() for move in names.split() if move in LEGAL[at].split()
        ]
        self.attempt(which, *moves[choice % len(moves)], *given)

    @rule(which=st.integers(0, 1), given=GIVEN)
    def an_officer_closes(self, which: int, given: tuple[Any, ...]) -> None:
        self.attempt(which, Move.CLOSE, ActorKind.OFFICER, *given)

    @rule(which=st.integers(0, 1), move=st.sampled_from([Move.REOPEN, Move.APPEAL, Move.FEEDBACK]), given=GIVEN)
    def the_contact_comes_back(self, which: int, move: Move, given: tuple[Any, ...]) -> None:
        self.attempt(which, move, ActorKind.CONTACT, *given)

    def attempt(
        self, which: int, move: Move, kind: ActorKind, outcome: Outcome, rating: int, room: str, registry: Registry
    ) -> None:
        """Make a move, and see that it happens exactly if it should."""
        before, other = list(self.model.values())[which], list(self.model.values())[1 - which]
        needs: dict[Move, dict[str, Any]] = {
            Move.INTERIM: {"until": self.ledger.clock.at.astimezone(INDIA).date()},
            Move.TRANSFER: {"to_room": room},
            Move.ESCALATE: {"because": "tried"},
            Move.APPEAL: {"because": "tried"},
            Move.CLOSE: {"outcome": outcome},
            Move.FEEDBACK: {"rating": rating},
            Move.MERGE: {"into": other.id},
            Move.LINK: {"other": other.id, "decision": Decision.CONFIRMED},
            Move.REGISTER: {"registry": registry, "number": "X/1"},
            Move.REMIND: {"deadline": Deadline.OUTER},
            Move.BREACH: {"deadline": Deadline.ATTEND},
        }
        given = needs.get(move, {})
        expected = self.expected(before, other, move, kind, room)
        try:
            after = self.run(self.ledger.act(before.id, move, ACTORS[kind], text=REASONS, **given))
        except (Conflict, NotPermitted, InvalidInput):
            assert not expected, f"{move} by {kind} of {before.status} was refused"
            assert self.run(self.ledger.get(before.id)) == before
            return
        assert expected, f"{move} by {kind} of {before.status} should be refused"
        self.check(before, after, move)
        self.model[before.id] = after
        self.model[other.id] = self.run(self.ledger.get(other.id))

    def expected(self, at: GrievanceView, other: GrievanceView, move: Move, kind: ActorKind, room: str) -> bool:
        """Whether the move is right, by rules written independently of the ledger's."""
        now = self.ledger.clock.at
        in_time = at.appeal_until is not None and now <= at.appeal_until
        conditions = {
            Move.TRANSFER: room != at.room,
            Move.ESCALATE: at.level is not Level.APPELLATE,
            Move.REOPEN: in_time and at.cpgrams_number is None,
            Move.APPEAL: in_time and at.level is not Level.APPELLATE and at.outcome is not Outcome.WITHDRAWN,
            Move.FEEDBACK: at.feedback is None,
            Move.ASK_FEEDBACK: at.feedback is None,
            Move.MERGE: other.status is not Status.MERGED,
            Move.LINK: other.status is not Status.MERGED,
        }
        return move in BY[kind].split() and move in LEGAL[at.status].split() and conditions.get(move, True)

    def check(self, before: GrievanceView, after: GrievanceView, move: Move) -> None:
        """What holds after every move that happened."""
        now = self.ledger.clock.at
        assert after.version > before.version
        assert after.is_open == (after.due_at is not None) == (after.closed_at is None and after.merged_into is None)
        assert LEVELS.index(after.level) >= LEVELS.index(before.level)
        assert after.attend_by <= after.conclude_by <= after.outer_by
        if move not in (Move.REOPEN, Move.APPEAL, Move.FEEDBACK):
            for name in ("clock_started_at", "attend_by", "conclude_by", "outer_by", "owed_room"):
                assert getattr(after, name) == getattr(before, name), f"{move} moved {name}"
        if move is Move.REOPEN:
            assert after.reopened == before.reopened + 1
            rises = after.reopened >= 2 and before.level is not Level.APPELLATE
            assert LEVELS.index(after.level) == LEVELS.index(before.level) + rises
            assert after.owed_room == (after.room if after.level is Level.ROOM else "hub")
        if move is Move.FEEDBACK:
            in_time = before.appeal_until is not None and now <= before.appeal_until
            opens = after.feedback == 1 and in_time and before.level is not Level.APPELLATE
            opens = opens and before.outcome is not Outcome.WITHDRAWN
            assert (after.status is Status.APPEALED) == opens
        if move is Move.CLOSE:
            assert after.closing_reasons == REASONS

    @rule(which=st.integers(0, 1))
    def the_contact_has_it_erased(self, which: int) -> None:
        view = list(self.model.values())[which]
        self.run(self.ledger.erase(view.id))
        erased = self.run(self.ledger.get(view.id))
        assert (erased.particulars, erased.closing_reasons, erased.erased_at) == (None, None, self.ledger.clock.at)
        assert erased.status is view.status
        self.model[view.id] = erased

    @invariant()
    def the_rows_are_what_was_seen(self) -> None:
        for grievance_id, view in self.model.items():
            assert self.run(self.ledger.get(grievance_id)) == view
            assert (view.status in OPEN) == view.is_open


def test_no_illegal_move_is_reachable(ledger_template: Path, told: Told) -> None:
    assert told.events == []

    class OnTemplate(Machine):
        template = ledger_template

    run_state_machine_as_test(
        OnTemplate,
        settings=settings(
            max_examples=30, stateful_step_count=35, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
