"""Officers: creating, signing in, lock-out, sessions."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit import service as audit
from core.audit.models import Audit
from core.clock import FixedClock
from core.db import Database
from core.errors import Conflict, InvalidInput
from handoff.officers.errors import NotSignedIn, SignInRefused
from handoff.officers.models import Officer, OfficerSession
from handoff.officers.schemas import OfficerView, Role
from handoff.officers.service import Officers, normal_login
from tests.handoff.conftest import PASSWORD, Scene


async def test_signs_in_with_any_case_and_is_known_by_the_token(scene: Scene) -> None:
    made = await scene.officer("asha")
    begun = await scene.officers.sign_in("  ASHA ", PASSWORD)
    known = await scene.officers.authenticate(begun.token)
    assert known.officer == made == begun.signed_in.officer
    assert known.csrf == begun.signed_in.csrf


async def test_the_token_and_the_password_are_stored_nowhere(scene: Scene, db: Database) -> None:
    await scene.officer("asha")
    begun = await scene.officers.sign_in("asha", PASSWORD)
    async with db.reading() as session:
        row = (await session.scalars(select(OfficerSession))).one()
        officer = (await session.scalars(select(Officer))).one()
    assert begun.token.encode() not in row.token_digest
    assert officer.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("login", "password"), [("asha", "wrong"), ("nobody", PASSWORD), ("", ""), ("asha\0", PASSWORD)]
)
async def test_wrong_login_or_password(scene: Scene, login: str, password: str) -> None:
    await scene.officer("asha")
    with pytest.raises(SignInRefused):
        await scene.officers.sign_in(login, password)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_locked_after_five_failures_for_fifteen_minutes(scene: Scene, clock: FixedClock) -> None:
    await scene.officer("asha")
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await scene.officers.sign_in("asha", "wrong")
    with pytest.raises(SignInRefused):
        await scene.officers.sign_in("asha", PASSWORD)
    clock.at += timedelta(minutes=15, seconds=1)
    await scene.officers.sign_in("asha", PASSWORD)


async def test_a_success_forgets_the_failures_before_it(scene: Scene) -> None:
    await scene.officer("asha")
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                await scene.officers.sign_in("asha", "wrong")
        await scene.officers.sign_in("asha", PASSWORD)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_guesses_side_by_side_are_counted_before_they_are_checked(scene: Scene) -> None:
    await scene.officer("asha")
    guesses = [scene.officers.sign_in("asha", f"guess {i}") for i in range(12)]
    assert all(isinstance(one, SignInRefused) for one in await asyncio.gather(*guesses, return_exceptions=True))
    with pytest.raises(SignInRefused):
        await scene.officers.sign_in("asha", PASSWORD)


async def test_a_session_ends_after_twelve_hours_even_in_use(scene: Scene, clock: FixedClock) -> None:
    await scene.officer("asha")
    begun = await scene.officers.sign_in("asha", PASSWORD)
    for _ in range(14):
        clock.at += timedelta(minutes=50)
        await scene.officers.authenticate(begun.token)
    clock.at += timedelta(minutes=30)
    with pytest.raises(NotSignedIn):
        await scene.officers.authenticate(begun.token)


async def test_a_session_ends_when_nothing_is_done_for_an_hour(scene: Scene, clock: FixedClock) -> None:
    await scene.officer("asha")
    begun = await scene.officers.sign_in("asha", PASSWORD)
    for _ in range(3):
        clock.at += timedelta(minutes=15)
        await scene.officers.authenticate(begun.token, acting=False)
    clock.at += timedelta(minutes=15)
    with pytest.raises(NotSignedIn):
        await scene.officers.authenticate(begun.token)


async def test_sign_out_and_deactivation_end_sessions(scene: Scene) -> None:
    made = await scene.officer("asha")
    first, second = [await scene.officers.sign_in("asha", PASSWORD) for _ in range(2)]
    await scene.officers.sign_out(first.signed_in)
    with pytest.raises(NotSignedIn):
        await scene.officers.authenticate(first.token)
    await scene.officers.authenticate(second.token)
    await scene.officers.set_active(made.id, active=False, by="system")
    with pytest.raises(NotSignedIn):
        await scene.officers.authenticate(second.token)
    with pytest.raises(SignInRefused):
        await scene.officers.sign_in("asha", PASSWORD)


@pytest.mark.parametrize(
    "wrong",
    [{"login": "x"}, {"login": "a b"}, {"login": "<b>"}, {"name": " "}, {"password": "short"}, {"language": "xx"}],
)
async def test_what_cannot_be_an_officer(officers: Officers, wrong: dict[str, str]) -> None:
    given = {"login": "asha", "name": "Asha", "password": PASSWORD, **wrong}
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        await officers.create(role=Role.OFFICER, **given)


async def test_a_login_is_given_once(scene: Scene) -> None:
    await scene.officer("asha")
    with pytest.raises(Conflict):
        await scene.officer("ASHA")


async def test_ensure_changes_nothing_the_second_time(officers: Officers) -> None:
    async def ensure(password: str) -> tuple[OfficerView, bool]:
        return await officers.ensure(login="officer", name="Asha Verma", role=Role.OFFICER, password=password)

    first, changed = await ensure(PASSWORD)
    second, again = await ensure(PASSWORD)
    assert (first.id, changed, again) == (second.id, True, False)
    assert (await ensure("another password"))[1]
    await officers.sign_in("officer", "another password")


async def test_what_officers_do_is_in_an_unbroken_chain(scene: Scene, db: Database) -> None:
    await scene.officer("asha")
    begun = await scene.officers.sign_in("asha", PASSWORD)
    await scene.officers.sign_out(begun.signed_in)
    async with db.reading() as session:
        acts = [row.act for row in await session.scalars(select(Audit).order_by(Audit.id))]
        assert await audit.first_broken(session) is None
    assert acts == ["officer.create", "officer.sign_in", "officer.sign_out"]


@pytest.mark.parametrize(
    ("role", "room", "rooms", "reads", "answers"),
    [
        (Role.OFFICER, "dfo-kanpur", frozenset({"dfo-kanpur"}), True, True),
        (Role.OFFICER, None, frozenset(), True, True),
        (Role.SUPERVISOR, "dfo-kanpur", frozenset({"dfo-kanpur"}), True, True),
        (Role.HUB, None, None, True, True),
        (Role.ADMIN, None, None, True, True),
        (Role.AUDITOR, None, None, True, False),
        (Role.EDITOR, None, frozenset(), False, False),
    ],
)
async def test_rights(
    scene: Scene, role: Role, room: str | None, rooms: frozenset[str] | None, reads: bool, answers: bool
) -> None:
    officer = await scene.officer("asha", role, room)
    assert (officer.rooms, officer.may_read, officer.may_answer) == (rooms, reads, answers)


def test_logins_that_look_the_same_are_the_same() -> None:
    assert normal_login(" Ａsha ") == "asha"
