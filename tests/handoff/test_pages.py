"""The desk's pages by HTTP: sign-in, forged and double forms, other people's conversations, escaping, headers."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI

from core.clock import FixedClock
from core.events import DeliveryState
from core.ids import new_id
from core.media import service as media
from core.media.service import MediaStore
from core.outbox import service as outbox
from handoff.officers.schemas import Role
from tests.handoff.conftest import PASSWORD, Browser, Scene, hidden

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>{{7*7}}"


GRIEVANCE = "01K00000000000000000000001"
READS = [
    "/grievances",
    "/grievances/export.csv",
    f"/grievances/{GRIEVANCE}",
    f"/grievances/{GRIEVANCE}/letters/acknowledgement.pdf",
    f"/grievances/{GRIEVANCE}/files/x",
    "/files/x",
    "/c/{conversation}/files/1/0",
    "/",
    "/c/{conversation}",
    "/c/{conversation}/lines",
    "/c/{conversation}/acts",
    "/lists",
    "/attention",
    "/live",
]
WRITES = [
    "/grievances/search",
    f"/grievances/{GRIEVANCE}/acts/attend",
    "/handovers/{handover}/claim",
    "/handovers/{handover}/reply",
    "/handovers/{handover}/give-back",
    "/handovers/{handover}/transfer",
    "/handovers/{handover}/resolve",
    "/attention/x/seen",
    "/language",
    "/sign-out",
]


def filled(path: str, conversation: str, handover: str) -> str:
    return path.format(conversation=conversation, handover=handover)


def test_every_route_is_in_one_of_the_two_lists(site: FastAPI) -> None:
    desk = next(route.app for route in site.routes if getattr(route, "path", "") == "/desk")  # type: ignore[attr-defined]
    found = {
        (method, shape(path))
        for path, method in _routes(desk)
        if not path.startswith("/static/") and path != "/sign-in"
    }
    assert found == {("GET", path) for path in READS} | {("POST", path) for path in WRITES}


def shape(path: str) -> str:
    plain = re.sub(r"{(\w+?)(_id)?}", r"{\1}", path)
    for name, value in {"grievance": GRIEVANCE, "form": "csv", "kind": "acknowledgement", "move": "attend"}.items():
        plain = plain.replace(f"{{{name}}}", value)
    return re.sub("{(outbound|media)}", "x", plain).replace("{message}/{position}", "1/0")


def _routes(app: FastAPI) -> list[tuple[str, str]]:
    schema = FastAPI(routes=app.routes).openapi()
    return [(path, method.upper()) for path, methods in schema["paths"].items() for method in methods]


@pytest.mark.parametrize("path", READS + WRITES)
async def test_every_route_needs_a_sign_in(scene: Scene, browser: Browser, path: str) -> None:
    asked = await scene.waits()
    path = filled(path, asked.conversation_id, asked.id)
    fields = {"key": new_id(), "text": "x", "disposition": "answered", "language": "hi"}
    for partial in (False, True):
        headers = {"HX-Request": "true"} if partial else {}
        if path in WRITES or "handovers" in path:
            answer = await browser.post(path, data=fields, headers=headers)
        else:
            answer = await browser.get(path, headers=headers)
        assert answer.status_code in {303, 401}
        assert "/desk/sign-in" in answer.headers.get("location", answer.headers.get("hx-redirect", "/desk/sign-in"))
        assert "Meera" not in answer.text
    assert await scene.lines(asked.conversation_id) == [("contact", "मेरा खरीदार पैसे नहीं दे रहा")]


@pytest.mark.parametrize("path", WRITES)
async def test_a_form_without_its_token_changes_nothing(scene: Scene, browser: Browser, path: str) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    await browser.sign_in("asha")
    for csrf in ("", "x" * 43, "é"):
        fields = {"csrf": csrf, "key": new_id(), "text": "x", "disposition": "answered", "language": "hi"}
        answer = await browser.post(filled(path, asked.conversation_id, asked.id), data=fields)
        assert answer.status_code == 403
    assert len(await scene.lines(asked.conversation_id)) == 1
    assert (await browser.get("/")).status_code == 200


async def test_the_whole_way(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    await browser.sign_in("asha")
    front = (await browser.get("/")).text
    assert "M••" in front
    assert "Meera" not in front
    page = f"/c/{asked.conversation_id}"
    assert (await browser.act(f"/handovers/{asked.id}/claim")).headers["location"] == f"/desk{page}"
    text = (await browser.get(page)).text
    assert "Meera Devi" in text
    assert "•••• 0001" in text
    assert "+910000000001" not in text
    await browser.act(f"/handovers/{asked.id}/reply", key=hidden(text, "key"), text="नमस्ते")
    assert "नमस्ते" in (await browser.get(page)).text
    assert (await browser.act(f"/handovers/{asked.id}/resolve", disposition="referred")).status_code == 303
    assert "reply-form" not in (await browser.get(page)).text
    assert scene.woken == [asked.conversation_id] * 3


async def test_a_double_submit_posts_once(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    await browser.sign_in("asha")
    await browser.act(f"/handovers/{asked.id}/claim")
    key = hidden((await browser.get(f"/c/{asked.conversation_id}")).text, "key")
    answers = await asyncio.gather(
        *(browser.act(f"/handovers/{asked.id}/reply", key=key, text="once") for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {303}
    assert [text for author, text in await scene.lines(asked.conversation_id) if author == "officer"] == ["once"]


async def test_two_officers_claim_at_once_and_one_is_told(scene: Scene, browser: Browser, other: Browser) -> None:
    await scene.officer("asha")
    await scene.officer("ravi")
    asked = await scene.waits()
    await browser.sign_in("asha")
    await other.sign_in("ravi")
    both = [one.act(f"/handovers/{asked.id}/claim", conversation=asked.conversation_id) for one in (browser, other)]
    answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert "Somebody else has taken this conversation" in late.text
    assert "has this conversation" in late.text


async def test_another_officers_conversation_cannot_be_answered(scene: Scene, browser: Browser, other: Browser) -> None:
    await scene.officer("asha")
    await scene.officer("ravi")
    asked = await scene.waits()
    await browser.sign_in("asha")
    await other.sign_in("ravi")
    await browser.act(f"/handovers/{asked.id}/claim")
    fields = {"key": new_id(), "text": "x", "disposition": "answered"}
    for act in ("reply", "give-back", "resolve"):
        answer = await other.act(f"/handovers/{asked.id}/{act}", **fields)
        assert answer.status_code == 409
        assert "is not yours now" in answer.text
    partial = await other.post(
        f"/handovers/{asked.id}/reply", data={"csrf": other.csrf, **fields}, headers={"HX-Request": "true"}
    )
    assert (partial.status_code, partial.headers["hx-retarget"]) == (409, "#notice")
    assert len(await scene.lines(asked.conversation_id)) == 2


async def test_another_rooms_conversation_is_not_there(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha", room="dfo-patna")
    asked = await scene.waits(room="dfo-kanpur")
    failed = await scene.bot_says(asked.conversation_id, "kanpur only")
    async with scene.db.transaction() as session:
        await outbox.begin_sending(session, failed, "x", scene.clock.now())
        await outbox.settle(session, failed, DeliveryState.FAILED, scene.clock.now())
    await browser.sign_in("asha")
    for path in (one for one in READS[:-1] if not one.startswith("/grievances")):
        answer = await browser.get(filled(path, asked.conversation_id, asked.id))
        assert answer.status_code == (404 if "{" in path else 422 if "files" in path else 200)
        assert "kanpur only" not in answer.text
        assert asked.id not in answer.text
    assert (await browser.act(f"/handovers/{asked.id}/claim")).status_code == 404
    assert (await browser.act(f"/attention/{failed}/seen")).status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "claims"),
    [
        (Role.OFFICER, 200, 303),
        (Role.SUPERVISOR, 200, 303),
        (Role.HUB, 200, 303),
        (Role.ADMIN, 200, 303),
        (Role.AUDITOR, 200, 403),
        (Role.EDITOR, 403, 403),
    ],
)
async def test_roles(scene: Scene, browser: Browser, role: Role, reads: int, claims: int) -> None:
    await scene.officer("asha", role)
    asked = await scene.waits()
    answer = await browser.sign_in("asha")
    assert answer.status_code == 303
    page = await browser.get(f"/c/{asked.conversation_id}")
    assert page.status_code == reads
    assert ("claim-form" in page.text) == (claims == 303)
    token = browser.cookies["sahayak_desk"]
    browser.csrf = (await scene.officers.authenticate(token)).csrf
    assert (await browser.act(f"/handovers/{asked.id}/claim")).status_code == claims


async def test_nothing_that_anyone_writes_is_interpreted(scene: Scene, browser: Browser) -> None:
    await scene.officers.create(login="evil", name=EVIL, role=Role.OFFICER, password=PASSWORD, room="hub")
    asked = await scene.waits(text=EVIL, name=EVIL)
    failed = await scene.bot_says(asked.conversation_id, EVIL)
    async with scene.db.transaction() as session:
        await outbox.begin_sending(session, failed, "x", scene.clock.now())
        await outbox.settle(session, failed, DeliveryState.FAILED, scene.clock.now(), error_code="<i>")
    await browser.sign_in("evil")
    await browser.act(f"/handovers/{asked.id}/claim")
    await browser.act(f"/handovers/{asked.id}/reply", key=new_id(), text=EVIL)
    for path in (one for one in READS[:-1] if not one.startswith("/grievances")):
        text = (await browser.get(filled(path, asked.conversation_id, asked.id))).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<i>" not in text
        assert ">49<" not in text
    assert "&lt;script&gt;alert(" in (await browser.get(f"/c/{asked.conversation_id}")).text


async def test_lines_after_a_number_and_their_ticks(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    sent = await scene.bot_says(asked.conversation_id, "first")
    await browser.sign_in("asha")
    page = (await browser.get(f"/c/{asked.conversation_id}")).text
    last = re.findall(r'data-line="(\d+)"', page)[-1]
    await scene.says(1, "और एक बात")
    async with scene.db.transaction() as session:
        await outbox.begin_sending(session, sent, "x", scene.clock.now())
        await outbox.settle(session, sent, DeliveryState.READ, scene.clock.now())
    part = (await browser.get(f"/c/{asked.conversation_id}/lines?after={last}")).text
    assert part.count("<article") == 1
    assert "और एक बात" in part
    assert f'id="tick-{last}" hx-swap-oob="true"' in part
    assert "tick-read" in part


async def test_a_long_transcript_shows_its_end_first(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    for number in range(110):
        await scene.bot_says(asked.conversation_id, f"line number {number}.")
    await browser.sign_in("asha")
    page = f"/c/{asked.conversation_id}"
    short, whole = (await browser.get(page)).text, (await browser.get(page + "?everything=true")).text
    assert "line number 0." not in short
    assert "line number 109." in short
    assert whole.count("<article") == 111


@pytest.mark.parametrize("text", ["", "   ", "x" * 1501])
async def test_a_reply_that_cannot_be_sent_says_why(scene: Scene, browser: Browser, text: str) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    await browser.sign_in("asha")
    await browser.act(f"/handovers/{asked.id}/claim")
    answer = await browser.act(f"/handovers/{asked.id}/reply", key=new_id(), text=text)
    assert answer.status_code == 422
    assert "1500" in answer.text


async def test_forms_that_make_no_sense(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    asked = await scene.waits()
    await browser.sign_in("asha")
    await browser.act(f"/handovers/{asked.id}/claim")
    assert (await browser.act(f"/handovers/{asked.id}/reply", key="../../etc", text="x")).status_code == 422
    assert (await browser.act(f"/handovers/{asked.id}/reply", text="x")).status_code == 422
    assert (await browser.act(f"/handovers/{asked.id}/resolve", disposition="x")).status_code == 422
    assert (await browser.act("/language", language="fr")).status_code == 422
    assert (await browser.get("/c/nothing")).status_code == 404
    assert (await browser.get("/nowhere")).status_code == 404
    big = await browser.post("/sign-in", content=b"x" * 70_000)
    assert big.status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"login=x"

    assert (await browser.post("/sign-in", content=endless())).status_code == 411


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nowhere"])
async def test_every_answer_is_guarded(scene: Scene, browser: Browser, path: str) -> None:
    await scene.officer("asha")
    await browser.sign_in("asha")
    answer = await browser.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|https?://", answer.text)


async def test_pages_are_small_and_their_files_are_ours(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    await scene.waits()
    await browser.sign_in("asha")
    page = (await browser.get("/")).text
    files = set(re.findall(r'(?:src|href)="/desk(/static/[^"]+)"', page))
    answers = [await browser.get(path) for path in files]
    assert {answer.status_code for answer in answers} == {200}
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)
    assert len(page) + sum(len(answer.content) for answer in answers) < 150_000
    assert (await browser.get("/static/0/desk.css")).status_code == 404


async def test_the_desk_speaks_the_officers_language(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    await browser.sign_in("asha")
    await browser.act("/language", language="hi")
    page = (await browser.get("/")).text
    assert '<html lang="hi">' in page
    assert "प्रतीक्षा में" in page
    assert '<html lang="hi">' in (await browser.get("/c/nothing")).text


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
)


async def test_a_contacts_file_is_shown_to_the_officer_for_a_while(
    scene: Scene, browser: Browser, other: Browser, store: MediaStore, clock: FixedClock
) -> None:
    await scene.officer("asha", room="dfo-kanpur")
    await scene.officer("ravi", room="dfo-kanpur")
    asked = await scene.waits(room="dfo-kanpur")
    line = await scene.sends_file(asked.conversation_id, "image/png")
    await browser.sign_in("asha")
    await other.sign_in("ravi")
    path = f"/c/{asked.conversation_id}/files/{line}/0"
    assert f'href="/desk{path}"' in (await browser.get(f"/c/{asked.conversation_id}")).text
    assert (await browser.get(path)).status_code == 404
    async with scene.db.transaction() as session:
        await media.keep(
            session, store, message_id=line, position=0, declared_type="image/png", content=PNG, now=clock.now()
        )
    link = (await browser.get(path)).headers["location"].removeprefix("/desk")
    shown = await browser.get(link)
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, PNG, "image/png")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert (await other.get(link)).status_code == 403
    assert (await browser.get(path.replace(f"/{line}/", f"/{line - 1}/"))).status_code == 404
    clock.at += timedelta(minutes=6)
    assert (await browser.get(link)).status_code == 403
