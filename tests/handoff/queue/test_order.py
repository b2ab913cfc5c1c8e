"""The order of a queue and the expected wait, against sorting and simulation by hand."""

import heapq
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.queue import order
from handoff.queue.schemas import HandoverView

NOON = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def view(id_: str, *, minutes: int = 0, priority: int = 0, back: bool = False) -> HandoverView:
    return HandoverView(
        id=id_,
        conversation_id=id_,
        reason="asked",
        priority=priority,
        room="hub",
        requested_at=NOON - minutes * MINUTE,
        returned_at=NOON if back else None,
        officer_id=None,
        claimed_at=None,
        resolved_at=None,
    )


def test_priority_then_what_came_back_then_waiting_time() -> None:
    some = [
        view("new"),
        view("old", minutes=50),
        view("back", back=True),
        view("urgent", priority=1),
        view("older", minutes=60),
    ]
    assert [one.id for one in sorted(some, key=order.key)] == ["urgent", "back", "older", "old", "new"]


def test_a_language_comes_first_until_somebody_has_waited_long_enough() -> None:
    languages = {"tamil": "ta", "hinglish": "hi-Latn"}

    def served(waited: int) -> list[str]:
        some = [view("tamil", minutes=waited), view("hinglish", minutes=1)]
        return [
            one.id
            for one in sorted(
                some,
                key=lambda one: order.key(
                    one, language=languages[one.id], speaks={"en", "hi"}, now=NOON, patience=5 * MINUTE
                ),
            )
        ]

    assert served(4) == ["hinglish", "tamil"]
    assert served(5) == ["tamil", "hinglish"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99), st.booleans()), max_size=30))
def test_nobody_of_the_same_kind_is_overtaken(rows: list[tuple[int, int, bool]]) -> None:
    some = [view(f"{i:02}", priority=p, minutes=m, back=b) for i, (p, m, b) in enumerate(rows)]
    ordered = sorted(some, key=order.key)
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            assert one.priority >= other.priority
            if (one.priority, one.returned_at) == (other.priority, other.returned_at):
                assert one.requested_at <= other.requested_at


@pytest.mark.parametrize(
    ("position", "busy", "places", "minutes", "expected"),
    [
        (1, 0, 6, [10], 0),
        (6, 0, 6, [10], 0),
        (1, 6, 6, [10, 12, 100], 2),
        (6, 6, 6, [12], 12),
        (12, 6, 6, [12], 24),
        (3, 5, 6, [12], 4),
        (1, 9, 6, [12], 2),  # the limit was lowered meanwhile
    ],
)
def test_the_expected_wait(position: int, busy: int, places: int, minutes: list[int], expected: int) -> None:
    served = [timedelta(minutes=one) for one in minutes]
    assert order.expected_wait(position, busy=busy, places=places, served=served) == timedelta(minutes=expected)


def test_nothing_is_promised_without_officers_or_experience() -> None:
    assert order.expected_wait(1, busy=0, places=0, served=[MINUTE]) is None
    assert order.expected_wait(1, busy=0, places=6, served=[]) is None


@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 60))
def test_it_comes_near_to_what_happens_when_every_conversation_takes_as_long(
    position: int, places: int, minutes: int
) -> None:
    """All places are busy and end evenly spread; everybody takes equally long."""
    free_at = [minutes * (place + 1) / places for place in range(places)]
    heapq.heapify(free_at)
    began = 0.0
    for _ in range(position):
        began = heapq.heappop(free_at)
        heapq.heappush(free_at, began + minutes)
    told = order.expected_wait(position, busy=places, places=places, served=[timedelta(minutes=minutes)])
    assert told is not None
    assert abs(told.total_seconds() / 60 - began) < 0.1
