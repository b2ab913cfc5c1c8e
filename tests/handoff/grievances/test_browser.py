"""The grievance pages in headless Chromium: nothing cut off, everything by keyboard, no rule of WCAG broken."""

from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from core.clock import FixedClock
from grievances import reference
from grievances.schemas import Outcome
from grievances.status import Move
from handoff.officers.schemas import Role
from tests.handoff.conftest import Scene
from tests.handoff.grievances.conftest import REASONS, Book
from tests.handoff.test_browser import address, chrome, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
__all__ = ["address", "chrome"]
SIZES = [(1366, 768), (390, 844)]


async def fits(page: Page, width: int) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_nothing_is_cut_off_and_no_rule_is_broken(
    scene: Scene, book: Book, clock: FixedClock, address: str, chrome: Browser, language: str, width: int, height: int
) -> None:
    await scene.officer("hubert", Role.HUB)
    meaning = (0.1, 0.2, 0.3)
    one = await book.file(1, vector=meaning, told={"enterprise_name": "अ" * 90, "against_name": "W" * 90})
    await book.attach(one)
    await book.file(2, vector=meaning)
    late = await book.file(3, room="dfo-chennai")
    await book.act(late, Move.CLOSE, text=REASONS, outcome=Outcome.NOT_REDRESSED)
    clock.at += timedelta(days=5)
    await book.act(one, Move.NOTE, text="शब्द" * 300)
    page = await sign_in(chrome, address, "hubert", width, height)
    await page.locator("#language").select_option(language)
    await page.wait_for_selector(f'html[lang="{language}"]')
    await page.goto(f"{address}/grievances?status=all&category=delayed_payment")
    await expect(page.locator(".rows tbody tr")).to_have_count(3)
    await fits(page, width)
    for view in (one, late):
        await page.goto(f"{address}/grievances/{view.id}")
        for form in await page.locator("details").all():
            await form.evaluate("one => one.open = true")
        await fits(page, width)


async def test_a_reply_by_keyboard_alone(scene: Scene, book: Book, address: str, chrome: Browser) -> None:
    await scene.officer("hubert", Role.HUB)
    one = await book.file(1)
    page = await sign_in(chrome, address, "hubert")
    await page.goto(f"{address}/grievances")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.get_by_role("link", name=reference.shown(one.reference)).press("Enter")
    await expect(page.locator("h1")).to_contain_text(reference.shown(one.reference))
    await page.locator("#act-reply summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("We wrote to the buyer.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".done")).to_have_text("Reply sent.")
    await expect(page.locator(".history")).to_contain_text("We wrote to the buyer.")
