"""The rounds of features: the gateway runs the clocks of grievances, and what they say goes out to the contact."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.gateway import app
from channels.gateway.rounds import Features, feature_rounds
from channels.gateway.settings import GatewaySettings
from channels.gateway.sweep import Round
from core.clock import FixedClock
from core.db import Database
from core.errors import InvalidInput
from core.media.service import MediaStore
from core.outbox import service as outbox
from core.settings import CoreSettings, Profile
from grievances.registries.settings import CpgramsSettings
from grievances.schemas import Level
from grievances.settings import GrievanceSettings
from handoff.control_rooms import calendar
from tests.grievances.conftest import Ledger
from tests.grievances.conftest import clock as clock
from tests.grievances.conftest import database_url as database_url
from tests.grievances.conftest import db as db
from tests.grievances.conftest import ledger_template as ledger_template
from tests.grievances.conftest import ring as ring

FEATURES = Features(grievances=GrievanceSettings(sweep_every=3), registries=CpgramsSettings(url=""))


@pytest.fixture
def ledger(db: Database, clock: FixedClock, tmp_path: Path) -> Ledger:
    return Ledger(db, clock, MediaStore(tmp_path / "media"))


@pytest.fixture(autouse=True)
def _calendars_as_before() -> Any:
    yield
    calendar.install()


async def nobody(_conversation_ids: Any, _turn_ids: Any) -> None:
    return None


async def test_the_clocks_are_kept_and_what_they_say_waits_in_the_lane(ledger: Ledger, tmp_path: Path) -> None:
    view = await ledger.filed()
    ledger.clock.at = view.conclude_by + timedelta(seconds=1)
    async with feature_rounds(ledger.db, ledger.clock, FEATURES, tmp_path, [nobody]) as rounds:
        assert [(name, every) for name, every, _work in rounds] == [("clocks", 3), ("queue", 2), ("privacy", 15)]
        await rounds[0][2]()
        await rounds[0][2]()
    assert (await ledger.get(view.id)).level is Level.HUB
    async with ledger.db.reading() as session:
        lanes = await outbox.waiting_lanes(session, ledger.clock.at, timedelta(seconds=15))
    assert len(lanes) == 1
    assert await ledger.value("SELECT count(*) FROM outbound") == 1


async def test_a_gateway_that_runs_has_them_among_its_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Round] = []

    class Noted:
        def __init__(self, *parts: Any) -> None:
            given.extend(parts[-1])

        def start(self) -> None:
            return None

        async def stop(self) -> None:
            return None

    class Engine:
        start_turn = None

        async def launch(self, _steps: Any) -> None:
            return None

        async def close(self) -> None:
            return None

        async def forget(self, _conversation_ids: Any, _turn_ids: Any) -> None:
            return None

    monkeypatch.setattr(app, "Sweep", Noted)
    monkeypatch.setattr(app, "TurnEngine", lambda *_parts: Engine())
    core = CoreSettings(
        profile=Profile.TEST,
        data_dir=tmp_path,
        database_url="",
        encryption_keys=SecretStr("1:" + bytes(range(32)).hex()),
        index_key=SecretStr(bytes(32).hex()),
    )
    made = app.make_app(app.make_gateway(core, GatewaySettings(bot_token=SecretStr("x")), {}))
    async with made.router.lifespan_context(made):
        assert {"clocks", "privacy"} <= {name for name, _every, _work in given}


async def test_a_file_of_holidays_that_cannot_be_used_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIEVANCES_HOLIDAYS_FILE", str(tmp_path / "none.csv"))
    with pytest.raises(InvalidInput, match=r"none\.csv"):
        Features.checked(Profile.TEST)


@pytest.fixture
async def rounds(ledger: Ledger, tmp_path: Path) -> AsyncIterator[list[Round]]:
    async with feature_rounds(ledger.db, ledger.clock, FEATURES, tmp_path, []) as found:
        yield found


async def test_feedback_is_asked_by_the_same_round(ledger: Ledger, rounds: list[Round]) -> None:
    view = await ledger.filed()
    await ledger.closed(view.id)
    ledger.clock.at += timedelta(days=1)
    await rounds[0][2]()
    assert [event.kind.value for event in await ledger.events(view.id)] == ["filed", "closed", "feedback_asked"]
