"""The try-it page in a real browser, with a gateway that echoes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.simulators.conftest import BUSINESS, Gateway, Running

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
XSS = '<img src=x onerror="document.title=1"><script>document.title=1</script> & *stars* https://champions.gov.in/x?a=1&b=2.'
QUICK = {
    "twilio/quick-reply": {
        "body": "क्या आप किसी अधिकारी से बात करना चाहेंगे?",
        "actions": [{"title": "हाँ", "id": "/affirm"}, {"title": "नहीं", "id": "/deny"}],
    }
}
LIST = {
    "twilio/list-picker": {
        "body": "Which scheme?",
        "button": "Schemes",
        "items": [
            {"item": "PMEGP", "id": "/s1", "description": "Subsidy for a new unit"},
            {"item": "CGTMSE", "id": "/s2", "description": "Loans without collateral"},
        ],
    }
}


class Echo:
    """Answers what comes in: buttons to ``buttons``, a list to ``list``, else the same words."""

    def __init__(self, simulator: Running) -> None:
        self._simulator = simulator
        self._made: dict[str, str] = {}

    def __call__(self, form: dict[str, str]) -> None:
        client = self._simulator.twilio()
        to, body = form["From"], form["Body"]
        offered = {"buttons": QUICK, "list": LIST}.get(body)
        if offered:
            if body not in self._made:
                document = {"language": "hi", "types": offered}
                self._made[body] = self._simulator.api.post("/v1/Content", json=document).json()["sid"]
            client.messages.create(to=to, from_=BUSINESS, content_sid=self._made[body])
            return
        said = form.get("ButtonPayload") or form.get("Label") or form.get("MediaContentType0") or body
        client.messages.create(to=to, from_=BUSINESS, body=f"echo: {said}")


@pytest.fixture
def page(simulator: Running, gateway: Gateway) -> Iterator[Page]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing")
        pytest.skip("Chromium is missing")
    gateway.on_inbound = Echo(simulator)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-IN")
        faults: list[str] = []
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{simulator.url}/?lang=en#101")
        expect(page.locator("body")).to_have_attribute("data-live", "yes")
        yield page
        browser.close()
        assert faults == []


def write(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def theirs(page: Page) -> Any:
    return page.locator(".bubble.theirs")


def test_a_conversation(page: Page, gateway: Gateway) -> None:
    expect(page.get_by_text("This is a simulator.")).to_be_visible()
    write(page, "मेरा खरीदार पैसे नहीं दे रहा")
    expect(page.locator(".bubble.mine").first).to_contain_text("मेरा खरीदार पैसे नहीं दे रहा")
    expect(theirs(page).first).to_contain_text("echo: मेरा खरीदार पैसे नहीं दे रहा")
    expect(page.get_by_role("img", name="read", exact=True)).to_be_visible()
    expect(page.locator("#steps")).to_contain_text("Receipt “read” → Sahayak")

    write(page, XSS)
    expect(theirs(page).nth(1).locator(".text")).to_have_text(f"echo: {XSS}")
    assert page.title() == "Try Sahayak"
    assert page.locator(".bubble img, .bubble script").count() == 0
    link = theirs(page).nth(1).get_by_role("link")
    expect(link).to_have_attribute("href", "https://champions.gov.in/x?a=1&b=2")
    expect(link).to_have_attribute("rel", "noopener noreferrer")

    write(page, "buttons")
    page.get_by_role("button", name="हाँ").click()
    expect(theirs(page).last).to_contain_text("echo: /affirm")
    tapped = gateway.inbound()[-1]
    assert (tapped["ButtonPayload"], tapped["ButtonText"], tapped["Body"]) == ("/affirm", "हाँ", "हाँ")

    write(page, "list")
    page.get_by_role("button", name="Schemes").click()
    page.get_by_role("dialog").get_by_role("button", name="CGTMSE").click()
    expect(theirs(page).last).to_contain_text("echo: /s2")


def test_places_pictures_examples_and_contacts(page: Page, gateway: Gateway) -> None:
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("button", name="Kanpur").click()
    expect(theirs(page).last).to_contain_text("echo: Kanpur")
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("button", name="Sample bill").click()
    expect(page.get_by_role("img", name="sample-bill.png")).to_be_visible()
    expect(theirs(page).last).to_contain_text("echo: image/png")
    page.locator("#file").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"})
    expect(page.get_by_role("link", name="a.pdf")).to_be_visible()
    page.get_by_role("button", name="Hinglish").click()
    page.get_by_role("button", name="Mera buyer 3 mahine").click()
    expect(theirs(page).last).to_contain_text("echo: Mera buyer 3 mahine se paise nahi de raha")

    page.get_by_role("button", name="Lakshmi Nair").click()
    expect(page.locator(".bubble")).to_have_count(0)
    write(page, "hello")
    expect(theirs(page).last).to_contain_text("echo: hello")
    assert gateway.inbound()[-1]["From"].endswith("103")
    page.reload()
    expect(theirs(page).last).to_contain_text("echo: hello")


def test_answers_for_others_are_counted(page: Page, simulator: Running) -> None:
    simulator.write("hello", sender="+910000000102")
    expect(page.get_by_role("button", name="Imran Ansari").locator(".unread")).to_have_text("1 new")


def test_hindi_on_a_narrow_screen_by_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.get_by_role("link", name="हिन्दी").click()
    expect(page.locator("html")).to_have_attribute("lang", "hi")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("संदेश", exact=True).focus()
    page.keyboard.type("नमस्ते")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("दूसरी पंक्ति")
    page.keyboard.press("Enter")
    expect(theirs(page).last).to_contain_text("echo: नमस्ते\nदूसरी पंक्ति")
    page.get_by_role("combobox", name="किसके नाम से लिखें").select_option("106")
    expect(page.locator(".bubble")).to_have_count(0)
    page.get_by_role("button", name="साथ भेजें").press("Enter")
    page.keyboard.press("Enter")
    expect(theirs(page).last).to_contain_text("echo: Bikaner")
