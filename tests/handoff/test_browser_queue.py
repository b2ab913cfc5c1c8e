"""Rooms and the queue in headless Chromium: on duty while a page is open, transfer by keyboard, languages, widths."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from core.db import Database
from handoff.officers import presence
from handoff.queue.rounds import QueueRounds
from handoff.queue.settings import QueueSettings
from tests.handoff.conftest import Scene
from tests.handoff.test_browser import address, chrome, open_conversation, sign_in  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def looked_at(page: Page, name: str) -> None:
    """No violation that axe can see, nothing wider than the screen; a picture where SCREENSHOTS says."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert not await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def on_duty(db: Database, scene: Scene) -> list[str]:
    async with db.reading() as session:
        there = await presence.on_duty(session, scene.clock.now() - timedelta(seconds=1))
    return sorted(one.login for one in there)


async def until_on_duty(page: Page, db: Database, scene: Scene, logins: list[str]) -> None:
    for _ in range(50):
        if await on_duty(db, scene) == logins:
            return
        await page.wait_for_timeout(100)
    assert await on_duty(db, scene) == logins


async def test_a_conversation_goes_from_room_to_room(
    scene: Scene,
    db: Database,
    address: str,  # noqa: F811
    chrome: Browser,  # noqa: F811
) -> None:
    await scene.officer("asha", room="dfo-kanpur")
    await scene.officer("ravi", room="dfo-patna")
    hers, his = await sign_in(chrome, address, "asha"), await sign_in(chrome, address, "ravi", 390, 844)
    await until_on_duty(hers, db, scene, ["asha", "ravi"])
    await scene.waits(1, room="dfo-kanpur", name="Meera Devi")
    await expect(hers.locator("a.entry")).to_contain_text("MSME-DI Kanpur")
    await expect(hers.locator("a.entry")).to_contain_text("No. 1")
    await expect(his.locator("a.entry")).to_have_count(0)
    await open_conversation(hers, "M•• D••")
    await expect(hers.locator(".ways")).to_contain_text("The only room of its State.")
    await looked_at(hers, "queue-waiting")
    await hers.get_by_role("button", name="Claim").click()
    await hers.locator(".transfer summary").focus()
    await hers.keyboard.press("Enter")
    await hers.keyboard.press("Tab")
    await expect(hers.get_by_label("To whom")).to_be_focused()
    await expect(hers.get_by_label("To whom")).to_contain_text("Ravi Verma")
    await hers.get_by_label("To whom").select_option(label="MSME-DI Patna")
    await hers.keyboard.press("Tab")
    await hers.keyboard.type("lives in Patna now")
    await looked_at(hers, "queue-transfer")
    await hers.keyboard.press("Enter")
    await expect(hers.locator("a.entry")).to_have_count(0)

    await expect(his.locator("a.entry")).to_have_count(1)
    await open_conversation(his, "M•• D••")
    await expect(his.locator(".ways")).to_contain_text("Asha Verma moved it: lives in Patna now")
    await his.get_by_role("button", name="Claim").click()
    await expect(his.get_by_label("Your reply")).to_be_visible()
    await looked_at(his, "queue-telephone")
    await his.locator("#language").select_option("hi")
    await expect(his.locator("html")).to_have_attribute("lang", "hi")
    await his.locator(".transfer summary").click()
    await looked_at(his, "queue-telephone-hindi")


async def test_a_browser_that_is_gone_gives_its_conversation_back(
    scene: Scene,
    db: Database,
    address: str,  # noqa: F811
    chrome: Browser,  # noqa: F811
) -> None:
    await scene.officer("asha")
    page = await sign_in(chrome, address, "asha")
    await scene.waits()
    await open_conversation(page, "M•• D••")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.get_by_label("Your reply")).to_be_visible()
    rounds = QueueRounds(db, scene.clock, QueueSettings())
    await page.context.close()
    scene.clock.at += timedelta(seconds=QueueSettings().dropped_after + 1)
    other = await sign_in(chrome, address, "asha")
    await expect(other.locator("#mine-title .count")).to_have_text("1")
    await until_on_duty(other, db, scene, ["asha"])
    assert await rounds.requeue_dropped() == 0  # she is back before the sweep
    await other.context.close()
    scene.clock.at += timedelta(seconds=QueueSettings().dropped_after + 1)
    assert await rounds.requeue_dropped() == 1
    again = await sign_in(chrome, address, "asha")
    await expect(again.locator("#waiting-count")).to_have_text("1")
