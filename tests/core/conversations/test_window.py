"""The window of an address: from its own last message, by the provider's clock where that is known, ending in time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import FixedClock
from core.conversations import service as conversations
from core.conversations.schemas import AddressView
from core.conversations.window import MARGIN, is_open
from core.db import Database
from core.events import AddressRef

DAY = timedelta(hours=24)
NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone given
SPANS = st.timedeltas(timedelta(0), timedelta(days=40))


def address(last: datetime | None) -> AddressView:
    return AddressView(
        id="a", contact_id="c", kind="whatsapp", value="+910000000101", stopped_at=None, last_inbound_at=last
    )


@pytest.mark.parametrize(
    ("ago", "opened"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=57), True),
        (DAY - MARGIN - timedelta(microseconds=1), True),
        (DAY - MARGIN, False),
        (DAY, False),
        (DAY + timedelta(microseconds=1), False),
        (timedelta(days=3), False),
        (-timedelta(minutes=5), True),
    ],
)
def test_boundaries(ago: timedelta, opened: bool) -> None:
    assert is_open(address(NOON - ago), DAY, NOON) is opened


def test_without_a_message_it_is_closed_and_without_a_rule_open() -> None:
    assert not is_open(address(None), DAY, NOON)
    assert is_open(address(None), None, NOON)


@given(last=MOMENTS, ago=SPANS, skew=st.timedeltas(-MARGIN / 2, MARGIN / 2))
def test_a_little_skew_never_sends_when_the_provider_has_closed(
    last: datetime, ago: timedelta, skew: timedelta
) -> None:
    now = last + ago
    if is_open(address(last + skew), DAY, now + skew / 2):
        assert now - last < DAY


@given(last=MOMENTS, ago=SPANS, more=SPANS)
def test_once_closed_it_stays_closed_until_the_contact_writes(last: datetime, ago: timedelta, more: timedelta) -> None:
    if not is_open(address(last), DAY, last + ago):
        assert not is_open(address(last), DAY, last + ago + more)
        assert is_open(address(last + ago + more), DAY, last + ago + more)


async def wrote(db: Database, ref: AddressRef, now: datetime, sent_at: datetime | None = None) -> AddressView:
    async with db.transaction() as session:
        view = await conversations.find_or_open(
            session, ref, channel=ref.kind, profile_name="", now=now, sent_at=sent_at
        )
        return await conversations.get_address(session, view.address_id)


async def test_a_message_that_comes_late_opens_only_what_is_left(db: Database, clock: FixedClock) -> None:
    ref, now = AddressRef(kind="whatsapp", value="+910000000101"), clock.now()
    late = await wrote(db, ref, now, now - timedelta(hours=20))
    assert is_open(late, DAY, now)
    assert not is_open(late, DAY, now + timedelta(hours=4))
    assert (await wrote(db, ref, now, now - timedelta(hours=22))).last_inbound_at == late.last_inbound_at
    assert (await wrote(db, ref, now, now + timedelta(hours=2))).last_inbound_at == now
    assert (await wrote(db, ref, now + timedelta(hours=1))).last_inbound_at == now + timedelta(hours=1)


async def test_another_channel_does_not_open_it(db: Database, clock: FixedClock) -> None:
    number, now = "+910000000101", clock.now()
    await wrote(db, AddressRef(kind="whatsapp", value=number), now - timedelta(days=3))
    await wrote(db, AddressRef(kind="phone", value=number), now)
    async with db.reading() as session:
        found = await conversations.find_address(session, AddressRef(kind="whatsapp", value=number))
    assert found is not None
    assert not is_open(found, DAY, now)
