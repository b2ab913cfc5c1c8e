"""The desk in headless Chromium: live, by keyboard, with two officers, at the widths of a desk and of a telephone."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright, expect

from core.events import DeliveryState
from core.outbox import service as outbox
from tests.handoff.conftest import PASSWORD, Scene

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port, in this loop."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", timeout_graceful_shutdown=2)
    )
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}/desk"
    server.should_exit = True
    await running


@pytest.fixture
async def address(site: FastAPI) -> AsyncIterator[str]:
    async with served(site) as url:
        yield url


@pytest.fixture
async def chrome(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def sign_in(chrome: Browser, address: str, login: str, width: int = 1366, height: int = 768) -> Page:
    context = await chrome.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    page.set_default_timeout(10_000)
    page.on(
        "console",
        lambda message: pytest.fail(message.text) if message.type == "error" and "CSP" in message.text else None,
    )
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    await page.goto(f"{address}/sign-in")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_selector("#lists")
    return page


async def open_conversation(page: Page, name: str) -> None:
    """Open a conversation; a click that meets the list just as it is renewed goes nowhere, as a person's would."""
    for last in (False, False, True):
        await page.get_by_role("link", name=name).click()
        try:
            await expect(page.locator("h1")).to_have_text(name, timeout=3000)
        except AssertionError:
            if last:
                raise
        else:
            return


async def test_from_waiting_to_resolved_live(scene: Scene, address: str, chrome: Browser) -> None:
    await scene.officer("asha")
    page = await sign_in(chrome, address, "asha")
    await expect(page.locator("a.entry")).to_have_count(0)
    asked = await scene.waits(text="<script>alert('x')</script> मदद", name="Meera Devi")
    await expect(page.locator("a.entry")).to_have_count(1)
    await expect(page).to_have_title("(1) Sahayak: officers' desk")

    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lines")).to_contain_text("<script>alert('x')</script> मदद")
    await page.locator("#centre").focus()
    await page.keyboard.press("c")
    await expect(page.get_by_label("Your reply")).to_be_focused()
    await page.keyboard.type("Namaste")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await expect(page.locator(".by-officer")).to_contain_text("Namaste\nsecond line", use_inner_text=True)
    await expect(page.get_by_label("Your reply")).to_have_value("")
    for number in range(3):
        await page.keyboard.type(f"quick {number}")
        await page.keyboard.press("Enter")
    await expect(page.locator(".by-officer")).to_have_count(4)

    async with scene.db.transaction() as session:
        first = (await outbox.lane(session, asked.conversation_id))[1]
        await outbox.begin_sending(session, first.id, "x", scene.clock.now())
        await outbox.settle(session, first.id, DeliveryState.READ, scene.clock.now())
    await expect(page.locator(f"#tick-{first.message_id}.tick-read")).to_have_count(1)
    await page.keyboard.type("half written")
    await scene.says(1, "धन्यवाद")
    await expect(page.locator(".by-contact").last).to_contain_text("धन्यवाद")
    await expect(page.locator("#mine-title + ul .tag.new")).to_have_count(1)
    await expect(page.get_by_label("Your reply")).to_have_value("half written")

    await page.get_by_label("Outcome").select_option("answered")
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.locator(".status")).to_have_text("Closed: Answered")
    await expect(page.locator("#reply-form")).to_have_count(0)
    said = [text for author, text in await scene.lines(asked.conversation_id) if author == "officer"]
    assert said == ["Namaste\nsecond line", "quick 0", "quick 1", "quick 2"]


