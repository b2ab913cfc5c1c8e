"""The stand-in failing in every way: registered exactly once all the same."""

import pytest

from grievances.registries.base import ExternalStatus
from grievances.registries.schemas import SpoolState
from tests.grievances.conftest import REASONS
from tests.grievances.registries.conftest import Link
from tests.grievances.registries.spooling import LATER
from tests.simulators.cpgrams import RunningCpgrams

_FAULTS = [
    "429", "500", "503", "timeout", "cut_before", "timeout_after", "cut_after", "html", "wrong_shape",
    "wrong_signature", "unsigned", "huge", "bad_number", "duplicate_number",
]  # fmt: skip


@pytest.mark.parametrize("kind", _FAULTS)
async def test_registered_exactly_once_at_a_careless_standin(
    served_link: Link, cpgrams: RunningCpgrams, kind: str
) -> None:
    cpgrams.behave(repeats_accepted=True)
    earlier = await served_link.filed(101)
    await served_link.round()
    assert (await served_link.external(earlier.id)).state is SpoolState.REGISTERED
    view = await served_link.filed(102)
    cpgrams.fault(kind, seconds=1.2)
    await served_link.rounds(5, LATER)
    external = await served_link.external(view.id)
    assert external.state is SpoolState.REGISTERED
    held = [one for one in cpgrams.held() if one["client_reference"] == view.reference]
    assert [one["registration_number"] for one in held] == [external.number]
    assert (await served_link.ledger.get(view.id)).cpgrams_number == external.number


async def test_a_refusal_of_the_standin_is_final(served_link: Link, cpgrams: RunningCpgrams) -> None:
    view = await served_link.filed()
    cpgrams.fault("refused")
    await served_link.rounds(3, LATER)
    external = await served_link.external(view.id)
    assert (external.state, external.error_fields) == (SpoolState.FAILED, "complainant.pincode")
    assert cpgrams.held() == []


async def test_our_closing_reaches_the_standin_through_a_fault(served_link: Link, cpgrams: RunningCpgrams) -> None:
    view = await served_link.filed()
    await served_link.round()
    await served_link.ledger.closed(view.id)
    cpgrams.fault("cut_after", target="closure")
    cpgrams.fault("500", target="status")
    await served_link.rounds(4, 200)
    (held,) = cpgrams.held()
    assert (held["status"], held["closed_by"], held["remarks"]) == ("closed", view.reference, REASONS)
    assert (await served_link.external(view.id)).last_status is ExternalStatus.CLOSED
