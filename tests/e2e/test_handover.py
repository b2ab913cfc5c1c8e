"""From the assistant to an officer and back: the try-it page and the officers' desk in one browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import Phone
from tools.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]
_PATIENCE = 30_000


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


def _page(browser: Browser, width: int = 1366, height: int = 768) -> Page:
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(_PATIENCE)
    return page


def _shot(page: Page, name: str) -> None:
    """Keep a picture where SCREENSHOTS says, for the README and for a look."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def _accessible(page: Page) -> None:
    """No violation of the rules that axe can check (WCAG 2.1 A and AA among them)."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def _write(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def test_nobody_is_handed_over_without_consent(phone: Phone) -> None:
    phone.say("I want to talk to an officer")
    question = phone.hears_text("To connect you to an officer")
    phone.press(question, "No")
    phone.hears_text("will not keep")
    assert not [message["body"] for message in phone.messages() if "passed your conversation" in message["body"]]
    phone.say("I want to talk to an officer")
    phone.press(phone.hears_text("To connect you to an officer"), "I agree")
    phone.hears_text("passed your conversation to the officers")


def test_a_strangers_first_conversation_ends_with_an_officer(stack: Stack, browser: Browser) -> None:
    phone = _page(browser, 1280, 860)
    phone.goto(f"{stack.url('simulators')}/?lang=en#101")
    expect(phone.locator("body")).to_have_attribute("data-live", "yes")
    theirs = phone.locator(".bubble.theirs")
    _write(phone, "मेरा खरीदार 3 महीने से पैसे नहीं दे रहा")
    expect(theirs.filter(has_text="45 दिन")).to_contain_text("स्रोत", timeout=_PATIENCE)
    _shot(phone, "try-it-hindi")
    _accessible(phone)
    phone.get_by_role("button", name="मैं सहमत हूँ").click()
    expect(theirs.last).to_contain_text("धन्यवाद", timeout=_PATIENCE)
    _write(phone, "what is the subsidy for drone pilots in Goa")
    expect(theirs.last).to_contain_text("officer", timeout=_PATIENCE)
    _shot(phone, "try-it-refusal")

    desk = _page(browser)
    desk.goto(f"{stack.url('gateway')}/desk/sign-in")
    _accessible(desk)
    desk.get_by_label("Login").fill(stack.env().get("DESK_DEMO_LOGIN", "officer"))
    desk.get_by_label("Password").fill(stack.secrets["DESK_DEMO_PASSWORD"])
    desk.get_by_role("button", name="Sign in").click()
    desk.wait_for_selector("#lists")
    before = desk.locator("a.entry").count()

    _write(phone, "I want to talk to an officer")
    expect(theirs.last).to_contain_text("officers", timeout=_PATIENCE)
    expect(desk.locator("a.entry")).to_have_count(before + 1, timeout=_PATIENCE)
    desk.locator("a.entry").last.click()
    expect(desk.locator("#lines")).to_contain_text("मेरा खरीदार 3 महीने से पैसे नहीं दे रहा")
    _shot(desk, "desk-waiting")
    desk.get_by_role("button", name="Claim").click()
    desk.get_by_label("Your reply").fill("Namaste, I am looking at your case.")
    desk.get_by_role("button", name="Send").click()
    expect(theirs.last).to_contain_text("I am looking at your case", timeout=_PATIENCE)

    said = theirs.count()
    _write(phone, "<b>thank you</b>")
    expect(desk.locator(".by-contact").last).to_contain_text("<b>thank you</b>")
    phone.wait_for_timeout(2500)
    assert theirs.count() == said, "the bot spoke while an officer had the conversation"
    _shot(desk, "desk-conversation")
    _accessible(desk)
    _shot(phone, "try-it-officer")

    desk.get_by_label("Outcome").select_option("answered")
    desk.get_by_role("button", name="Resolve").click()
    expect(desk.locator(".status")).to_contain_text("Closed")
    _write(phone, "udyam registration kaise kare")
    expect(theirs.filter(has_text="udyamregistration.gov.in").last).to_be_visible(timeout=_PATIENCE)
    _shot(phone, "try-it-hinglish")
