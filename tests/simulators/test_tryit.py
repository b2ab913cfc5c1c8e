"""The try-it page's routes and words."""

import re
from string import Formatter

import httpx
import polib
import pytest

from simulators.tryit.cast import CONTACTS, PLACES
from simulators.tryit.catalogue import LANGUAGES, load, preferred
from tests.simulators.conftest import BUSINESS, ROOT, Gateway, Running, wait_for

MARK = {"X-Try-It": "page"}
OURS = [*(ROOT / "simulators").rglob("*.html"), *(ROOT / "simulators" / "tryit" / "static").glob("*.js")]


def post(simulator: Running, **order: str) -> httpx.Response:
    return httpx.post(f"{simulator.url}/try/messages", json=order, headers=MARK, trust_env=False)


def test_all_languages_have_the_same_keys_and_parameters() -> None:
    shapes = []
    for language in LANGUAGES:
        entries = polib.pofile(str(ROOT / "locale" / language / "simulator.po"))
        assert all(entry.msgstr for entry in entries)
        shapes.append({e.msgid: {name for _, name, _, _ in Formatter().parse(e.msgstr) if name} for e in entries})
    assert shapes[0] == shapes[1] == shapes[2]


def test_hinglish_is_written_in_latin_letters() -> None:
    words = load(ROOT / "locale")["hi-Latn"].under("")
    assert not {key: text for key, text in words.items() if re.search("[ऀ-ॿ]", text)}


def test_every_word_the_scripts_ask_for_exists() -> None:
    words = load(ROOT / "locale")["en"].under("")
    for file in OURS:
        for prefix, key in re.findall(r'\b(words?)\("([a-z._-]+)"[,)]', file.read_text()):
            assert ("live." if prefix == "word" else "") + key in words, (file.name, key)


@pytest.mark.parametrize(
    ("header", "language"),
    [("hi-IN,en;q=0.5", "hi"), ("ta,en-GB", "en"), ("", "en"), ("hi-Latn", "hi-Latn"), ("fr", "en")],
)
def test_preferred_language(header: str, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.parametrize(("language", "title"), [("en", "Try Sahayak"), ("hi", "सहायक आज़माएँ"), ("xx", "Try Sahayak")])
def test_the_page_is_served_guarded(simulator: Running, language: str, title: str) -> None:
    answer = httpx.get(f"{simulator.url}/?lang={language}", trust_env=False)
    assert f"<title>{title}</title>" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert "style=" not in answer.text
    assert not re.search(r"https?://(?!www\.w3\.org)", answer.text)
    script = httpx.get(f"{simulator.url}/static/phone.js", trust_env=False)
    assert (script.status_code, script.headers["x-content-type-options"]) == (200, "nosniff")


def test_other_sites_can_neither_send_nor_rename_us(simulator: Running) -> None:
    order = {"contact": "101", "kind": "text", "text": "x"}
    assert httpx.post(f"{simulator.url}/try/messages", json=order, trust_env=False).status_code == 403
    assert httpx.post(f"{simulator.url}/try/files", data={"contact": "101"}, trust_env=False).status_code == 403
    renamed = httpx.get(simulator.url, headers={"Host": "evil.example"}, trust_env=False)
    assert renamed.status_code == 400


def test_text_place_sample_and_file_reach_the_gateway(simulator: Running, gateway: Gateway) -> None:
    assert post(simulator, contact="101", kind="text", text="नमस्ते <b>").status_code == 201
    assert post(simulator, contact="102", kind="place", chosen="kanpur").status_code == 201
    assert post(simulator, contact="103", kind="sample").status_code == 201
    sent = httpx.post(
        f"{simulator.url}/try/files",
        data={"contact": "104", "text": "caption"},
        files={"file": ("लेटर.pdf", b"%PDF-1.4", "application/pdf")},
        headers=MARK,
        trust_env=False,
    )
    assert sent.status_code == 201
    wait_for(lambda: len(gateway.inbound()) == 4)
    found = {hook["From"][-3:]: hook for hook in gateway.inbound()}
    assert (found["101"]["Body"], found["101"]["ProfileName"]) == ("नमस्ते <b>", "Meera Devi")
    assert (found["102"]["Label"], found["102"]["Latitude"]) == ("Kanpur", "26.4499")
    assert found["103"]["MediaContentType0"] == "image/png"
    assert (found["104"]["MediaContentType0"], found["104"]["Body"]) == ("application/pdf", "caption")
    shown = httpx.get(f"{simulator.url}/try/messages?contact=104", trust_env=False).json()
    [file] = shown["messages"][0]["files"]
    assert (file["name"], file["picture"]) == ("लेटर.pdf", False)
    got = httpx.get(simulator.url + file["url"], trust_env=False)
    assert got.headers["content-disposition"] == "attachment"
    wait_for(lambda: httpx.get(f"{simulator.url}/try/messages?contact=101", trust_env=False).json()["steps"])


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"contact": "999", "kind": "text", "text": "x"}, 404),
        ({"contact": "101", "kind": "text", "text": "  \n"}, 422),
        ({"contact": "101", "kind": "text", "text": "x" * 4097}, 422),
        ({"contact": "101", "kind": "dance"}, 422),
        ({"contact": "101", "kind": "place", "chosen": "atlantis"}, 404),
        ({"contact": "101", "kind": "option", "sid": "SM1", "chosen": "x"}, 404),
    ],
)
def test_orders_that_are_refused(simulator: Running, gateway: Gateway, order: dict[str, str], status: int) -> None:
    assert post(simulator, **order).status_code == status
    assert gateway.hooks == []


def test_only_what_was_offered_to_this_contact_can_be_tapped(simulator: Running, gateway: Gateway) -> None:
    post(simulator, contact="101", kind="text", text="x")
    types = {"twilio/quick-reply": {"body": "?", "actions": [{"title": "हाँ", "id": "/affirm"}]}}
    content = simulator.api.post("/v1/Content", json={"language": "hi", "types": types}).json()["sid"]
    to = CONTACTS["101"].address
    sid = str(simulator.twilio().messages.create(to=to, from_=BUSINESS, content_sid=content).sid)
    assert post(simulator, contact="102", kind="option", sid=sid, chosen="/affirm").status_code == 404
    assert post(simulator, contact="101", kind="option", sid=sid, chosen="/admin").status_code == 404
    assert post(simulator, contact="101", kind="option", sid=sid, chosen="/affirm").status_code == 201
    wait_for(lambda: gateway.inbound()[-1].get("ButtonPayload") == "/affirm")
    assert gateway.inbound()[-1]["OriginalRepliedMessageSid"] == sid


def test_the_phone_does_not_show_what_failed(simulator: Running) -> None:
    to = CONTACTS["101"].address
    made = simulator.twilio().messages.create(to=to, from_=BUSINESS, body="outside the window")
    wait_for(lambda: made.fetch().status == "failed")
    assert httpx.get(f"{simulator.url}/try/messages?contact=101", trust_env=False).json()["messages"] == []


def test_the_cast_is_invented() -> None:
    assert all(re.fullmatch(r"\+910000000\d{3}", contact.number) for contact in CONTACTS.values())
    words = load(ROOT / "locale")["en"]
    assert all(words(f"place.{place}") for place in PLACES)
