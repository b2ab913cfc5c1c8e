"""An officer's day with grievances in a real browser, down to the messages that the contact gets and the letters."""

import asyncio
import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pydantic import SecretStr

from core.clock import SystemClock
from core.conversations import service as conversations
from core.db import Database
from core.events import AddressRef
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings
from grievances import reference, service
from grievances.schemas import GrievanceView, NewGrievance, Particulars, Place, Status
from handoff.officers.schemas import Role
from handoff.officers.service import Officers
from tests.conftest import missing
from tests.e2e.conftest import Phone
from tests.e2e.test_handover import _accessible, _shot
from tools.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(180)]
PASSWORD = "correct horse battery"
MUMBAI, CHENNAI = "dfo-mumbai", "dfo-chennai"
REASONS = "The buyer has paid the whole sum on 3 May; the receipt is with you."
_PATIENCE = 15_000


def elsewhere(work: Coroutine[Any, Any, Any]) -> Any:
    """Run beside the browser, which has a loop of its own in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def prepared(stack: Stack, number: str) -> list[GrievanceView]:
    """An officer who leads the room in Mumbai, and three grievances of the contact with this number."""
    env = stack.env()
    settings = CoreSettings(
        data_dir=stack.data_dir,
        encryption_keys=SecretStr(env["SAHAYAK_ENCRYPTION_KEYS"]),
        index_key=SecretStr(env["SAHAYAK_INDEX_KEY"]),
    )
    install(Keyring.from_settings(settings))
    db = Database(settings.database_url)
    try:
        await Officers(db, SystemClock()).create(
            login="nandini", name="Nandini Rao", role=Role.SUPERVISOR, room=MUMBAI, password=PASSWORD
        )
        now = datetime.now(UTC)
        views = []
        async with db.transaction() as session:
            talk = await conversations.find_or_open(
                session, AddressRef(kind="whatsapp", value=number), channel="whatsapp", profile_name="", now=now
            )
            for position in range(3):
                new = NewGrievance(
                    contact_id=talk.contact_id,
                    conversation_id=talk.id,
                    address_id=talk.address_id,
                    turn_id=f"desk-{number[-5:]}",
                    position=position,
                    channel="whatsapp",
                    language="en",
                    category=("delayed_payment", "delayed_payment", "testing")[position],
                    particulars=Particulars(
                        what_happened="The buyer took 200 brass handles and does not pay. <b>मदद</b>",
                        against="buyer",
                        against_name="Suryodaya Retail",
                        amount_rupees=125_000,
                        enterprise_name="Lakshmi Handicrafts",
                        complainant_name="Meera Devi",
                    ),
                    place=Place(pincode="400001", district="Mumbai", state="MH"),
                    room=MUMBAI,
                )
                views.append((await service.file(session, new, now=now)).view)
        return views
    finally:
        await db.close()


async def standing(stack: Stack, grievance_id: str) -> GrievanceView:
    db = Database(f"sqlite+aiosqlite:///{stack.data_dir / 'sahayak.db'}")
    try:
        async with db.reading() as session:
            return await service.get(session, grievance_id, rooms=None)
    finally:
        await db.close()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


def _signed_in(browser: Browser, desk: str) -> Page:
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(_PATIENCE)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{desk}/sign-in")
    page.get_by_label("Login").fill("nandini")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Grievances").click()
    page.wait_for_selector("h1:has-text('Grievances')")
    return page


def _do(page: Page, act: str, button: str, **fields: str) -> None:
    """Open an act's form, fill it in and send it, by its labels."""
    form = page.locator(f"#act-{act}")
    if form.evaluate("one => one.tagName === 'DETAILS' && !one.open"):
        form.locator("summary").press("Enter")
    for label, value in fields.items():
        field = form.get_by_label(label.replace("_", " "))
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.get_by_role("button", name=button).click()


