"""What each move does, what it asks for, and who may make it."""

from datetime import date, timedelta
from typing import Any

import pytest

from core.dues import service as dues
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from grievances import deadlines, service
from grievances.schemas import (
    CONTACT,
    SYSTEM,
    Actor,
    Deadline,
    Decision,
    Kind,
    Level,
    Outcome,
    Priority,
    Registry,
    Status,
)
from grievances.status import Move
from handoff.control_rooms.calendar import calendars
from tests.grievances.conftest import OFFICER, REASONS, Ledger, Told

DAY = timedelta(days=1)
WHY = "The receipt was never looked at."


async def due_kinds(ledger: Ledger, grievance_id: str) -> set[str]:
    async with ledger.db.reading() as session:
        return {row.what for row in await dues.of_subject(session, grievance_id)}


async def test_attending_stops_the_first_deadline_only(ledger: Ledger) -> None:
    filed = await ledger.filed()
    ledger.clock.at += timedelta(hours=5)
    view = await ledger.act(filed.id, Move.ATTEND)
    assert (view.status, view.attended_at, view.version) == (Status.ATTENDED, ledger.clock.at, 2)
    assert view.due_at == view.conclude_by == filed.conclude_by
    assert not {deadlines.ATTEND, deadlines.REMIND_ATTEND} & await due_kinds(ledger, view.id)
    assert {deadlines.CONCLUDE, deadlines.OUTER} < await due_kinds(ledger, view.id)


async def test_a_public_reply_attends_and_a_note_does_not(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    noted = await ledger.act(filed.id, Move.NOTE, text="Rang twice, nobody answered.")
    assert (noted.status, noted.attended_at) == (Status.FILED, None)
    replied = await ledger.act(filed.id, Move.REPLY, text="Please send the invoice.")
    assert (replied.status, replied.attended_at) == (Status.ATTENDED, ledger.clock.at)
    assert told.kinds() == ["filed", "replied"]
    assert [event.kind for event in await ledger.events(filed.id, include_private=False)] == [Kind.FILED, Kind.REPLIED]


async def test_an_interim_reply_names_its_day(ledger: Ledger) -> None:
    filed = await ledger.filed()
    view = await ledger.act(filed.id, Move.INTERIM, text="The bank was asked.", until=date(2026, 12, 20))
    assert (view.interim_at, view.interim_until) == (ledger.clock.at, date(2026, 12, 20))
    assert (view.conclude_by, view.outer_by) == (filed.conclude_by, filed.outer_by)
    for until in (None, date(2026, 11, 23), date(2027, 6, 1)):
        with pytest.raises(InvalidInput, match="until"):
            await ledger.act(filed.id, Move.INTERIM, text="The bank was asked.", until=until)


async def test_a_transfer_never_lengthens_the_clock(ledger: Ledger) -> None:
    filed = await ledger.filed()
    ledger.clock.at += 2 * DAY
    view = await ledger.act(filed.id, Move.TRANSFER, to_room="dfo-nagpur", text="The unit lies in Nagpur.")
    assert (view.room, view.owed_room) == ("dfo-nagpur", "dfo-mumbai")
    for name in ("clock_started_at", "attend_by", "conclude_by", "outer_by", "due_at"):
        assert getattr(view, name) == getattr(filed, name)
    for to_room in ("dfo-nagpur", "dfo-atlantis", ""):
        with pytest.raises(InvalidInput, match="to_room"):
            await ledger.act(filed.id, Move.TRANSFER, to_room=to_room, text="Once more.")


async def test_escalation_goes_up_to_the_appellate_level_and_no_further(ledger: Ledger) -> None:
    filed = await ledger.filed()
    view = await ledger.act(filed.id, Move.ESCALATE, text="Needs the Secretary.")
    assert (view.level, view.escalated_at, view.priority) == (Level.HUB, ledger.clock.at, Priority.HIGH)
    assert (view.status, view.conclude_by) == (Status.FILED, filed.conclude_by)
    view = await ledger.act(filed.id, Move.ESCALATE, SYSTEM, because="deadline_missed")
    assert view.level is Level.APPELLATE
    assert (await ledger.events(filed.id))[-1].details == {
        "because": "deadline_missed", "from_level": "hub", "to_level": "appellate",
    }  # fmt: skip
    with pytest.raises(Conflict, match="no level above"):
        await ledger.act(filed.id, Move.ESCALATE, text="Further up.")


async def test_closing_keeps_outcome_and_reasons_and_asks_for_feedback_later(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    view = await ledger.closed(filed.id)
    assert (view.status, view.outcome, view.closing_reasons) == (Status.CLOSED, Outcome.REDRESSED, REASONS)
    assert (view.closed_at, view.attended_at, view.due_at) == (ledger.clock.at, ledger.clock.at, None)
    # 24 December, the last microsecond of the day in India.
    assert view.appeal_until is not None
    assert view.appeal_until.isoformat() == "2026-12-24T18:29:59.999999+00:00"
    assert await due_kinds(ledger, view.id) == {deadlines.ASK_FEEDBACK}
    assert told.kinds() == ["filed", "closed"]


@pytest.mark.parametrize(
    "reasons",
    [
        "",
        "Done.",
        "x" * 19,
        "Does not pertain to this Ministry.",
        "This matter does not pertain to this Ministry of MSME!",
        "It doesn't relate to our department",
        "The grievance is not related to this office.",
        "यह मामला इस मंत्रालय से संबंधित नहीं है।",
        "शिकायत हमारे विभाग से सम्बंधित नहीं है",
        "Yeh mamla is mantralaya se sambandhit nahi hai.",
        "Does not pertain to this Ministry. " * 5,
        "x" * 4001,
    ],
)
async def test_nothing_is_closed_without_reasons(ledger: Ledger, reasons: str) -> None:
    filed = await ledger.filed()
    with pytest.raises(InvalidInput) as refused:
        await ledger.act(filed.id, Move.CLOSE, text=reasons, outcome=Outcome.NOT_ADMISSIBLE)
    assert refused.value.field == "text"
    assert (await ledger.get(filed.id)).version == 1


async def test_reasons_may_say_that_and_more(ledger: Ledger) -> None:
    filed = await ledger.filed()
    text = "Does not pertain to this Ministry: sent to the Reserve Bank's ombudsman with all papers."
    view = await ledger.act(filed.id, Move.CLOSE, text=text, outcome=Outcome.NOT_ADMISSIBLE, ground="sub_judice")
    assert view.outcome is Outcome.NOT_ADMISSIBLE
    assert ((await ledger.events(filed.id))[-1].details or {})["ground"] == "sub_judice"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({}, "outcome"),
        ({"outcome": Outcome.WITHDRAWN}, "outcome"),
        ({"outcome": Outcome.REDRESSED, "ground": "rti"}, "ground"),
        ({"outcome": Outcome.NOT_ADMISSIBLE, "ground": "boring"}, "ground"),
    ],
)
async def test_an_outcome_is_needed(ledger: Ledger, details: dict[str, Any], field: str) -> None:
    filed = await ledger.filed()
    with pytest.raises(InvalidInput) as refused:
        await ledger.act(filed.id, Move.CLOSE, text=REASONS, **details)
    assert refused.value.field == field


