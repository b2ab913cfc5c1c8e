"""The demo country: believable, the same for the same seed, and never among real people."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.conversations import service as conversations
from core.db import Base, Database
from core.events import AddressRef
from core.privacy.encryption import Keyring, install
from grievances import categories, service
from grievances.schemas import GrievanceView, Kind, Status
from handoff.officers.schemas import Role
from handoff.officers.service import Officers
from tests.core.conftest import create_tables
from tools import seed_demo
from tools.demo.country import NUMBER, Country, data
from tools.demo.scripts import PLANS
from tools.installation import free_ports

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"
COUNT = 70


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    for feature in seed_demo.MODELS:
        __import__(f"{feature}.models")
    install(Keyring({1: bytes(range(32))}, b"i" * 32))
    create_tables(f"sqlite:///{tmp_path / 'demo.db'}")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'demo.db'}")
    seed_demo.in_a_hurry(database)
    yield database
    await database.close()


async def made(db: Database, seed: int = 5, count: int = COUNT) -> seed_demo.Made:
    return await seed_demo.seed(db, count=count, seed=seed, now=NOW, password=PASSWORD, with_meanings=False)


async def everything(db: Database) -> list[tuple[GrievanceView, list[tuple[Kind, datetime]]]]:
    async with db.reading() as session:
        page, rows = None, []
        while page is None or page.next_cursor:
            page = await service.list_page(
                session, rooms=None, now=NOW, sort="filed", after=page.next_cursor if page else None
            )
            rows += list(page.rows)
        found = []
        for row in rows:
            view = await service.get(session, row.id, rooms=None)
            events = await service.events(session, row.id, include_private=True)
            found.append((view, [(event.kind, event.at) for event in events]))
    return found


async def test_a_small_country_has_everything(db: Database) -> None:
    told = await made(db)
    assert told.filed == COUNT
    assert {status for status, number in told.by_status.items() if number} == set(Status)
    assert told.overdue > 0
    found = await everything(db)
    views = [view for view, _ in found]
    assert {view.category for view in views} == set(categories.all_categories())
    assert {view.language for view in views} == {"en", "hi", "hi-Latn"}
    assert len({view.place.state for view in views}) > 10
    kinds = Counter(kind for _, events in found for kind, _ in events)
    assert {Kind.REPLIED, Kind.NOTED, Kind.CLOSED, Kind.MERGED, Kind.REMINDED, Kind.BREACHED, Kind.ESCALATED,
            Kind.FEEDBACK_ASKED, Kind.FEEDBACK, Kind.APPEALED, Kind.REOPENED} <= set(kinds)  # fmt: skip
    assert all(events == sorted(events, key=lambda event: event[1]) for _, events in found)
    assert all(at <= NOW for _, events in found for _, at in events)
    assert min(view.filed_at for view in views) < NOW - timedelta(days=250)
    async with db.reading() as session:
        assert await service.verify(session) is None
        assert not await session.scalar(Base.metadata.tables["outbound"].select().where(
            Base.metadata.tables["outbound"].c.state != "read").limit(1))  # fmt: skip
    for login, role in (("mumbai.1", Role.OFFICER), ("mumbai.head", Role.SUPERVISOR), ("hub.1", Role.HUB)):
        signed_in = await Officers(db, FixedClock(NOW)).sign_in(login, PASSWORD)
        assert signed_in.signed_in.officer.role is role
    assert set(seed_demo.LOGINS.values()) <= {login async for login in logins(db)}


async def logins(db: Database):
    async with db.reading() as session:
        for (login,) in await session.execute(Base.metadata.tables["officer"].select().with_only_columns(
                Base.metadata.tables["officer"].c.login)):  # fmt: skip
            yield login


async def test_a_country_stands_alone(db: Database) -> None:
    await made(db, count=10)
    with pytest.raises(seed_demo.Refused, match="already: 10"):
        await made(db, count=10)


@pytest.mark.parametrize(("number", "refused"), [("+919876543210", True), ("+910000000101", False)])
async def test_real_people_are_left_alone(db: Database, number: str, refused: bool) -> None:
    async with db.transaction() as session:
        ref = AddressRef(kind="whatsapp", value=number)
        await conversations.find_or_open(session, ref, channel="whatsapp", profile_name="A", now=NOW)
    if refused:
        with pytest.raises(seed_demo.Refused, match="may be real"):
            await made(db, count=10)
    else:
        assert (await made(db, count=10)).filed == 10


async def test_the_same_seed_is_the_same_country(db: Database, tmp_path: Path) -> None:
    create_tables(f"sqlite:///{tmp_path / 'again.db'}")
    again = Database(f"sqlite+aiosqlite:///{tmp_path / 'again.db'}")
    seed_demo.in_a_hurry(again)
    lived = []
    for one in (db, again):
        await made(one, count=25)
        own = {"id", "reference", "contact_id", "conversation_id", "address_id", "merged_into", "follows"}
        lived.append(
            sorted(
                [(view.model_dump(exclude=own), events) for view, events in await everything(one)],
                key=lambda row: (row[0]["filed_at"], str(row)),
            )
        )
    await again.close()
    assert lived[0] == lived[1]
    texts = {matter.text for matter in Country(25, 6, NOW).matters()}
    assert texts != {matter.text for matter in Country(25, 5, NOW).matters()}


def test_a_country_as_large_as_asked_of_people_who_cannot_be() -> None:
    matters = list(Country(2000, 1, NOW).matters())
    assert len(matters) == 2000
    assert len({matter.turn for matter in matters}) == 2000
    assert all(re.fullmatch(r"\+9101\d{8}", matter.person.number) for matter in matters)
    assert NUMBER.startswith("+910")
    assert {matter.plan.name for matter in matters} >= {plan.name for plan in PLANS}
    assert all(matter.filed_at < NOW for matter in matters)
    latest, older = seed_demo.parted(matters, NOW)
    assert len(latest) + len(older) == 2000
    assert {one.twin for one in latest if one.twin} <= {one.turn for one in latest}


def test_every_text_can_be_told() -> None:
    stories = data()["stories"]
    assert set(stories) == set(categories.all_categories()) == set(data()["shares"])
    for texts in [*stories.values(), *data()["said"].values()]:
        for text in (one for listed in texts.values() for one in listed):
            text.format_map({"against": "A", "amount": "1", "months": 2, "enterprise": "B"})
    for texts in stories.values():
        assert set(texts) == {"en", "hi", "hi-Latn"}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {
        "SAHAYAK_DATA_DIR": str(tmp_path),
        "SAHAYAK_PROFILE": "try",
        "GATEWAY_PORT": str(free_ports()["gateway"]),
    }.items():
        monkeypatch.setenv(name, value)
    assert seed_demo.main(["--count", "8", "--without-meanings"]) == 0
    told = capsys.readouterr().out
    assert "8 grievances" in told
    assert "mumbai.1" in told
    assert "DESK_DEMO_PASSWORD" in told
    monkeypatch.setenv("SAHAYAK_PROFILE", "production")
    assert seed_demo.main(["--count", "8"]) != 0
    assert "production" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        seed_demo.main(["--count", "0"])
