"""A summary and a copy: what they tell, to whom, and for how long."""

import io
import json
import zipfile
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from channels.gateway import copies
from core.conversations import service as conversations
from core.errors import NotFound
from core.i18n import LANGUAGES
from core.media import service as media
from grievances.drafts import service as drafts
from grievances.drafts.schemas import Kind
from rights import service
from tests.rights.conftest import NUMBER, PDF, WORDS, World

OTHER = "+910000047222"


@pytest.fixture
async def web(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(copies.make_routes(world.db, world.clock, world.store))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://sahayak.example") as client:
        yield client


async def link_in(world: World, conversation_id: str) -> str:
    """The path of the newest link that was posted into a conversation."""
    async with world.db.reading() as session:
        lines = await conversations.transcript(session, conversation_id)
    told = [str((line.content or {}).get("text")) for line in lines if line.author == "bot"]
    url = [text.rpartition("\n")[2] for text in told if "/copy/" in text][-1]
    assert url.startswith(world.settings.public_url + "/copy/")
    return url.removeprefix(world.settings.public_url)


async def taken(web: httpx.AsyncClient, path: str) -> zipfile.ZipFile:
    answer = await web.post(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_copy_has_everything_that_the_contact_may_have(
    world: World, web: httpx.AsyncClient, language: str
) -> None:
    conversation_id = await world.everything()
    world.pass_time(days=1)
    assert await world.desk.export(conversation_id, "turn-2", language) == ""
    archive = await taken(web, await link_in(world, conversation_id))

    assert archive.testzip() is None
    told = json.loads(archive.read("data.json"))
    readable = archive.read("data.txt").decode("utf-8-sig")
    everything = json.dumps(told, ensure_ascii=False)
    for word in set(WORDS) - {"marker-note"}:
        assert word in everything, word
    assert "marker-note" not in everything + readable
    assert told["addresses"][0]["value"] == NUMBER
    assert {one["reference"] for one in told["grievances"]} == set(readable_references(readable))
    assert "marker-what-happened" in readable
    assert "marker-typed-by-officer" in readable
    assert "01HZZZZZZZZZZZZZZZZZZZZZZ1" not in everything
    files = [name for name in archive.namelist() if name.startswith("files/")]
    assert len(files) == 2
    assert all(archive.read(name) == PDF for name in files)


def readable_references(text: str) -> list[str]:
    return [word for line in text.splitlines() for word in line.split() if word.isdigit() and len(word) == 11]


async def test_a_look_changes_nothing_and_the_button_works_once(world: World, web: httpx.AsyncClient) -> None:
    conversation_id = await world.everything()
    path = await link_in(world, conversation_id)
    for _ in range(3):
        page = await web.get(path)
        assert page.status_code == 200
        assert "Fetch the file" in page.text
        assert NUMBER not in page.text
        assert page.headers["cache-control"] == "no-store"
    await taken(web, path)
    for again in (await web.post(path), await web.get(path)):
        assert again.status_code == 404
        assert "Fetch the file" not in again.text


async def test_every_bad_link_gets_the_same_answer(world: World, web: httpx.AsyncClient) -> None:
    conversation_id = await world.everything()
    path = await link_in(world, conversation_id)
    world.pass_time(hours=24)
    answers = [await web.request(how, where) for how in ("GET", "POST") for where in
               (path, path[:-1], "/copy/x", "/copy/" + "y" * 500, "/copy/%00%ff")]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert {"en", "hi", "hi-Latn"} == {one for one in LANGUAGES if f'lang="{one}"' in answers[0].text}


async def test_a_link_gives_the_data_of_its_own_contact_only(world: World, web: httpx.AsyncClient) -> None:
    await world.everything()
    other = await world.write("of the other", number=OTHER)
    await world.desk.export(other, "turn-9", "en")
    archive = await taken(web, await link_in(world, other))
    everything = archive.read("data.json") + archive.read("data.txt")
    assert b"of the other" in everything
    assert not [word for word in WORDS if word.encode() in everything]
    assert [name for name in archive.namelist() if name.startswith("files/")] == []


async def test_a_repeated_turn_gets_no_second_link_and_a_day_has_an_end(world: World) -> None:
    conversation_id = await world.write("hello")
    for _ in range(3):
        await world.desk.export(conversation_id, "turn-1", "en")
    assert await links(world, conversation_id) == 1
    for number in (2, 3):
        assert await world.desk.export(conversation_id, f"turn-{number}", "en") == ""
    assert "tomorrow" in await world.desk.export(conversation_id, "turn-4", "en")
    assert await links(world, conversation_id) == 3
    world.pass_time(hours=25)
    assert await world.desk.export(conversation_id, "turn-5", "en") == ""


async def links(world: World, conversation_id: str) -> int:
    async with world.db.reading() as session:
        lines = await conversations.transcript(session, conversation_id)
    return sum("/copy/" in str(line.content) for line in lines)


async def test_a_new_link_ends_the_one_before(world: World, web: httpx.AsyncClient) -> None:
    conversation_id = await world.write("hello")
    await world.desk.export(conversation_id, "turn-1", "en")
    first = await link_in(world, conversation_id)
    world.pass_time(minutes=1)
    await world.desk.export(conversation_id, "turn-2", "en")
    assert (await web.get(first)).status_code == 404
    assert (await web.get(await link_in(world, conversation_id))).status_code == 200


async def test_an_erased_contact_has_no_link(world: World, web: httpx.AsyncClient) -> None:
    conversation_id = await world.write("hello")
    await world.desk.erase(conversation_id, "en")
    world.pass_time(hours=40)
    await world.desk.export(conversation_id, "turn-1", "en")
    path = await link_in(world, conversation_id)
    world.pass_time(hours=8)
    await world.rounds.run()
    assert (await web.post(path)).status_code == 404


async def test_two_hands_on_one_link(world: World) -> None:
    conversation_id = await world.write("hello")
    async with world.db.transaction() as session:
        made = await service.make_link(
            session, conversation_id, turn_id="t", language="en", settings=world.settings, now=world.clock.now()
        )
    assert made.token is not None
    async with world.db.transaction() as session:
        await service.open_link(session, made.token, now=world.clock.now())
    with pytest.raises(NotFound):
        async with world.db.transaction() as session:
            await service.open_link(session, made.token, now=world.clock.now())


async def test_a_file_erased_meanwhile_is_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from rights import copies as made

    conversation_id = await world.everything()
    view = await world.view(conversation_id)
    async with world.db.reading() as session:
        copy = await made.read(session, view.contact_id, language="en", now=world.clock.now())
    world.store.erase(copy.files[0].id)
    content = b"".join([piece async for piece in made.packed(copy, world.store)])
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert len([name for name in names if name.startswith("files/")]) == 1


async def test_a_large_file_never_is_in_memory_twice(world: World) -> None:
    from rights import copies as made

    conversation_id = await world.write("hello")
    big = PDF + bytes(media.MAX_BYTES - len(PDF))
    for _ in range(2):
        await world.file_of(conversation_id, big)
    view = await world.view(conversation_id)
    async with world.db.reading() as session:
        copy = await made.read(session, view.contact_id, language="en", now=world.clock.now())
    pieces = [len(piece) async for piece in made.packed(copy, world.store)]
    assert sum(pieces) > 2 * media.MAX_BYTES
    assert max(pieces) <= 64 * 1024


# --- a summary ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_summary_counts_and_tells_no_words(world: World, language: str) -> None:
    conversation_id = await world.everything()
    told = await world.desk.summary(conversation_id, language)
    assert not [word for word in WORDS if word in told]
    assert "2026" in told
    for line in told.splitlines():
        assert "{" not in line
    counted = {"en": "Grievances: 2", "hi": "शिकायतें: 2", "hi-Latn": "Shikayatein: 2"}
    assert counted[language] in told


async def test_the_summary_tells_of_an_erasure_that_waits(world: World) -> None:
    conversation_id = await world.write("hello")
    assert "26 Nov 2026, 12:00" in await world.desk.erase(conversation_id, "en")
    assert "26 Nov 2026, 12:00" in await world.desk.summary(conversation_id, "en")
    preview = await world.desk.preview_erasure(conversation_id, "en")
    assert preview.waits
    assert "26 Nov 2026, 12:00" in preview.told


async def test_open_grievances_are_named_before_the_question(world: World) -> None:
    conversation_id = await world.everything()
    preview = await world.desk.preview_erasure(conversation_id, "en")
    assert preview.told.startswith("Your open grievances (1) would be withdrawn")
    assert preview.told.endswith("Shall everything be erased?")
    assert not preview.waits
    async with world.db.reading() as session:
        assert await service.waiting(session, (await conversations.get(session, conversation_id)).contact_id) is None


async def test_another_contacts_rows_are_not_counted(world: World) -> None:
    await world.everything()
    other = await world.write("hello", number=OTHER)
    told = await world.desk.summary(other, "en")
    assert "Messages, yours and ours: 2" in told
    assert "Grievances" not in told
    assert "Files" not in told


async def test_a_filed_complaint_is_not_told_as_one_that_was_started(world: World) -> None:
    conversation_id = await world.everything()
    assert "did not finish" in await world.desk.summary(conversation_id, "en")
    async with world.db.transaction() as session:
        contact_id = (await conversations.get(session, conversation_id)).contact_id
        draft = await drafts.find(session, contact_id, Kind.FILING)
        assert draft is not None
        await drafts.save(
            session, contact_id, Kind.FILING, conversation_id=conversation_id, content=None, asked=None,
            turn_id="filed", reply=[], version=draft.version, now=world.clock.now(),
        )  # fmt: skip
    assert "did not finish" not in await world.desk.summary(conversation_id, "en")
