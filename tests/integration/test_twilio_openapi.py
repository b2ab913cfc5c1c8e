"""What our sender asks of Twilio, judged by Twilio's own OpenAPI documents under Prism."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.sender import TwilioSender
from core.errors import FinalDelivery, RetryableDelivery
from core.events import Button, OutboundContent
from tests.channels.whatsapp import signing
from tests.integration import openapi
from tests.integration.peers import Peers
from tests.simulators.conftest import Served, free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

CONTACT = "+910000000101"
OURS = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
TEXT = OutboundContent(text="नमस्ते 🙏 45 दिन & <b>ब्याज</b> = 1+1", language="hi")
CHOICE = OutboundContent(
    text="क्या आप शिकायत दर्ज करना चाहेंगे?",
    language="hi",
    buttons=(Button(title="हाँ", payload="/affirm"), Button(title="नहीं", payload="/deny")),
)
YESTERDAY = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@dataclass
class Asked:
    """A request as our sender made it."""

    method: str
    path: str
    query: str
    body: bytes
    content_type: str
    authorization: str

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Desk:
    """Stands before Prism, writes down what is asked, and passes it on."""

    prism: str
    document: dict[str, Any]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with httpx.AsyncClient(base_url=self.prism, timeout=20, trust_env=False) as app.state.client:
                yield

        app = FastAPI(lifespan=lifespan)

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def passed(request: Request) -> Response:
            body = await request.body()
            kind, who = (request.headers.get(name, "") for name in ("content-type", "authorization"))
            self.asked.append(Asked(request.method, request.url.path, request.url.query, body, kind, who))
            headers = {name: value for name, value in (("content-type", kind), ("authorization", who)) if value}
            url = f"{request.url.path}?{request.url.query}".rstrip("?")
            answer = await request.app.state.client.request(request.method, url, content=body, headers=headers)
            content = answer.content
            if answer.is_success and request.method == "GET" and "Messages" in request.url.path:
                # Prism shows the same example page as the next page for ever.
                content = json.dumps({**answer.json(), "next_page_uri": None}).encode()
            return Response(content, status_code=answer.status_code, media_type="application/json")

        return app

    def undeclared(self) -> set[str]:
        return {
            name
            for ask in self.asked
            for name in openapi.undeclared(self.document, ask.method, ask.path, ask.query, ask.content_type, ask.body)
        }


@pytest.fixture(scope="module")
def served_desk(peers: Peers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("prism")
    document = openapi.tightened(peers.modules)
    (folder / "twilio.json").write_text(json.dumps(document), "utf-8")
    port = free_port()
    arguments = ["mock", "-h", "127.0.0.1", "-p", str(port), str(folder / "twilio.json")]
    with peers.running("@stoplight/prism-cli/dist/index.js", arguments, port, folder / "log"):
        desk = Desk(f"http://127.0.0.1:{port}", document)
        served = Served(desk.app())
        desk.url = served.url
        yield desk
        served.stop()


@pytest.fixture
def desk(served_desk: Desk) -> Desk:
    served_desk.asked.clear()
    return served_desk


def settings_for(url: str, **more: object) -> WhatsAppSettings:
    return signing.settings(**{"api_url": url, "content_url": url, **more})


@asynccontextmanager
async def sending(settings: WhatsAppSettings) -> AsyncIterator[TwilioSender]:
    sender = TwilioSender(settings)
    try:
        yield sender
    finally:
        await sender.close()


async def test_a_text_is_as_declared(desk: Desk) -> None:
    async with sending(settings_for(desk.url)) as sender:
        sid = await sender.send(CONTACT, TEXT, OURS)
    assert sid.startswith(("SM", "MM"))
    (asked,) = desk.asked
    assert asked.form == {
        "To": f"whatsapp:{CONTACT}",
        "From": "whatsapp:+910000000001",
        "Body": TEXT.text,
        "StatusCallback": f"{signing.PUBLIC}/webhooks/whatsapp/status?outbound={OURS}",
    }
    assert asked.authorization == httpx.BasicAuth(signing.SID, signing.TOKEN)._auth_header
    assert desk.undeclared() == set()


async def test_quick_replies_are_a_declared_template_and_a_message_that_names_it(desk: Desk) -> None:
    async with sending(settings_for(desk.url)) as sender:
        await sender.send(CONTACT, CHOICE, OURS)
        await sender.send(CONTACT, CHOICE.model_copy(update={"text": "और?"}), OURS)
    assert [(ask.method, ask.path.rsplit("/", 1)[1]) for ask in desk.asked] == [
        ("GET", "Content"),
        ("POST", "Content"),
        ("POST", "Messages.json"),
        ("POST", "Messages.json"),
    ]
    template = json.loads(desk.asked[1].body)
    assert [action["title"] for action in template["types"]["twilio/quick-reply"]["actions"]] == ["हाँ", "नहीं"]
    first, second = desk.asked[2].form, desk.asked[3].form
    assert first.keys() == {"To", "From", "StatusCallback", "ContentSid", "ContentVariables"}
    assert first["ContentSid"] == second["ContentSid"]
    assert json.loads(second["ContentVariables"]) == {"1": "और?"}
    assert desk.undeclared() == set()


async def test_without_templates_buttons_are_a_numbered_text(desk: Desk) -> None:
    async with sending(settings_for(desk.url, quick_replies=False)) as sender:
        await sender.send(CONTACT, CHOICE, OURS)
    (asked,) = desk.asked
    assert asked.form["Body"] == f"{CHOICE.text}\n\n1. हाँ\n2. नहीं"
    assert desk.undeclared() == set()


async def test_finding_and_listing_are_as_declared(desk: Desk) -> None:
    async with sending(settings_for(desk.url)) as sender:
        found = await sender.find(CONTACT, OutboundContent(text="testing"), YESTERDAY)
        listed = [event async for event in sender.list_inbound(YESTERDAY)]
    example = desk.document["paths"][openapi.SENDING]["get"]["responses"]["200"]["content"]["application/json"]
    sids = [message["sid"] for message in next(iter(example["examples"].values()))["value"]["messages"]]
    assert found == sids[:1]
    # The example's messages are text messages of a telephone: nothing of WhatsApp is in the list.
    assert listed == []
    to_contact, to_us, *files = (dict(parse_qsl(ask.query)) for ask in desk.asked)
    assert len(files) == sum(ask.path.endswith("/Media.json") for ask in desk.asked)
    assert (to_contact["To"], to_us["To"]) == (f"whatsapp:{CONTACT}", "whatsapp:+910000000001")
    assert all(datetime.fromisoformat(query["DateSent>"]) == YESTERDAY for query in (to_contact, to_us))
    assert desk.undeclared() == set()


@pytest.mark.parametrize(
    ("to", "more"),
    [
        ("nobody", {}),
        ("+0000000101", {}),
        ("+91", {}),
        ("", {}),
        (CONTACT, {"public_url": "https://not an address"}),
    ],
)
async def test_what_is_not_as_declared_is_refused_for_good(desk: Desk, to: str, more: dict[str, object]) -> None:
    async with sending(settings_for(desk.url, **more)) as sender:
        with pytest.raises(FinalDelivery, match="422"):
            await sender.send(to, TEXT, OURS)


async def test_nobody_at_the_address_means_it_was_not_taken() -> None:
    async with sending(settings_for(f"http://127.0.0.1:{free_port()}")) as sender:
        with pytest.raises(RetryableDelivery, match="connection"):
            await sender.send(CONTACT, TEXT, OURS)


def test_the_judge_is_strict(desk: Desk) -> None:
    """The documents, as tightened, refuse what they should; else the tests above would prove nothing."""
    path = openapi.SENDING.replace("{AccountSid}", signing.SID)
    right = {"To": f"whatsapp:{CONTACT}", "From": "whatsapp:+910000000001", "Body": "x"}
    with httpx.Client(base_url=desk.prism, auth=(signing.SID, signing.TOKEN), trust_env=False) as client:
        assert client.post(path, data=right).status_code == 201
        assert client.post(path, data={**right, "MediaUrl": ["https://a.example/1", "https://a.example/2"]}).is_success
        for wrong in (
            {"To": "whatsapp:nobody"},
            {"StatusCallback": "nowhere"},
            {"ContentSid": "HX1"},
            {"ScheduleType": "soon"},
            {"Attempt": "many"},
        ):
            assert client.post(path, data={**right, **wrong}).status_code == 422, wrong
        assert client.post(path, json=right).status_code == 415
        assert client.post(openapi.CONTENT, json={"language": "en"}).status_code == 422
    assert httpx.post(desk.prism + path, data=right, trust_env=False).status_code == 401
    unknown = openapi.undeclared(desk.document, "POST", path, "Extra=1", openapi.FORM, b"To=x&Body=x&Bodytext=x")
    assert unknown == {"Extra", "Bodytext"}
    template = {"language": "en", "types": {"twilio/quick-reply": {"body": "x", "actions": [{"label": "x"}]}}}
    body = json.dumps(template).encode()
    assert openapi.undeclared(desk.document, "POST", "/v1/Content", "", "application/json", body) == {"label"}