async def test_the_contact_withdraws_and_nobody_else(ledger: Ledger) -> None:
    filed = await ledger.filed()
    with pytest.raises(NotPermitted):
        await ledger.act(filed.id, Move.WITHDRAW)
    view = await ledger.act(filed.id, Move.WITHDRAW, CONTACT)
    assert (view.status, view.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert await due_kinds(ledger, view.id) == set()
    with pytest.raises(Conflict, match="closed because its contact withdrew it cannot appeal"):
        await ledger.act(filed.id, Move.APPEAL, CONTACT, text=WHY)


async def test_reopening_starts_a_new_clock(ledger: Ledger) -> None:
    filed = await ledger.filed()
    await ledger.closed(filed.id)
    ledger.clock.at += 10 * DAY
    view = await ledger.act(filed.id, Move.REOPEN, CONTACT, text=WHY)
    assert (view.status, view.reopened, view.level) == (Status.REOPENED, 1, Level.ROOM)
    assert view.clock_started_at == ledger.clock.at
    assert view.attend_by > ledger.clock.at
    for name in ("attended_at", "closed_at", "outcome", "closing_reasons", "appeal_until", "interim_at"):
        assert getattr(view, name) is None
    assert {deadlines.ATTEND, deadlines.CONCLUDE, deadlines.OUTER} < await due_kinds(ledger, view.id)
    assert deadlines.ASK_FEEDBACK not in await due_kinds(ledger, view.id)


async def test_the_second_reopening_goes_up_by_itself_with_the_hubs_calendar(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    for _ in range(2):
        await ledger.closed(filed.id)
        ledger.clock.at += DAY
        view = await ledger.act(filed.id, Move.REOPEN, CONTACT, text=WHY)
    assert (view.level, view.reopened, view.status) == (Level.HUB, 2, Status.REOPENED)
    assert view.owed_room == "hub"
    clock = deadlines.clock_for(calendars().of_state("DL"), ledger.clock.at)
    assert (view.attend_by, view.conclude_by) == (clock.attend_by, clock.conclude_by)
    last = (await ledger.events(filed.id))[-1]
    assert (last.kind, last.actor, (last.details or {})["because"]) == (Kind.ESCALATED, "system", "reopened_again")
    assert told.kinds()[-2:] == ["reopened", "escalated"]


@pytest.mark.parametrize(("move", "later"), [(Move.REOPEN, 31), (Move.APPEAL, 31)])
async def test_after_thirty_days_there_is_no_way_back(ledger: Ledger, move: Move, later: int) -> None:
    filed = await ledger.filed()
    closed = await ledger.closed(filed.id)
    assert closed.appeal_until is not None
    ledger.clock.at = closed.appeal_until + timedelta(microseconds=1)
    with pytest.raises(Conflict, match="more than 30 days"):
        await ledger.act(filed.id, move, CONTACT, text=WHY)
    ledger.clock.at = closed.appeal_until
    assert (await ledger.act(filed.id, move, CONTACT, text=WHY)).is_open


async def test_a_grievance_linked_to_cpgrams_is_followed_or_appealed_not_reopened(ledger: Ledger) -> None:
    filed = await ledger.filed()
    await ledger.act(filed.id, Move.REGISTER, SYSTEM, registry=Registry.CPGRAMS, number="MINMSME/E/2026/0000007")
    await ledger.closed(filed.id)
    with pytest.raises(Conflict, match="quotes it"):
        await ledger.act(filed.id, Move.REOPEN, CONTACT, text=WHY)
    assert (await ledger.filed(follows=filed.id)).follows == filed.id
    assert (await ledger.act(filed.id, Move.APPEAL, CONTACT, text=WHY)).status is Status.APPEALED


async def test_appeals_climb_from_room_to_hub_to_appellate(ledger: Ledger) -> None:
    filed = await ledger.filed()
    for level in (Level.HUB, Level.APPELLATE):
        await ledger.closed(filed.id, "not_redressed")
        ledger.clock.at += DAY
        view = await ledger.act(filed.id, Move.APPEAL, CONTACT, text=WHY)
        assert (view.level, view.status, view.priority) == (level, Status.APPEALED, Priority.HIGH)
        assert (view.clock_started_at, view.owed_room) == (ledger.clock.at, "hub")
    await ledger.closed(filed.id, "not_redressed")
    with pytest.raises(Conflict, match="no level above"):
        await ledger.act(filed.id, Move.APPEAL, CONTACT, text=WHY)


async def test_poor_feedback_opens_the_appeal(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    await ledger.closed(filed.id)
    await ledger.act(filed.id, Move.ASK_FEEDBACK, SYSTEM)
    view = await ledger.act(filed.id, Move.FEEDBACK, CONTACT, rating=1, text="Nobody rang.")
    assert (view.status, view.level, view.feedback) == (Status.APPEALED, Level.HUB, 1)
    events = await ledger.events(filed.id)
    assert [event.kind for event in events[-2:]] == [Kind.FEEDBACK, Kind.APPEALED]
    assert (events[-1].actor, (events[-1].details or {})["because"]) == ("system", "poor_feedback")
    assert told.kinds()[-3:] == ["feedback_asked", "feedback", "appealed"]


@pytest.mark.parametrize("rating", [2, 3])
async def test_other_feedback_ends_it(ledger: Ledger, rating: int) -> None:
    filed = await ledger.filed()
    await ledger.closed(filed.id)
    view = await ledger.act(filed.id, Move.FEEDBACK, CONTACT, rating=rating)
    assert (view.status, view.feedback) == (Status.CLOSED, rating)
    assert await due_kinds(ledger, filed.id) == set()
    with pytest.raises(Conflict):
        await ledger.act(filed.id, Move.FEEDBACK, CONTACT, rating=3)


async def test_poor_feedback_that_can_open_nothing_is_still_kept(ledger: Ledger) -> None:
    late = await ledger.filed()
    closed = await ledger.closed(late.id)
    ledger.clock.at += 40 * DAY
    assert (await ledger.act(late.id, Move.FEEDBACK, CONTACT, rating=1)).status is Status.CLOSED
    top = await ledger.filed(102)
    await ledger.act(top.id, Move.ESCALATE, text=WHY)
    await ledger.act(top.id, Move.ESCALATE, text=WHY)
    await ledger.closed(top.id)
    assert (await ledger.act(top.id, Move.FEEDBACK, CONTACT, rating=1)).status is Status.CLOSED
    assert closed.appeal_until is not None


@pytest.mark.parametrize("rating", [0, 4, None])
async def test_a_rating_is_one_to_three(ledger: Ledger, rating: int | None) -> None:
    filed = await ledger.filed()
    await ledger.closed(filed.id)
    with pytest.raises(InvalidInput, match="rating"):
        await ledger.act(filed.id, Move.FEEDBACK, CONTACT, rating=rating)


async def test_registration_keeps_both_numbers_and_changes_none(ledger: Ledger) -> None:
    filed = await ledger.filed()
    await ledger.act(filed.id, Move.REGISTER, SYSTEM, registry=Registry.CPGRAMS, number="minmsme/e/2026/0000007 ")
    view = await ledger.act(filed.id, Move.REGISTER, SYSTEM, registry=Registry.ODR, number="ODR-1")
    assert (view.cpgrams_number, view.odr_number) == ("MINMSME/E/2026/0000007", "ODR-1")
    with pytest.raises(Conflict):
        await ledger.act(filed.id, Move.REGISTER, SYSTEM, registry=Registry.ODR, number="ODR-2")


async def test_a_breach_raises_priority_and_keeps_the_level(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    view = await ledger.act(filed.id, Move.BREACH, SYSTEM, deadline=Deadline.ATTEND)
    assert (view.priority, view.level, view.status) == (Priority.HIGH, Level.ROOM, Status.FILED)
    assert told.kinds() == ["filed"]


@pytest.mark.parametrize("move", [Move.NOTE, Move.REPLY, Move.TRANSFER, Move.ESCALATE])
async def test_words_are_needed(ledger: Ledger, move: Move) -> None:
    filed = await ledger.filed()
    with pytest.raises(InvalidInput) as refused:
        await ledger.act(filed.id, move, text="  \n", to_room="dfo-nagpur")
    assert refused.value.field == "text"


@pytest.mark.parametrize("move", [Move.ABSORB, Move.ERASE])
async def test_moves_that_follow_from_others_are_not_made_by_hand(ledger: Ledger, move: Move) -> None:
    filed = await ledger.filed()
    with pytest.raises(NotPermitted):
        await ledger.act(filed.id, move, SYSTEM)


async def test_a_stale_version_is_refused(ledger: Ledger) -> None:
    filed = await ledger.filed()
    await ledger.act(filed.id, Move.ATTEND, version=1)
    with pytest.raises(Conflict, match="changed before"):
        await ledger.act(filed.id, Move.REPLY, text="Second officer.", version=1)


async def test_the_same_move_of_the_same_turn_happens_once(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    await ledger.closed(filed.id)
    one = await ledger.act(filed.id, Move.REOPEN, CONTACT, text=WHY, turn_id="m7")
    two = await ledger.act(filed.id, Move.REOPEN, CONTACT, text=WHY, turn_id="m7")
    assert one == two
    assert told.kinds() == ["filed", "closed", "reopened"]


async def test_other_rooms_see_and_change_nothing(ledger: Ledger) -> None:
    filed = await ledger.filed()
    nagpur = frozenset({"dfo-nagpur"})
    with pytest.raises(NotFound) as there:
        await ledger.act(filed.id, Move.ATTEND, rooms=nagpur)
    with pytest.raises(NotFound) as nowhere:
        await ledger.act("01HZZZZZZZZZZZZZZZZZZZZZZ9", Move.ATTEND, rooms=nagpur)
    assert str(there.value) == str(nowhere.value)
    with pytest.raises(NotFound):
        await ledger.get(filed.id, nagpur)
    with pytest.raises(NotFound):
        await ledger.get(filed.id, frozenset())
    async with ledger.db.reading() as session:
        assert await service.by_reference(session, filed.reference, rooms=nagpur) is None
        assert await service.by_reference(session, filed.reference, rooms=frozenset({"dfo-mumbai"})) == filed
    mine = await ledger.filed(room="dfo-nagpur")
    with pytest.raises(NotFound):
        await ledger.act(mine.id, Move.LINK, other=filed.id, decision=Decision.CONFIRMED, rooms=nagpur)


async def test_officers_acts_are_in_the_audit_and_carry_no_words(ledger: Ledger) -> None:
    filed = await ledger.filed()
    await ledger.act(filed.id, Move.NOTE, text="Secret remark.")
    await ledger.act(filed.id, Move.BREACH, SYSTEM, deadline=Deadline.ATTEND)
    acts = await ledger.value("SELECT group_concat(act) FROM audit WHERE subject = :id", id=filed.id)
    assert acts == "grievance.noted"


async def test_refused_moves_leave_no_trace(ledger: Ledger, told: Told) -> None:
    filed = await ledger.filed()
    for move, actor, details in (
        (Move.REOPEN, CONTACT, {"text": WHY}),
        (Move.APPEAL, CONTACT, {"text": WHY}),
        (Move.FEEDBACK, CONTACT, {"rating": 3}),
        (Move.ASK_FEEDBACK, SYSTEM, {}),
    ):
        with pytest.raises(Conflict, match=f"filed cannot {move}"):
            await ledger.act(filed.id, move, actor, **details)
    assert await ledger.get(filed.id) == filed
    assert told.kinds() == ["filed"]


def test_an_officer_has_an_id_and_nobody_else() -> None:
    with pytest.raises(ValueError, match="has an id"):
        Actor(kind=CONTACT.kind, officer_id="x")
    with pytest.raises(ValueError, match="has an id"):
        Actor(kind=OFFICER.kind)
