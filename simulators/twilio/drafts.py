"""Reads the form of a message to send and refuses what Twilio would refuse."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulators.provider import Provider
from simulators.receipts import BAD_CONTENT, OUTSIDE_WINDOW
from simulators.records import Content, Message, new_sid
from simulators.twilio.errors import TwilioError
from simulators.twilio.templates import card, fits_a_variable, shows_on_whatsapp

MAX_BODY = 1600
MAX_MEDIA = 10
_REPEATED = {"MediaUrl", "PersistentAction"}
_SINGLE = {
    "To", "From", "Body", "StatusCallback", "ApplicationSid", "MaxPrice", "ProvideFeedback", "Attempt",
    "ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention", "SmartEncoded", "TrafficType",
    "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms", "ContentVariables", "RiskCheck", "MessagingServiceSid",
    "ContentSid", "FallbackFrom",
}  # fmt: skip
_NUMBER = re.compile(r"^\+[1-9]\d{6,14}$")
_GEO = re.compile(r"^geo:-?\d+(\.\d+)?,-?\d+(\.\d+)?(\|.*)?$")


@dataclass(frozen=True)
class Form:
    """A form with single and repeated keys apart."""

    single: dict[str, str]
    repeated: dict[str, list[str]]

    def get(self, key: str) -> str:
        """The value of a single key, or nothing."""
        return self.single.get(key, "")


def sort_keys(pairs: list[tuple[str, str]], *, strict: bool) -> Form:
    """Sort the keys of a form.

    Raises:
        TwilioError: In strict mode, when a key is unknown or a single one is repeated.
    """
    single: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for key, value in pairs:
        if key in _REPEATED:
            repeated.setdefault(key, []).append(value)
            continue
        if strict and (key not in _SINGLE or key in single):
            raise TwilioError(400, 20001, f"Unknown or repeated parameter: {key}")
        single[key] = value
    return Form(single, repeated)


def draft_message(provider: Provider, form: Form) -> Message:
    """Make the message a form asks for.

    Raises:
        TwilioError: When Twilio would refuse it.
    """
    contact = _addresses(provider, form)
    details: dict[str, Any] = {
        "status_callback": _status_callback(provider, form),
        "media_urls": _media_urls(form),
        "persistent_action": _persistent_action(form),
    }
    body, content = form.get("Body"), None
    if form.get("ContentSid"):
        content = _content(provider, form.get("ContentSid"))
        variables = _variables(content, form.get("ContentVariables"))
        shown = card(content.types, variables)
        body = shown["body"]
        details |= {"content_sid": content.sid, "card": shown}
        details["media_urls"] = details["media_urls"] + list(shown.get("media", []))
    if len(body) > MAX_BODY:
        raise TwilioError(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    if not body.strip() and not details["media_urls"] and not details["persistent_action"]:
        raise TwilioError(400, 21619, "A text message body or media urls must be specified.")
    fails_with = _later_failure(provider, contact, details, content)
    details |= {"fails_with": fails_with} if fails_with else {}
    now = time.time()
    media = details["media_urls"]
    return Message(
        new_sid("MM" if media or content else "SM"), "outbound-api", contact, provider.settings.sender_address, body,
        "queued", now, now, num_media=len(media), details=details,
    )  # fmt: skip


def _addresses(provider: Provider, form: Form) -> str:
    """Check both addresses and give the contact's."""
    to, sender = form.get("To"), form.get("From")
    if not to:
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    if not sender:
        raise TwilioError(400, 21603, "A 'From' phone number is required.")
    channel, _, number = to.rpartition(":")
    known = provider.store.last_inbound_at(to) is not None
    if channel not in {"", "whatsapp"} or not (_NUMBER.match(number) or known):
        raise TwilioError(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if to.startswith("whatsapp:") != sender.startswith("whatsapp:"):
        raise TwilioError(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
    if sender != provider.settings.sender_address:
        said = f"The 'From' phone number provided ({sender}) is not a valid message-capable Twilio phone number"
        raise TwilioError(400, 21606, f"{said} for this destination/account")
    return to


def _is_url(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and " " not in value


def _status_callback(provider: Provider, form: Form) -> str:
    """Where receipts go: as asked, else as set up for the sender."""
    url = form.get("StatusCallback")
    if url and not _is_url(url):
        raise TwilioError(400, 21609, f"The 'StatusCallback' URL {url} is not a valid URL.")
    return url or provider.settings.signed_base_url + provider.settings.status_path


def _media_urls(form: Form) -> list[str]:
    urls = form.repeated.get("MediaUrl", [])
    if len(urls) > MAX_MEDIA:
        raise TwilioError(400, 21623, "Number of media files exceeds allowed limit")
    if not all(_is_url(url) for url in urls):
        raise TwilioError(400, 21620, "Invalid media URL(s)")
    return urls


def _persistent_action(form: Form) -> str | None:
    actions = form.repeated.get("PersistentAction", [])
    if any(not _GEO.match(action) for action in actions):
        raise TwilioError(400, 20001, "PersistentAction is invalid")
    return actions[0] if actions else None


def _content(provider: Provider, sid: str) -> Content:
    content = provider.store.content(sid)
    if content is None:
        raise TwilioError(400, 21655, "The ContentSid is Invalid")
    return content


def _variables(content: Content, text: str) -> dict[str, str]:
    """The template's own sample values under those the form gives."""
    invalid = TwilioError(400, 21656, "The ContentVariables Parameter is invalid")
    try:
        given = json.loads(text) if text else {}
    except json.JSONDecodeError as error:
        raise invalid from error
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise invalid
    if content.approval == "approved" and not all(fits_a_variable(value) for value in given.values()):
        raise invalid
    return {**content.variables, **given}


def _later_failure(provider: Provider, contact: str, details: dict[str, Any], content: Content | None) -> int | None:
    """The code with which an accepted message will fail, as only WhatsApp itself finds out."""
    approved = content is not None and content.approval == "approved"
    if not provider.window_open(contact) and not approved:
        return OUTSIDE_WINDOW
    if content is not None and not shows_on_whatsapp(details["card"], approved=approved):
        return BAD_CONTENT
    return None
