"""Identifiers sort by time and have one shape."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids


def test_ids_of_later_milliseconds_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 1, 999, 1_795_430_000_000, 1_795_430_000_001, 2**48 - 1]
    made = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        made.append(ids.new_id())
    assert made == sorted(made)


@given(st.integers(min_value=0, max_value=2**48 - 1), st.integers(min_value=0, max_value=2**48 - 1))
def test_any_two_milliseconds_sort_as_they_should(first: int, second: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: first * 1_000_000)
        one = ids.new_id()
        patch.setattr(time, "time_ns", lambda: second * 1_000_000)
        two = ids.new_id()
    assert ids.is_id(one)
    assert ids.is_id(two)
    if first != second:
        assert (one < two) == (first < second)


def test_ids_do_not_repeat() -> None:
    assert len({ids.new_id() for _ in range(5_000)}) == 5_000


@given(st.text(max_size=30))
def test_other_texts_are_no_ids(text: str) -> None:
    crockford = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert ids.is_id(text) == (len(text) == 26 and set(text) <= crockford and text[0] in "01234567")


@pytest.mark.parametrize("wrong", ["", "0" * 25, "0" * 27, "0" * 25 + "\n", "8" + "0" * 25, "I" * 26, "०" * 26])
def test_near_ids_are_refused(wrong: str) -> None:
    assert not ids.is_id(wrong)
