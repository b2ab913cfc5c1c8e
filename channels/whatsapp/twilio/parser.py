"""Turns Twilio's webhook parameters into events; pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from core.errors import MalformedWebhook, UnsupportedWebhookEvent
from core.events import WINDOW_CLOSED, AddressRef, DeliveryState, InboundMessage, Kind, Location, MediaRef, Receipt
from core.ids import is_id

SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
_NUMBER = re.compile(r"\+[0-9]{6,15}")
_COUNT = re.compile(r"[0-9]{1,2}")
_OPAQUE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_STATES = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
    "undelivered": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}
OUTSIDE_WINDOW = "63016"
"""Twilio's code for free text to a contact who has not written in the last 24 hours:
https://www.twilio.com/docs/api/errors/63016"""


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise MalformedWebhook(f"{name}: expected a value")
    return value


def _sid(form: Mapping[str, str]) -> str:
    sid = _required(form, "MessageSid")
    if not SID.fullmatch(sid):
        raise MalformedWebhook("MessageSid: expected SM or MM and 32 hexadecimal digits")
    return sid


def parse_address(value: str) -> AddressRef:
    """The address in ``whatsapp:+<digits>``, or in ``whatsapp:<id>`` where the number is withheld.

    Raises:
        UnsupportedWebhookEvent: It is not a WhatsApp address.
        MalformedWebhook: It is empty or has characters that no address has.
    """
    scheme, _, rest = value.partition(":")
    if scheme != "whatsapp":
        raise UnsupportedWebhookEvent("not a WhatsApp address")
    if not _NUMBER.fullmatch(rest) and not _OPAQUE.fullmatch(rest):
        raise MalformedWebhook("From: expected whatsapp:+<digits> or whatsapp:<id>")
    return AddressRef(kind="whatsapp", value=rest)


def _media(form: Mapping[str, str]) -> tuple[MediaRef, ...]:
    count = form.get("NumMedia", "0") or "0"
    if not _COUNT.fullmatch(count) or int(count) > 10:
        raise MalformedWebhook("NumMedia: expected a number from 0 to 10")
    return tuple(
        MediaRef(
            url=_required(form, f"MediaUrl{i}"),
            declared_type=form.get(f"MediaContentType{i}", "application/octet-stream")[:127],
        )
        for i in range(int(count))
    )


def _location(form: Mapping[str, str]) -> Location | None:
    if not form.get("Latitude") or not form.get("Longitude"):
        return None
    try:
        return Location(
            latitude=float(form["Latitude"]),
            longitude=float(form["Longitude"]),
            label=(form.get("Label") or form.get("Address") or "")[:200],
        )
    except ValueError as error:
        raise MalformedWebhook("Latitude and Longitude: expected degrees") from error


def _kind(form: Mapping[str, str], media: tuple[MediaRef, ...], location: Location | None) -> Kind:
    if form.get("ButtonPayload") or form.get("ListId"):
        return Kind.BUTTON
    if media:
        return Kind.MEDIA
    if location is not None:
        return Kind.LOCATION
    return Kind.TEXT if form.get("Body", "").strip() else Kind.EMPTY


def parse_inbound(form: Mapping[str, str]) -> InboundMessage:
    """The message in a webhook for incoming messages.

    Source: https://www.twilio.com/docs/messaging/guides/webhook-request

    Raises:
        MalformedWebhook: A parameter is missing or cannot be read.
        UnsupportedWebhookEvent: It did not come by WhatsApp.
    """
    sid = _sid(form)
    address = parse_address(_required(form, "From"))
    media = _media(form)
    location = _location(form)
    kind = _kind(form, media, location)
    return InboundMessage(
        provider="twilio",
        provider_id=sid,
        channel="whatsapp",
        address=address,
        kind=kind,
        text=form.get("ButtonText") or form.get("ListTitle") or form.get("Body", ""),
        button=(form.get("ButtonPayload") or form.get("ListId")) if kind is Kind.BUTTON else None,
        reply_to=form.get("OriginalRepliedMessageSid") or None,
        media=media,
        location=location,
        profile_name=form.get("ProfileName", "")[:100],
    )


def parse_listed(resource: Mapping[str, object], media: Sequence[MediaRef] = ()) -> InboundMessage:
    """The message in an element of Twilio's own list of messages; places and buttons are not listed there.

    Args:
        resource: The element.
        media: Its files, which are listed elsewhere.

    Raises:
        MalformedWebhook: A property is missing or cannot be read.
        UnsupportedWebhookEvent: It did not come by WhatsApp.
    """
    sent = str(resource.get("date_sent") or resource.get("date_created") or "")
    form = {
        "MessageSid": str(resource.get("sid") or ""),
        "From": str(resource.get("from_") or resource.get("from") or ""),
        "Body": str(resource.get("body") or ""),
    }
    event = parse_inbound(form)
    try:
        moment = parsedate_to_datetime(sent) if sent else None
    except ValueError:
        moment = None
    found: dict[str, object] = {"sent_at": moment.astimezone(UTC) if moment else None}
    if media:
        found |= {"kind": Kind.MEDIA, "media": tuple(media)}
    return event.model_copy(update=found)


def error_code(code: str) -> str:
    """A code of Twilio's, with our own name where we act on it."""
    return WINDOW_CLOSED if code == OUTSIDE_WINDOW else code


def parse_status(form: Mapping[str, str], outbound_id: str | None) -> Receipt:
    """The receipt in a status callback.

    Source: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks

    Args:
        form: The parameters.
        outbound_id: Our id, from the callback's own address.

    Raises:
        MalformedWebhook: A parameter is missing or cannot be read.
        UnsupportedWebhookEvent: A state that says nothing new, such as ``queued``.
    """
    sid = _sid(form)
    state = _STATES.get(_required(form, "MessageStatus"))
    if state is None:
        raise UnsupportedWebhookEvent("a state that moves nothing")
    return Receipt(
        outbound_id=outbound_id if outbound_id and is_id(outbound_id) else None,
        provider_id=sid,
        state=state,
        error_code=error_code(form.get("ErrorCode", "")) or None,
    )
