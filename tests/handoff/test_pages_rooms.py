"""Rooms at the desk by HTTP: every route as every role in every room, why a conversation is here, moving it, load."""

import pytest

from core.ids import new_id
from handoff.officers.schemas import Role
from tests.handoff.conftest import Browser, Scene
from tests.handoff.test_pages import EVIL, READS, filled

ROOMS = {"none": None, "own": "dfo-kanpur", "other": "dfo-patna"}
ANSWERING = {Role.OFFICER, Role.SUPERVISOR, Role.HUB, Role.ADMIN}
EVERYWHERE = {Role.HUB, Role.ADMIN, Role.AUDITOR}


@pytest.mark.parametrize("where", ROOMS)
@pytest.mark.parametrize("role", Role)
async def test_every_route_as_every_role_in_every_room(
    scene: Scene, browser: Browser, other: Browser, role: Role, where: str
) -> None:
    """A conversation of Kanpur, which an officer there has claimed; and one that waits there."""
    await scene.officer("owner", room="dfo-kanpur")
    await scene.officer("asha", role, ROOMS[where])
    claimed = await scene.waits(1, room="dfo-kanpur", name="Claimed Contact")
    waiting = await scene.waits(2, room="dfo-kanpur", name="Waiting Contact")
    await other.sign_in("owner")
    await other.act(f"/handovers/{claimed.id}/claim")
    await browser.sign_in("asha")
    browser.csrf = (await scene.officers.authenticate(browser.cookies["sahayak_desk"])).csrf
    sees = role in EVERYWHERE or (where == "own" and role is not Role.EDITOR)
    reads = {200} if sees else {403, 404}
    for path in READS:
        if path == "/live" or path.startswith("/grievances") or "files" in path:
            continue
        for asked in (claimed, waiting):
            answer = await browser.get(filled(path, asked.conversation_id, asked.id))
            if "{" in path:
                assert answer.status_code in reads, path
            if not sees:
                assert asked.id not in answer.text, path
                assert "Contact" not in answer.text, path
    if sees:
        assert waiting.id in (await browser.get("/lists")).text
    fields = {"key": new_id(), "text": "x", "disposition": "answered", "target": "room:hub", "reason": "why not"}
    for act in ("reply", "give-back", "transfer", "resolve"):
        answer = await browser.act(f"/handovers/{claimed.id}/{act}", **fields)
        assert answer.status_code in ({409, 404} if role in ANSWERING else {403}), act
    before = await scene.lines(claimed.conversation_id)
    assert [author for author, _ in before] == ["contact", "system"]
    answer = await browser.act(f"/handovers/{waiting.id}/claim")
    may_claim = sees and role in ANSWERING
    assert answer.status_code == (303 if may_claim else 403 if role not in ANSWERING else 404)


async def test_a_conversation_shows_its_way_and_can_be_moved(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha", room="dfo-kanpur")
    asked = await scene.waits(1, room="dfo-kanpur")
    await browser.sign_in("asha")
    lists = (await browser.get("/lists")).text
    assert "MSME-DI Kanpur" in lists
    assert "No. 1" in lists
    await browser.act(f"/handovers/{asked.id}/claim")
    page = (await browser.get(f"/c/{asked.conversation_id}")).text
    assert "The only room of its State." in page
    assert "transfer-form" in page
    assert 'value="room:dfo-kanpur"' not in page
    wrong = await browser.act(f"/handovers/{asked.id}/transfer", target="room:dfo-kanpur", reason="why not")
    assert (wrong.status_code, "Choose an officer who is on duty" in wrong.text) == (422, True)
    moved = await browser.act(f"/handovers/{asked.id}/transfer", target="room:hub", reason=EVIL)
    assert moved.headers["location"] == "/desk/"
    assert (await browser.get(f"/c/{asked.conversation_id}")).status_code == 404


async def test_the_next_officer_reads_why_it_was_moved(scene: Scene, browser: Browser, other: Browser) -> None:
    await scene.officer("asha", room="dfo-kanpur")
    await scene.officer("ravi", room="dfo-patna")
    asked = await scene.waits(1, room="dfo-kanpur")
    await browser.sign_in("asha")
    await browser.act(f"/handovers/{asked.id}/claim")
    await browser.act(f"/handovers/{asked.id}/transfer", target="room:dfo-patna", reason=EVIL)
    await other.sign_in("ravi")
    page = (await other.get(f"/c/{asked.conversation_id}")).text
    assert "Asha Verma moved it: &lt;script&gt;" in page
    assert "<script>alert" not in page


async def test_too_many_conversations_are_refused_with_words(scene: Scene, browser: Browser) -> None:
    await scene.officer("asha")
    await browser.sign_in("asha")
    asked = [await scene.waits(number) for number in range(7)]
    answers = [(await browser.act(f"/handovers/{one.id}/claim", conversation="")) for one in asked]
    assert [answer.status_code for answer in answers] == [303] * 6 + [409]
    assert "may not have more conversations" in answers[-1].text
