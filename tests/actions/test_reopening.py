"""Reopening and appealing with reasons, and feedback by its buttons."""

from datetime import timedelta

import pytest

from core.errors import Conflict
from grievances.status import Move
from tests.actions.conftest import NOON
from tests.actions.grieving import CODE, REFERENCE, Chat, Ledger, chat, closed, standing

REASONS = "paisa abhi tak nahi mila, sirf phone karke band kar diya"


def _ledger(*mine: object) -> Ledger:
    ledger = Ledger()
    ledger.mine = list(mine)  # type: ignore[arg-type]
    return ledger


def _reopening(ledger: Ledger) -> Chat:
    return chat(ledger, "reopen_form")


async def test_the_only_closed_one_is_reopened_with_reasons() -> None:
    ledger = _ledger(closed())
    talk = _reopening(ledger)
    assert await talk.says("phir se kholo", "reopen_or_appeal") == ["utter_reopen_reasons"]
    assert await talk.says("galat") == ["utter_reopen_reasons_short"]
    assert await talk.says(REASONS) == ["utter_reopen_noted"]
    assert ledger.moves == [("grievance-1", Move.REOPEN, REASONS, None)]


async def test_an_appeal_is_one_and_what_is_linked_to_cpgrams_is_appealed() -> None:
    for facts, wish in (({}, "appeal karni hai"), ({"cpgrams_number": "DPMSM/E/2026/0000001"}, "phir se kholo")):
        ledger = _ledger(closed(**facts))
        talk = _reopening(ledger)
        await talk.says(wish, "reopen_or_appeal")
        await talk.says(REASONS)
        assert [move for _, move, _, _ in ledger.moves] == [Move.APPEAL]


async def test_among_several_one_is_chosen() -> None:
    ledger = _ledger(closed(), closed(id="grievance-2", reference="26534241656"))
    talk = _reopening(ledger)
    assert await talk.says("reopen", "reopen_or_appeal") == ["utter_reopen_which"]
    assert await talk.says("", "reopen_or_appeal", {"grievance": "grievance-2"}) == ["utter_reopen_reasons"]
    await talk.says(REASONS)
    assert ledger.moves[0][0] == "grievance-2"


async def test_open_late_and_missing_ones_are_said_to_be_so() -> None:
    assert await _reopening(_ledger(standing())).says("reopen", "reopen_or_appeal") == ["utter_reopen_open"]
    late = closed(appeal_until=NOON - timedelta(days=1))
    assert await _reopening(_ledger(late)).says("reopen", "reopen_or_appeal") == ["utter_reopen_too_late"]
    assert await _reopening(_ledger()).says("reopen", "reopen_or_appeal") == ["utter_reopen_none"]


async def test_somebody_elses_needs_its_code() -> None:
    ledger = _ledger()
    ledger.everybodys = [(closed(contact_id="another"), CODE)]
    talk = _reopening(ledger)
    await talk.says("reopen", "reopen_or_appeal")
    assert await talk.says(REFERENCE) == ["utter_status_ask_code"]
    assert await talk.says("111111") == ["utter_status_no_match"]
    assert await talk.says(CODE) == ["utter_reopen_reasons"]


async def test_a_move_that_is_not_legal_any_more_is_said() -> None:
    ledger = _ledger(closed())
    talk = _reopening(ledger)
    await talk.says("reopen", "reopen_or_appeal")
    ledger.refusal = Conflict("merged meanwhile")
    assert await talk.says(REASONS) == ["utter_reopen_too_late"]


@pytest.mark.parametrize(
    ("rating", "mine", "said"),
    [
        ("3", True, "utter_feedback_noted"), ("1", True, "utter_feedback_poor"), ("9", True, "utter_status_none"),
        ("3", False, "utter_status_none"),
    ],
)  # fmt: skip
async def test_feedback_is_kept_for_ones_own_only(rating: str, mine: bool, said: str) -> None:
    ledger = _ledger(closed()) if mine else _ledger()
    talk = chat(ledger, "action_grievance_feedback")
    entities = {"grievance": "grievance-1", "rating": rating}
    assert await talk.says("", "grievance_feedback", entities) == [said]
    expected = [("grievance-1", Move.FEEDBACK, "", int(rating))] if mine and rating in "123" else []
    assert ledger.moves == expected
    ledger.refusal = Conflict("already")
    if expected:
        assert await talk.says("", "grievance_feedback", entities) == ["utter_feedback_late"]
