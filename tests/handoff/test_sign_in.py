"""Signing in and out by HTTP: cookies, lock-out, limits, forms that are not ours."""

from datetime import timedelta

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from core.clock import FixedClock
from core.media.service import MediaStore
from handoff.desk.app import make_desk
from handoff.desk.guard import Attempts
from handoff.desk.settings import DeskSettings
from tests.handoff.conftest import PASSWORD, Browser, Scene, hidden


async def test_sign_in_and_out(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    answer = await browser.sign_in("asha")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/")
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/desk"))
    assert "Asha Verma" in (await browser.get("/")).text
    assert (await browser.act("/sign-out")).status_code == 303
    assert (await browser.get("/")).headers["location"] == "/desk/sign-in"


async def test_wrong_passwords_lock_the_account(scene: Scene, browser: Browser, clock: FixedClock) -> None:
    await scene.officer("asha")
    for _ in range(5):
        assert (await browser.sign_in("asha", "wrong")).status_code == 401
    assert (await browser.sign_in("asha")).status_code == 401
    clock.at += timedelta(minutes=16)
    assert (await browser.sign_in("asha")).status_code == 303


async def test_attempts_from_one_address_are_limited(scene: Scene, store: MediaStore) -> None:
    settings = DeskSettings(session_key=SecretStr("k" * 64), sign_in_per_minute=3)
    app = FastAPI()
    app.mount("/desk", make_desk(scene.db, scene.clock, scene.wake, settings, store, scene.officers))
    async with Browser(app) as browser:
        statuses = [(await browser.sign_in("nobody")).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_the_bucket_fills_again_and_forgets_the_oldest_address() -> None:
    at = [0.0]
    attempts = Attempts(2, lambda: at[0])
    assert [attempts.may_try("a") for _ in range(3)] == [True, True, False]
    assert attempts.may_try("b")
    at[0] = 30.0
    assert [attempts.may_try("a") for _ in range(2)] == [True, False]


async def test_the_sign_in_form_must_be_ours(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    await browser.get("/sign-in")
    for token in ("", "0" * 64, "é"):
        answer = await browser.post("/sign-in", data={"login": "asha", "password": PASSWORD, "token": token})
        assert answer.status_code == 403
    async with httpx.AsyncClient(transport=browser._transport, base_url=browser.base_url) as stranger:
        token = hidden((await browser.get("/sign-in")).text, "token")
        answer = await stranger.post("/sign-in", data={"login": "asha", "password": PASSWORD, "token": token})
        assert answer.status_code == 403


async def test_cookies_are_secure_behind_https(scene: Scene, store: MediaStore) -> None:
    settings = DeskSettings(session_key=SecretStr("k" * 64), https=True)
    app = make_desk(scene.db, scene.clock, scene.wake, settings, store, scene.officers)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk.test") as client:
        assert "secure" in (await client.get("/sign-in")).headers["set-cookie"].lower()
