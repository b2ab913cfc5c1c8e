"""Grievances that look alike: suggested by meaning, place and time, decided by officers, merged for one contact."""

import math
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotPermitted
from grievances import duplicates, service
from grievances.schemas import SYSTEM, Decision, GrievanceView, Kind, Place, Status, Suggestion
from grievances.status import Move
from tests.grievances.conftest import OFFICER, Ledger, Told
from tests.grievances.test_acts import due_kinds


async def test_merging_shows_in_both_histories(ledger: Ledger, told: Told) -> None:
    one, two = await ledger.filed(), await ledger.filed()
    merged = await ledger.act(one.id, Move.MERGE, into=two.id)
    assert (merged.status, merged.merged_into, merged.due_at) == (Status.MERGED, two.id, None)
    assert await due_kinds(ledger, one.id) == set()
    assert [event.kind for event in await ledger.events(two.id)] == [Kind.FILED, Kind.ABSORBED]
    assert told.kinds(one.id) == ["filed", "merged"]
    assert told.kinds(two.id) == ["filed"]
    third = await ledger.filed()
    with pytest.raises(Conflict, match="merged cannot absorb"):
        await ledger.act(third.id, Move.MERGE, into=one.id)
    assert (await ledger.get(third.id)).version == 1
    with pytest.raises(InvalidInput, match="into"):
        await ledger.act(third.id, Move.MERGE, into=third.id)
    with pytest.raises(InvalidInput, match="into"):
        await ledger.act(third.id, Move.MERGE)


async def test_grievances_of_two_contacts_are_linked_not_merged(ledger: Ledger, told: Told) -> None:
    one, two = await ledger.filed(101), await ledger.filed(102)
    with pytest.raises(Conflict, match="another contact's"):
        await ledger.act(one.id, Move.MERGE, into=two.id)
    await ledger.act(one.id, Move.LINK, other=two.id, decision=Decision.CONFIRMED)
    async with ledger.db.reading() as session:
        [link] = await service.links(session, two.id)
    assert (link.other_id, link.decision, link.officer_id) == (one.id, Decision.CONFIRMED, OFFICER.officer_id)
    assert [event.kind for event in await ledger.events(two.id)] == [Kind.FILED, Kind.LINKED]
    assert told.kinds() == ["filed", "filed"]
    await ledger.act(two.id, Move.LINK, other=one.id, decision=Decision.REJECTED)
    async with ledger.db.reading() as session:
        assert [link.decision for link in await service.links(session, one.id)] == [Decision.REJECTED]
    assert await ledger.broken() is None


@pytest.mark.parametrize("details", [{}, {"decision": Decision.CONFIRMED}])
async def test_only_an_officers_decision_links(ledger: Ledger, details: dict[str, Any]) -> None:
    one, two = await ledger.filed(), await ledger.filed()
    with pytest.raises(InvalidInput):
        await ledger.act(one.id, Move.LINK, **details)
    with pytest.raises(NotPermitted):
        await ledger.act(one.id, Move.LINK, SYSTEM, other=two.id, decision=Decision.CONFIRMED)


STORY = (1.0, 0.0, 0.0)
ALIKE = (0.97, math.sqrt(1 - 0.97**2), 0.0)
UNLIKE = (0.0, 0.0, 1.0)
ELSEWHERE: dict[str, Any] = {
    "told": {"udyam_number": None, "against_name": "Another Buyer"},
    "place": Place(state="UP", district="Agra"),
}


async def suggested(ledger: Ledger, view: GrievanceView, **given: Any) -> list[Suggestion]:
    async with ledger.db.reading() as session:
        return await duplicates.suggest(session, view, now=ledger.clock.at, **given)


async def test_what_means_the_same_is_suggested_and_the_rest_is_not(ledger: Ledger) -> None:
    one = await ledger.filed(vector=STORY)
    two = await ledger.filed(102, vector=ALIKE)
    await ledger.filed(103, vector=UNLIKE)
    await ledger.filed(104)
    assert await suggested(ledger, one) == [Suggestion(id=two.id, score=0.97)]
    assert await suggested(ledger, one, vector=UNLIKE) != []


