"""What is approved at the provider: asked, remembered, and not guessed when it does not say."""

import pytest

from channels.whatsapp.definitions import definition_for
from channels.whatsapp.twilio.sender import TwilioSender
from core.errors import FinalDelivery, RetryableDelivery
from core.events import WINDOW_CLOSED, OutboundContent
from core.i18n import sentence
from tests.channels.whatsapp.twilio.conftest import Stub

CLOSED = OutboundContent(
    text=sentence("grievances", "grievances.withdrawn", "en", reference="26"),
    key="grievances.withdrawn",
    params={"reference": "26"},
)


def _listed(status: str) -> dict[str, object]:
    definition = definition_for(CLOSED)
    assert definition is not None
    item = {"sid": "HX" + "0" * 32, "friendly_name": definition.name, "approval_requests": {"status": status}}
    return {"contents": [item], "meta": {"key": "contents", "next_page_url": None}}


@pytest.mark.parametrize(("status", "known"), [("approved", True), ("APPROVED", True), ("pending", False), ("", False)])
async def test_only_an_approved_template_is_used(stub: Stub, sender: TwilioSender, status: str, known: bool) -> None:
    stub.says(200, _listed(status))
    assert await sender.has_template(CLOSED) is known
    assert await sender.has_template(CLOSED) is known
    assert len(stub.requests) == 1, "remembered for a while"
    if not known:
        with pytest.raises(FinalDelivery) as error:
            await sender.send_template("+910000000101", CLOSED, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        assert error.value.code == WINDOW_CLOSED


@pytest.mark.parametrize(
    ("status", "body"), [(503, {"code": 20503}), (500, {"code": 20500}), (200, "<html>"), (200, {"contents": 7})]
)
async def test_while_it_is_not_known_what_is_approved_it_is_tried_again(
    stub: Stub, sender: TwilioSender, status: int, body: object
) -> None:
    stub.says(status, body)
    with pytest.raises(RetryableDelivery):
        await sender.has_template(CLOSED)


async def test_an_account_without_templates_has_none(stub: Stub, sender: TwilioSender) -> None:
    stub.says(404, {"code": 20404, "message": "no", "status": 404})
    assert not await sender.has_template(CLOSED)


async def test_words_of_no_template_are_not_asked_for(stub: Stub, sender: TwilioSender) -> None:
    assert not await sender.has_template(OutboundContent(text="hello"))
    assert stub.requests == []


async def test_the_list_is_read_to_its_end_and_nowhere_else(stub: Stub, sender: TwilioSender) -> None:
    first = {"contents": [], "meta": {"next_page_url": "http://elsewhere.example/v1/ContentAndApprovals?PageToken=x"}}
    stub.says(200, first)
    stub.says(200, _listed("approved"))
    assert await sender.has_template(CLOSED)
    assert [path for _, path, _ in stub.requests] == [
        "/v1/ContentAndApprovals?PageSize=500",
        "/v1/ContentAndApprovals?PageToken=x",
    ]