async def test_two_officers_see_each_other(scene: Scene, address: str, chrome: Browser) -> None:
    await scene.officer("asha")
    await scene.officer("ravi")
    asked = await scene.waits()
    asha, ravi = await sign_in(chrome, address, "asha"), await sign_in(chrome, address, "ravi")
    for page in (asha, ravi):
        await page.locator("a.entry").click()
        await page.wait_for_selector("#claim-form")
    await asha.get_by_role("button", name="Claim").click()
    await expect(ravi.locator(".status")).to_have_text("Asha Verma has this conversation")
    await expect(ravi.locator("#waiting-count")).to_have_text("0")
    await asha.get_by_role("button", name="Give back").click()
    await expect(ravi.locator("#claim-form")).to_have_count(1)
    await ravi.get_by_role("button", name="Claim").click()
    await ravi.get_by_label("Your reply").fill("from Ravi")
    await ravi.get_by_role("button", name="Send").click()
    await expect(ravi.locator(".by-officer")).to_have_count(1)
    assert ("officer", "from Ravi") in await scene.lines(asked.conversation_id)


async def test_a_reply_that_fails_stays_in_the_box_and_is_sent_once(
    scene: Scene, address: str, chrome: Browser
) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    page = await sign_in(chrome, address, "asha")
    await page.locator("a.entry").click()
    await page.get_by_role("button", name="Claim").click()
    box = page.get_by_label("Your reply")

    arrived = asyncio.Event()

    async def lose_the_answer(route) -> None:
        await route.fetch()
        arrived.set()
        await route.abort()

    await page.route("**/reply", lose_the_answer)
    await box.fill("said once")
    await box.press("Enter")
    await arrived.wait()
    await expect(page.locator("#notice .problem")).to_be_visible()
    await expect(box).to_have_value("said once")
    await page.unroute("**/reply")
    await box.press("Enter")
    await expect(box).to_have_value("")
    await expect(page.locator(".by-officer")).to_have_count(1)
    assert [text for author, text in await scene.lines(asked.conversation_id) if author == "officer"] == ["said once"]


async def test_a_draft_waits_while_another_conversation_is_open(scene: Scene, address: str, chrome: Browser) -> None:
    await scene.officer("asha")
    await scene.waits(1, name="Meera Devi")
    await scene.waits(2, name="Salim Ansari")
    page = await sign_in(chrome, address, "asha")
    for _ in range(2):
        await page.locator("#waiting-title + ul a.entry").first.click()
        await page.get_by_role("button", name="Claim").click()
        await page.wait_for_selector("#reply-form")
    await page.get_by_label("Your reply").fill("for Salim")
    await open_conversation(page, "Meera Devi")
    await expect(page.get_by_label("Your reply")).to_have_value("")
    await open_conversation(page, "Salim Ansari")
    await expect(page.get_by_label("Your reply")).to_have_value("for Salim")


async def test_a_server_that_restarts_is_found_again(scene: Scene, site: FastAPI, chrome: Browser) -> None:
    await scene.officer("asha")
    async with served(site) as address:
        page = await sign_in(chrome, address, "asha")
        await expect(page.locator("#offline")).to_be_hidden()
        port = int(address.split(":")[2].split("/")[0])
    await expect(page.locator("#offline")).to_be_visible()
    await scene.waits()
    server = uvicorn.Server(
        uvicorn.Config(
            site, host="127.0.0.1", port=port, log_level="error", lifespan="off", timeout_graceful_shutdown=2
        )
    )
    running = asyncio.create_task(server.serve())
    await expect(page.locator("a.entry")).to_have_count(1, timeout=15_000)
    await expect(page.locator("#offline")).to_be_hidden()
    server.should_exit = True
    await running


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 700), (390, 844)])
@pytest.mark.parametrize("language", ["en", "hi"])
async def test_nothing_is_cut_off(
    scene: Scene, address: str, chrome: Browser, width: int, height: int, language: str
) -> None:
    await scene.officer("asha")
    await scene.waits(text="शब्द" * 200, name="अ" * 80)
    page = await sign_in(chrome, address, "asha", width, height)
    await page.locator("#language").select_option(language)
    await page.wait_for_selector(f'html[lang="{language}"]')
    await page.locator("a.entry").click()
    await page.locator("#claim-form button").click()
    await page.wait_for_selector("#reply-form")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in ("#reply-form button", "#resolve-form button", "#lines", "h1"):
        box = await page.locator(selector).evaluate("one => one.getBoundingClientRect().toJSON()")
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
