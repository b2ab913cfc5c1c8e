"""Gateways die at every named point and at random, and every message is accounted for: the small edition."""

from pathlib import Path

import pytest

from core.crash import POINTS
from tools.rehearsal.processes import Surroundings
from tools.rehearsal.rehearsal import Rehearsal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_no_message_is_lost_or_doubled_when_the_gateway_dies_at_each_point(tmp_path: Path) -> None:
    rehearsal = Rehearsal(Surroundings(tmp_path), messages=220, contacts=20, rate=8, kills=2)
    account = await rehearsal.run()
    assert rehearsal.killed == len(POINTS) + 2
    assert account.accepted == 220
    assert account.whole, account
