"""The grievance pages by HTTP: who sees what, what is escaped, and what is recorded."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from core.audit.models import Audit
from core.clock import FixedClock
from core.ids import new_id
from grievances import reference
from grievances.schemas import Outcome
from grievances.status import Move
from handoff.officers.schemas import Role
from tests.handoff.conftest import Browser, Scene, hidden
from tests.handoff.grievances.conftest import REASONS, Book

MUMBAI, CHENNAI = "dfo-mumbai", "dfo-chennai"


async def audited(scene: Scene, act: str) -> list[tuple[str, str, dict[str, str]]]:
    async with scene.db.reading() as session:
        rows = (await session.scalars(select(Audit).where(Audit.act == act).order_by(Audit.id))).all()
    return [(row.actor, row.subject, {k: v for k, v in (row.detail or {}).items() if k != "salt"}) for row in rows]


def shown(page: str) -> list[str]:
    """References in the list, in order."""
    return re.findall(r'class="entry-link"[^>]*>([\d-]+)<', page)


@pytest.mark.parametrize(
    ("role", "room", "sees"),
    [
        (Role.OFFICER, MUMBAI, {"mumbai"}),
        (Role.SUPERVISOR, CHENNAI, {"chennai"}),
        (Role.HUB, None, {"mumbai", "chennai"}),
        (Role.ADMIN, None, {"mumbai", "chennai"}),
        (Role.AUDITOR, None, {"mumbai", "chennai"}),
        (Role.OFFICER, None, set()),
    ],
)
async def test_each_sees_the_grievances_of_his_rooms(
    scene: Scene, book: Book, browser: Browser, role: Role, room: str | None, sees: set[str]
) -> None:
    filed = {"mumbai": await book.file(1), "chennai": await book.file(2, room=CHENNAI)}
    await scene.officer("asha", role, room)
    await browser.sign_in("asha")
    page = (await browser.get("/grievances")).text
    assert set(shown(page)) == {reference.shown(filed[name].reference) for name in sees}
    for name, view in filed.items():
        for path in ("", "/letters/acknowledgement.pdf"):
            assert (await browser.get(f"/grievances/{view.id}{path}")).status_code == (200 if name in sees else 404)
    assert ("belongs to no control room" in page) == (role is Role.OFFICER and room is None)


async def test_an_editor_sees_none(scene: Scene, book: Book, browser: Browser) -> None:
    view = await book.file(1)
    await scene.officer("asha", Role.EDITOR, MUMBAI)
    await browser.sign_in("asha")
    for path in ("/grievances", f"/grievances/{view.id}", "/grievances/export.csv"):
        assert (await browser.get(path)).status_code == 403


async def test_a_filter_never_widens_the_rooms(scene: Scene, book: Book, browser: Browser) -> None:
    await book.file(1, room=CHENNAI)
    await scene.officer("asha", Role.SUPERVISOR, MUMBAI)
    await browser.sign_in("asha")
    assert shown((await browser.get(f"/grievances?room={CHENNAI}&status=all")).text) == []
    assert "\r\n26-" not in (await browser.get(f"/grievances/export.csv?room={CHENNAI}")).text


async def test_filters_and_order(scene: Scene, book: Book, clock: FixedClock, browser: Browser) -> None:
    late = await book.file(1)
    clock.at += timedelta(days=4)
    credit = await book.file(2, category="credit")
    done = await book.file(3)
    await book.act(done, Move.CLOSE, text=REASONS, outcome=Outcome.REDRESSED)
    await scene.officer("asha", Role.HUB)
    await browser.sign_in("asha")
    refs = {name: reference.shown(view.reference) for name, view in (("l", late), ("c", credit), ("d", done))}

    async def found(query: str) -> str:
        page = await browser.get(f"/grievances?{query}")
        assert page.status_code == 200
        back = {number: name for name, number in refs.items()}
        return "".join(back[one] for one in shown(page.text))

    assert await found("") == "lc"
    assert await found("status=all") == "lcd"
    assert await found("status=closed") == "d"
    assert await found("overdue=yes") == "l"
    assert await found("overdue=no&status=all") == "cd"
    assert await found("category=credit") == "c"
    assert await found("state=MH&level=room") == "lc"
    assert await found("state=TN") == ""
    assert await found("level=hub") == ""
    assert await found("sort=filed&status=all") in ("dcl", "cdl")
    page = (await browser.get("/grievances")).text
    assert "Attend: overdue by 1 day" in page
    assert re.search(r'Overdue <span class="count">1<', page)
    for wrong in (
        "status=x",
        "overdue=maybe",
        "category=x",
        "state=ZZ",
        "room=x",
        "level=x",
        "sort=x",
        "q=x",
        "after=x",
    ):
        assert (await browser.get(f"/grievances?{wrong}")).status_code == 422


async def test_a_search_finds_by_blind_index_and_leaves_no_name_in_the_address(
    scene: Scene, book: Book, browser: Browser
) -> None:
    one = await book.file(1)
    await book.file(2, told={"enterprise_name": "Ganga Plastics", "udyam_number": "UDYAM-MH-01-0000002",
                             "complainant_name": "Salim Ansari", "against_name": "Demo Bank"})  # fmt: skip
    await scene.officer("asha", Role.HUB)
    await browser.sign_in("asha")
    number = reference.shown(one.reference)
    for query in (
        number,
        "lakshmi",
        "लक्ष्मी हैंडीक्राफ्ट्स",
        "UDYAM-MH-01-0000001",
        "Suryodaya",
        "meera devi",
        "+910000000001",
    ):
        answer = await browser.act("/grievances/search", query=query, status="all")
        location = answer.headers["location"]
        assert query not in location
        assert {"q", "status"} == set(parse_qs(urlsplit(location).query))
        page = (await browser.get(location.removeprefix("/desk"))).text
        assert shown(page) == [number], query
        assert f'value="{query}"' in page
    nothing = await browser.act("/grievances/search", query="handles", status="all")
    assert shown((await browser.get(nothing.headers["location"].removeprefix("/desk"))).text) == []


async def test_pages_follow_each_other_without_gaps(scene: Scene, book: Book, browser: Browser) -> None:
    filed = {reference.shown((await book.file(number % 7 + 1)).reference) for number in range(60)}
    await scene.officer("asha", Role.HUB)
    await browser.sign_in("asha")
    path, seen = "/grievances", list[str]()
    for _ in range(3):
        page = (await browser.get(path)).text
        seen += shown(page)
        following = re.search(r'rel="next" href="/desk([^"]+)"', page)
        if following is None:
            break
        path = following.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == filed
    assert "Back to the first page" in page


async def test_a_page_shows_everything_and_runs_nothing(
    scene: Scene, book: Book, clock: FixedClock, browser: Browser
) -> None:
    one = await book.file(1, told={"enterprise_name": "<i>Lakshmi</i>"})
    file = await book.attach(one)
    await book.act(one, Move.NOTE, text="<script>note</script>")
    await scene.officer("asha", Role.OFFICER, MUMBAI)
    clock.at += timedelta(hours=1)
    await browser.sign_in("asha")
    page = (await browser.get(f"/grievances/{one.id}")).text
    for part in (
        reference.shown(one.reference), "&lt;b&gt;खरीदार", "&lt;i&gt;Lakshmi&lt;/i&gt;", "&lt;script&gt;note",
        "₹ 1,25,000", "14 Mar 2026", "Buyer: Suryodaya Retail", "•••• 0001", "Attend: 3 days left",
        "Nearest room of its State", "Only officers read this", "5 Nov 2026, 18:00", "12 Nov 2026, 18:00",
        "23 Nov 2026, 18:00", '10 Nov 2026: <span lang="en">Diwali', "Counted from 2 Nov 2026",
        f"/desk/grievances/{one.id}/files/{file}", "never handed to the officers", "Not registered elsewhere",
    ):  # fmt: skip
        assert part in page, part
    assert "<script>note" not in page
    assert "+91000" not in page
    opened = await browser.get(f"/grievances/{one.id}/files/{file}")
    assert opened.status_code == 303
    assert (await browser.get(opened.headers["location"].removeprefix("/desk"))).content == b"%PDF-1.4 invented"
    assert (await browser.get(f"/grievances/{one.id}/files/{new_id()}")).status_code == 404
    assert [subject for _actor, subject, _detail in await audited(scene, "grievance.open")] == [one.id]
    assert [detail for *_rest, detail in await audited(scene, "file.open")] == [{"file": file}]


async def test_letters_are_recorded(scene: Scene, book: Book, browser: Browser) -> None:
    one = await book.file(1)
    officer = await scene.officer("asha", Role.OFFICER, MUMBAI)
    await browser.sign_in("asha")
    path = f"/grievances/{one.id}/letters"
    letter = await browser.get(f"{path}/acknowledgement.pdf?language=hi")
    assert letter.headers["content-type"] == "application/pdf"
    assert letter.content.startswith(b"%PDF")
    assert reference.shown(one.reference) in letter.headers["content-disposition"]
    assert (await browser.get(f"{path}/closing.pdf")).status_code == 409
    assert (await browser.get(f"{path}/closing.pdf?language=xx")).status_code == 422
    assert (await browser.get(f"{path}/invoice.pdf")).status_code == 422
    assert "closing.pdf" not in (await browser.get(f"/grievances/{one.id}")).text
    await book.act(one, Move.CLOSE, text=REASONS, outcome=Outcome.REDRESSED)
    assert "closing.pdf?language=hi" in (await browser.get(f"/grievances/{one.id}")).text
    assert (await browser.get(f"{path}/closing.pdf")).content.startswith(b"%PDF")
    assert (await audited(scene, "grievance.letter"))[0] == (
        officer.id,
        one.id,
        {"letter": "acknowledgement", "language": "hi"},
    )


async def test_the_conversation_shows_the_contacts_grievances(scene: Scene, book: Book, browser: Browser) -> None:
    mine, theirs = await book.file(1), await book.file(1, room=CHENNAI)
    asked = await scene.waits(1, room=MUMBAI)
    await scene.officer("asha", Role.OFFICER, MUMBAI)
    await browser.sign_in("asha")
    page = (await browser.get(f"/c/{asked.conversation_id}")).text
    assert reference.shown(mine.reference) in page
    assert reference.shown(theirs.reference) not in page
    assert f'href="/desk/c/{asked.conversation_id}"' in (await browser.get(f"/grievances/{mine.id}")).text


async def test_the_language_changes_where_one_is(scene: Scene, book: Book, browser: Browser) -> None:
    one = await book.file(1)
    await scene.officer("asha", Role.HUB)
    await browser.sign_in("asha")
    for page in ("grievances", f"grievances/{one.id}"):
        text = (await browser.get(f"/{page}")).text
        assert hidden(text, "page") == page
        answer = await browser.act("/language", language="hi", page=page)
        assert answer.headers["location"] == f"/desk/{page}"
        assert 'lang="hi"' in (await browser.get(f"/{page}")).text
    for away in ("https://evil.test/grievances", "grievances/../../x", "//evil.test"):
        answer = await browser.act("/language", language="en", page=away[:40])
        assert answer.headers["location"] == "/desk/"


@pytest.mark.parametrize("language", ["hi", "hi-Latn"])
async def test_every_page_has_every_sentence_in_every_language(
    scene: Scene, book: Book, clock: FixedClock, browser: Browser, language: str
) -> None:
    one = await book.file(1, vector=(0.5, 0.5))
    other = await book.file(1, vector=(0.5, 0.5))
    await scene.officer("asha", Role.HUB)
    await browser.sign_in("asha")
    await browser.act("/language", language=language)
    await book.act(one, Move.INTERIM, text="more time", until=(clock.at + timedelta(days=9)).date())
    await book.act(one, Move.TRANSFER, text="there", to_room=CHENNAI)
    await book.act(one, Move.ESCALATE, text="urgent")
    page = (await browser.get(f"/grievances/{one.id}")).text
    assert reference.shown(other.reference) in page
    assert (await browser.get("/grievances?status=all")).status_code == 200
    await book.act(one, Move.CLOSE, text=REASONS, outcome=Outcome.NOT_ADMISSIBLE)
    assert (await browser.get(f"/grievances/{one.id}?done=close")).status_code == 200
