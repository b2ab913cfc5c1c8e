"""What the provider reports becomes our own events, or is refused by name; whatever comes, nothing else happens."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.whatsapp.twilio.parser import parse_address, parse_inbound, parse_listed, parse_status
from core.errors import MalformedWebhook, UnsupportedWebhookEvent, WebhookError
from core.events import InboundMessage, Kind, Receipt
from tests.channels.whatsapp.signing import fixture

SID = "SM" + "0" * 32
TEXT = {"MessageSid": SID, "From": "whatsapp:+910000000101", "Body": "namaste"}


@pytest.mark.parametrize("case", fixture("inbound"), ids=lambda case: case["name"])
def test_inbound(case: dict[str, Any]) -> None:
    assert parse_inbound(case["parameters"]) == InboundMessage.model_validate(case["event"])


@pytest.mark.parametrize("case", fixture("status"), ids=lambda case: case["name"])
def test_status(case: dict[str, Any]) -> None:
    assert parse_status(case["parameters"], case["outbound"]) == Receipt.model_validate(case["receipt"])


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageSid": ""},
        {"MessageSid": "SM1"},
        {"MessageSid": "SM" + "G" * 32},
        {"MessageSid": SID + "0"},
        {"MessageSid": SID + "\n"},
        {"MessageSid": "CA" + "0" * 32},
        {"From": ""},
        {"From": "whatsapp:"},
        {"From": "whatsapp:+91 00000 00101"},
        {"From": "whatsapp:+910000000101\n"},
        {"From": "whatsapp:<script>"},
        {"From": "whatsapp:" + "x" * 129},
        {"From": "whatsapp:+९१००००००१०१"},
        {"NumMedia": "-1"},
        {"NumMedia": "11"},
        {"NumMedia": "x"},
        {"NumMedia": "1.0"},
        {"NumMedia": "²"},
        {"NumMedia": "9" * 6_000},
        {"NumMedia": "1"},
        {"NumMedia": "2", "MediaUrl0": "https://api.example/1"},
        {"Latitude": "x", "Longitude": "77"},
        {"Latitude": "91", "Longitude": "77"},
        {"Latitude": "28", "Longitude": "181"},
        {"Latitude": "nan", "Longitude": "77"},
        {"Latitude": "28", "Longitude": "-inf"},
    ],
)
def test_what_cannot_be_read_is_malformed(changes: dict[str, str]) -> None:
    with pytest.raises(MalformedWebhook):
        parse_inbound({**TEXT, **changes})


@pytest.mark.parametrize("sender", ["+910000000101", "sms:+910000000101", "messenger:1", "Whatsapp:+910000000101"])
def test_other_channels_are_not_ours(sender: str) -> None:
    with pytest.raises(UnsupportedWebhookEvent):
        parse_inbound({**TEXT, "From": sender})


@pytest.mark.parametrize(
    "status", ["queued", "accepted", "sending", "receiving", "received", "scheduled", "new", "SENT"]
)
def test_states_that_move_nothing(status: str) -> None:
    with pytest.raises(UnsupportedWebhookEvent):
        parse_status({"MessageSid": SID, "MessageStatus": status}, None)


@pytest.mark.parametrize(
    "form", [{}, {"MessageSid": SID}, {"MessageStatus": "read"}, {"MessageSid": "x", "MessageStatus": "read"}]
)
def test_statuses_that_cannot_be_read(form: dict[str, str]) -> None:
    with pytest.raises(MalformedWebhook):
        parse_status(form, None)


NAMES = [
    *("MessageSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "MediaContentType0", "MediaUrl1", "Latitude"),
    *("Longitude", "Label", "Address", "ButtonPayload", "ButtonText", "ListId", "ListTitle", "ProfileName"),
    *("OriginalRepliedMessageSid", "MessageStatus", "ErrorCode", "MessageType"),
]
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [SID, "whatsapp:+910000000101", "whatsapp:ID.1", "0", "1", "2", "28.6", "1e400", "nan", "read", "/affirm"]
    ),
)
ANY_FORM = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=10)), VALUES, max_size=14)


@given(ANY_FORM, st.booleans())
def test_any_form_is_an_event_or_refused(form: dict[str, str], readable: bool) -> None:
    if readable:
        form = {**form, "MessageSid": SID, "From": "whatsapp:+910000000101"}
    try:
        event = parse_inbound(form)
    except WebhookError:
        return
    assert InboundMessage.model_validate_json(event.model_dump_json()) == event
    assert event.provider_id == form["MessageSid"]
    assert f"whatsapp:{event.address.value}" == form["From"]
    assert (event.button is not None) == (event.kind is Kind.BUTTON)
    assert (event.location is not None) or event.kind is not Kind.LOCATION
    assert event.media or event.kind is not Kind.MEDIA
    assert bool(event.text.strip()) or event.kind is not Kind.TEXT


@given(ANY_FORM, st.one_of(st.none(), st.text(max_size=30)))
def test_any_form_is_a_receipt_or_refused(form: dict[str, str], outbound: str | None) -> None:
    try:
        receipt = parse_status(form, outbound)
    except WebhookError:
        return
    assert receipt.outbound_id in {None, outbound}


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_a_text_comes_through_letter_by_letter(text: str) -> None:
    assert parse_inbound({**TEXT, "Body": text}).text == text


def test_long_names_are_cut() -> None:
    event = parse_inbound({**TEXT, "ProfileName": "x" * 500, "Latitude": "1", "Longitude": "2", "Label": "y" * 500})
    assert len(event.profile_name) == 100
    assert event.location is not None
    assert len(event.location.label) == 200


@given(st.from_regex(r"whatsapp:(\+[0-9]{6,15}|[A-Za-z0-9._-]{1,128})", fullmatch=True))
def test_addresses_come_back_whole(value: str) -> None:
    assert f"whatsapp:{parse_address(value).value}" == value


def test_elements_of_the_providers_list() -> None:
    listed = {
        "sid": SID,
        "from": "whatsapp:+910000000101",
        "body": "namaste",
        "date_sent": "Mon, 23 Nov 2026 06:30:00 +0000",
    }
    event = parse_listed(listed)
    assert event.sent_at == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert event.model_copy(update={"sent_at": None}) == parse_inbound(TEXT)
    assert parse_listed({**listed, "date_sent": "yesterday"}).sent_at is None
    assert parse_listed({**listed, "date_sent": None}).sent_at is None
    with pytest.raises(MalformedWebhook):
        parse_listed({"from": "whatsapp:+910000000101"})
    with pytest.raises(UnsupportedWebhookEvent):
        parse_listed({**listed, "from": "+910000000101"})