@pytest.mark.parametrize(
    ("changes", "is_found"),
    [
        ({}, True),
        ({"place": Place(state="MH")}, True),
        ({"category": "credit", "told": {"udyam_number": None}}, True),  # the same opponent
        ({"category": "credit", "told": {"against_name": None}}, True),  # the same enterprise
        ({**ELSEWHERE, "place": Place(state="MH", district="Pune")}, True),  # the same category and State
        (ELSEWHERE, False),
        ({"category": "credit", "told": {"udyam_number": None, "against_name": None}}, False),
    ],
)
async def test_candidates_share_contact_enterprise_opponent_or_place(
    ledger: Ledger, changes: dict[str, Any], is_found: bool
) -> None:
    one = await ledger.filed(vector=STORY)
    two = await ledger.filed(102, vector=STORY, **changes)
    assert [found.id for found in await suggested(ledger, one)] == ([two.id] if is_found else [])


async def test_the_same_contact_is_always_compared(ledger: Ledger) -> None:
    one = await ledger.filed(vector=STORY)
    two = await ledger.filed(vector=STORY, category="credit", **ELSEWHERE)
    assert [found.id for found in await suggested(ledger, one)] == [two.id]


async def test_an_opponent_is_known_however_it_is_spelt(ledger: Ledger) -> None:
    one = await ledger.filed(vector=STORY, category="credit")
    hindi = {"udyam_number": None, "against_name": "सूर्योदय रिटेल प्राइवेट लिमिटेड"}
    two = await ledger.filed(102, vector=STORY, told=hindi)
    assert [found.id for found in await suggested(ledger, one)] == [two.id]


async def test_old_ones_other_rooms_and_decided_pairs_are_left_out(ledger: Ledger) -> None:
    old = await ledger.filed(vector=STORY)
    ledger.clock.at += duplicates.WITHIN
    one = await ledger.filed(102, vector=STORY)
    two = await ledger.filed(103, vector=STORY, room="dfo-nagpur")
    assert [found.id for found in await suggested(ledger, one)] == [two.id]
    assert await suggested(ledger, one, rooms=frozenset({"dfo-mumbai"})) == []
    await ledger.act(two.id, Move.LINK, other=one.id, decision=Decision.REJECTED)
    assert await suggested(ledger, one) == []
    assert old.id != one.id


async def test_the_likest_come_first_and_not_too_many(ledger: Ledger) -> None:
    one = await ledger.filed(vector=STORY)
    for score in (0.91, 0.99, 0.95):
        await ledger.filed(102, vector=(score, math.sqrt(1 - score**2), 0.0))
    assert [found.score for found in await suggested(ledger, one, limit=2)] == [0.99, 0.95]


async def test_vectors_of_another_model_are_not_compared(ledger: Ledger) -> None:
    one = await ledger.filed(vector=STORY)
    await ledger.filed(102, vector=(1.0, 0.0))
    assert await suggested(ledger, one) == []
    without = await ledger.filed(103)
    assert await suggested(ledger, without) == []


def test_half_precision_keeps_the_meaning() -> None:
    packed = duplicates.packed([0.3, -0.4, 1200.0])
    assert len(packed) == 6
    for wrong in ([], [0.0], [math.inf], [math.nan, 1.0], [1.0] * 2049):
        with pytest.raises(InvalidInput, match="vector"):
            duplicates.packed(wrong)


async def test_decisions_last_after_the_day(ledger: Ledger) -> None:
    one, two = await ledger.filed(), await ledger.filed(102)
    ledger.clock.at += timedelta(days=1)
    await ledger.act(one.id, Move.LINK, other=two.id, decision=Decision.CONFIRMED)
    assert await ledger.broken() is None
    await ledger.sql("UPDATE grievance_link SET decision = 'rejected'")
    assert await ledger.broken() in {(one.id, 0), (two.id, 0)}
