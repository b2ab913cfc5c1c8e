"""The spool: what is asked for is registered once, whatever fails and whenever the process dies."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import RetryableDelivery, UncertainDelivery
from grievances.registries.base import ExternalStatus
from grievances.registries.schemas import SpoolState
from tests.grievances.conftest import Ledger
from tests.grievances.registries.conftest import Link, fields, settings_for
from tests.grievances.registries.fake import FakeRegistry
from tests.grievances.registries.spooling import BOTH, LATER, Killed


@pytest.mark.parametrize("refuses_repeats", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_uncertain_registration_is_asked_for_before_anything_is_sent(
    link: Link, when: str, *, refuses_repeats: bool
) -> None:
    link.fake.refuses_repeats = refuses_repeats
    view = await link.filed()
    getattr(link.fake, when)["register"] = [UncertainDelivery("ReadTimeout")]
    assert (await link.round()).trouble == "ReadTimeout"
    assert (await link.external(view.id)).state is SpoolState.UNCERTAIN
    await link.round(15)
    assert link.fake.calls == ["register", "find"]
    if when == "after":
        assert (await link.external(view.id)).state is SpoolState.REGISTERED
    else:
        # It may still be under way: a "no" does not count yet.
        assert (await link.external(view.id)).state is SpoolState.UNCERTAIN
    await link.rounds(4, LATER)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(link.fake.registered) == 1
    assert link.fake.calls.count("register") == (1 if when == "after" else 2)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_while_sending(link: Link, when: str) -> None:
    link.fake.refuses_repeats = False
    view = await link.filed()
    getattr(link.fake, when)["register"] = [Killed()]
    with pytest.raises(Killed):
        await link.round()
    # `sending` was committed before the request.
    assert (await link.external(view.id)).state is SpoolState.SENDING
    await link.round(5)
    assert (await link.external(view.id)).state is SpoolState.SENDING
    assert link.fake.calls == ["register"]
    await link.round(60)
    external = await link.external(view.id)
    assert (external.state, external.error_code) == (SpoolState.UNCERTAIN, "interrupted")
    assert link.fake.calls == ["register"]
    await link.rounds(6, LATER)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(link.fake.registered) == 1


async def test_a_request_that_arrives_late_is_not_sent_a_second_time(link: Link) -> None:
    """The process died, the request lingers on the way and is taken four minutes later."""
    link.fake.refuses_repeats = False
    view = await link.filed()
    link.fake.before["register"] = [Killed()]
    with pytest.raises(Killed):
        await link.round()
    await link.rounds(4, 60)
    assert link.fake.calls.count("find") >= 1
    await link.fake.register(fields(view.reference))
    await link.rounds(4, 100)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(link.fake.registered) == 1


async def test_killed_while_asking(link: Link) -> None:
    view = await link.filed()
    link.fake.after["register"] = [UncertainDelivery("ReadTimeout")]
    link.fake.before["find"] = [Killed()]
    await link.round()
    with pytest.raises(Killed):
        await link.round(15)
    await link.rounds(2, 60)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert link.fake.calls.count("register") == 1


@BOTH
async def test_two_processes_register_once(link: Link) -> None:
    link.fake.refuses_repeats = False
    views = [await link.filed(number) for number in (101, 102, 103)]
    await asyncio.gather(*(link.round() for _ in range(4)))
    for view in views:
        assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert link.fake.calls.count("register") == 3
    assert len(link.fake.registered) == 3


async def test_who_comes_back_late_changes_nothing(link: Link) -> None:
    """A process that slept in the middle of its request comes back while another one is at it, and wakes nobody."""
    fake, view = link.fake, await link.filed()
    register, arrived = fake.register, [asyncio.Event(), asyncio.Event()]
    may_go_on = [asyncio.Event(), asyncio.Event()]

    async def held(told: Any) -> str:
        which = len([event for event in arrived if event.is_set()])
        if which < 2:
            arrived[which].set()
            await may_go_on[which].wait()
        if which == 0:
            raise RetryableDelivery("connection")
        return await register(told)

    fake.register = held  # type: ignore[method-assign,assignment]
    sleeper = asyncio.create_task(link.round())
    await arrived[0].wait()
    while not arrived[1].is_set():
        second = asyncio.create_task(link.round(LATER))
        await asyncio.wait({second, asyncio.create_task(arrived[1].wait())}, return_when=asyncio.FIRST_COMPLETED)
    may_go_on[0].set()
    await sleeper
    assert (await link.external(view.id)).state is SpoolState.SENDING
    may_go_on[1].set()
    await second
    await link.rounds(3, LATER)
    assert (await link.external(view.id)).state is SpoolState.REGISTERED
    assert len(fake.registered) == 1


_STEP = st.one_of(
    st.tuples(st.just("before"), st.sampled_from(["register", "find", "status", "close"])),
    st.tuples(st.just("after"), st.sampled_from(["register", "close"])),
)
_ERROR = st.sampled_from([RetryableDelivery("x"), UncertainDelivery("x"), Killed()])


async def settled(link: Link, pauses: list[float], wanted: Callable[[], Awaitable[bool]]) -> None:
    """Let rounds come and processes die until it is so."""
    for pause in [*pauses, *[5000.0] * 40]:
        try:
            await link.round(pause)
        except Killed:
            continue
        if await wanted():
            return
    raise AssertionError("it is never so")


@given(
    faults=st.lists(st.tuples(_STEP, _ERROR), max_size=8),
    pauses=st.lists(st.floats(0, 2000), max_size=6),
    late=st.lists(st.tuples(_STEP, _ERROR), max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_fails_it_is_registered_once_and_closed(
    ledger: Ledger,
    faults: list[tuple[tuple[str, str], BaseException]],
    pauses: list[float],
    late: list[tuple[tuple[str, str], BaseException]],
) -> None:
    """A registry that accepts repeats, faults at every call, kills: in the end one there, with both numbers."""
    fake = FakeRegistry()
    fake.refuses_repeats = False
    link = Link(ledger, fake, settings_for("http://127.0.0.1:9"))
    view = await link.filed()

    async def registered() -> bool:
        return (await link.external(view.id)).state is SpoolState.REGISTERED

    async def told() -> bool:
        return (await link.external(view.id)).last_status is ExternalStatus.CLOSED

    _plan(fake, faults)
    await settled(link, pauses, registered)
    await ledger.closed(view.id)
    _plan(fake, late)
    await settled(link, pauses, told)
    external = await link.external(view.id)
    (mine,) = [one for one in fake.registered.values() if one.client_reference == view.reference]
    assert (mine.number, mine.status) == (external.number, ExternalStatus.CLOSED)
    assert (await ledger.get(view.id)).cpgrams_number == external.number


def _plan(fake: FakeRegistry, faults: list[tuple[tuple[str, str], BaseException]]) -> None:
    for (when, call), error in faults:
        certain = isinstance(error, RetryableDelivery)
        only_asks = call in {"find", "status"}
        if when == "after" and certain:
            continue
        planned = RetryableDelivery("x") if only_asks and not isinstance(error, Killed) else error
        getattr(fake, when).setdefault(call, []).append(planned)