def _text_of(pdf: bytes) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        missing("pdftotext is missing: install `poppler-utils`")
    done = subprocess.run([str(program), "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def test_an_officers_day(stack: Stack, browser: Browser, agreed: Phone) -> None:
    one, other, third = elsewhere(prepared(stack, agreed.number))
    number, second, last = (reference.shown(view.reference) for view in (one, other, third))
    desk = f"{stack.url('gateway')}/desk"
    page = _signed_in(browser, desk)
    for listed in (number, second, last):
        expect(page.get_by_role("link", name=listed)).to_be_visible()
    _accessible(page)

    page.get_by_role("link", name=number).click()
    expect(page.locator("h1")).to_contain_text(number)
    expect(page.locator(".story").first).to_contain_text("<b>मदद</b>")
    page.get_by_role("button", name="Attend now").click()
    expect(page.locator(".done")).to_contain_text("Attended")
    agreed.hears_text(number, "working on your grievance")
    _do(page, "reply", "Send reply", Reply_to_the_contact="We wrote to the buyer today.")
    expect(page.locator(".done")).to_have_text("Reply sent.")
    agreed.hears_text(number, "We wrote to the buyer today.")
    until = date.today() + timedelta(days=20)  # noqa: DTZ011 - a day far enough away in every zone
    _do(page, "interim", "Send interim reply", Why_it_takes_longer="The buyer asks for time.",
        Answer_expected_by=until.isoformat())  # fmt: skip
    agreed.hears_text(number, "needs more time", "The buyer asks for time.")
    _shot(page, "grievance")
    _accessible(page)

    _do(page, "close", "Close the grievance", Outcome="Redressed",
        Reasons="This does not pertain to this ministry.")  # fmt: skip
    expect(page.get_by_role("alert")).to_contain_text("Give reasons")
    expect(page.locator("#close-text")).to_have_value("This does not pertain to this ministry.")
    expect(page.locator("#close-text")).to_be_focused()
    _accessible(page)
    assert elsewhere(standing(stack, one.id)).status is Status.ATTENDED
    _do(page, "close", "Close the grievance", Outcome="Redressed", Reasons=REASONS)
    expect(page.locator(".done")).to_contain_text("Closed")
    agreed.hears_text(number, "has been closed", "redressed", REASONS)
    expect(page.locator("#act-reply")).to_have_count(0)

    _letters(page, number)
    _merged_and_moved(page, agreed, desk, (number, second, last))
    _taken_away(page, desk, {number, second})
    assert elsewhere(standing(stack, other.id)).merged_into == one.id
    assert elsewhere(standing(stack, third.id)).room == CHENNAI


def _letters(page: Page, number: str) -> None:
    """Both letters in both languages are there and can be read."""
    links = page.locator("section[aria-labelledby=letters-title] a")
    expect(links).to_have_count(4)
    for place in range(4):
        address = str(links.nth(place).get_attribute("href"))
        answer = page.request.get(re.sub(r"/desk/.*", "", page.url) + address)
        assert answer.headers["content-type"] == "application/pdf"
        said = _text_of(answer.body())
        assert number in said
        assert "Lakshmi Handicrafts" in said
        if "language=hi" in address:
            assert re.search(r"शिकायत", said)
        if "closing" in address:
            assert "The buyer has paid the whole sum" in said


def _merged_and_moved(page: Page, phone: Phone, desk: str, numbers: tuple[str, str, str]) -> None:
    number, second, last = numbers
    page.goto(f"{desk}/grievances")
    page.get_by_role("link", name=second).click()
    into = page.locator("#merge-into option").filter(has_text=number).get_attribute("value")
    _do(page, "merge", "Merge now", **{"Into_this_contact's_grievance": str(into)})
    expect(page.locator(".done")).to_contain_text("Merged")
    phone.hears_text(second, "same matter", number)
    page.goto(f"{desk}/grievances")
    page.get_by_role("link", name=last).click()
    room = page.locator("#transfer-to_room option").filter(has_text="Chennai").first.get_attribute("value")
    _do(page, "transfer", "Transfer now", To_the_control_room=str(room), Reasons="The buyer sits there.")
    expect(page.locator(".done")).to_contain_text("Transferred")
    expect(page.locator("h1")).to_have_text("Grievances")
    expect(page.get_by_role("link", name=last)).to_have_count(0)
    phone.hears_text(last, "is now with", "Chennai")


def _taken_away(page: Page, desk: str, numbers: set[str]) -> None:
    """The list of the room as CSV and JSON, without the grievance that went away."""
    page.goto(f"{desk}/grievances?status=all")
    with page.expect_download() as caught:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(caught.value.path().read_text("utf-8-sig"))))
    assert {row["reference"] for row in rows} == numbers
    assert {row["enterprise_name"] for row in rows} == {"Lakshmi Handicrafts"}
    told = json.loads(page.request.get(f"{desk}/grievances/export.json?status=all").body())
    assert {row["reference"] for row in told} == numbers
