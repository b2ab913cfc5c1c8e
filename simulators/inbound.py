"""What a contact sends, and the webhook parameters in which the provider reports it."""

import base64
import binascii
import hashlib
import json
import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from simulators.records import Media, Message

_NUMBER = re.compile(r"^\+[1-9]\d{6,14}$")
_FILE_KINDS = {"image": "image", "audio": "audio", "video": "video"}
MAX_MEDIA_BYTES = 64 * 1024 * 1024


class SentFile(BaseModel):
    """A file a contact sends, base64 in JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content_type: str = Field(min_length=1, max_length=200)
    data: bytes
    filename: str = Field(default="", max_length=200)

    @field_validator("data", mode="before")
    @classmethod
    def _decode(cls, value: Any) -> bytes:
        """Take bytes as they are and text as base64."""
        if isinstance(value, bytes):
            return value
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            msg = "data must be base64"
            raise ValueError(msg) from error
        if len(data) > MAX_MEDIA_BYTES:
            msg = f"at most {MAX_MEDIA_BYTES} bytes"
            raise ValueError(msg)
        return data


class SentLocation(BaseModel):
    """A place a contact shares."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    address: str = ""
    label: str = ""


class TappedButton(BaseModel):
    """A quick reply or a row of a list that a contact taps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payload: str
    text: str


class ContactMessage(BaseModel):
    """A message as a contact sends it.

    ``parameters`` adds, replaces or (with null) removes webhook parameters before they are signed, so that tests can
    send what a provider may one day send.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender: str = Field(min_length=1, max_length=64)
    profile_name: str = Field(default="", max_length=200)
    kind: Literal["text", "media", "location", "button", "list"] = "text"
    text: str = Field(default="", max_length=100_000)
    media: tuple[SentFile, ...] = Field(default=(), max_length=10)
    location: SentLocation | None = None
    button: TappedButton | None = None
    replied_sid: str | None = None
    parameters: dict[str, str | None] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_its_part(self) -> Self:
        """A kind of message has its own part."""
        needed = {"media": self.media, "location": self.location, "button": self.button, "list": self.button}
        if self.kind in needed and not needed[self.kind]:
            msg = f"a message of kind {self.kind} needs its part"
            raise ValueError(msg)
        return self

    @property
    def address(self) -> str:
        """The contact's channel address."""
        return f"whatsapp:{self.sender}"

    @property
    def body(self) -> str:
        """What stands in the message's Body."""
        if self.kind == "location":
            return ""
        if self.button is not None:
            return self.button.text
        return self.text


def webhook_parameters(
    account_sid: str, message: Message, sent: ContactMessage, media_urls: dict[str, Media]
) -> dict[str, str]:
    """Write the parameters in which the provider reports a contact's message."""
    parameters = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "AccountSid": account_sid,
        "From": message.contact,
        "To": message.business,
        "Body": message.body,
        "NumMedia": str(len(media_urls)),
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "ProfileName": sent.profile_name,
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
        "MessageType": _message_type(sent),
        "ExternalUserId": f"whatsapp:ID.{hashlib.sha256(message.contact.encode()).hexdigest()[:16]}",
    }
    if _NUMBER.match(sent.sender):
        parameters["WaId"] = sent.sender.removeprefix("+")
    for index, (url, file) in enumerate(media_urls.items()):
        parameters[f"MediaUrl{index}"] = url
        parameters[f"MediaContentType{index}"] = file.content_type
    parameters |= _place_parameters(sent.location) if sent.kind == "location" and sent.location else {}
    parameters |= _button_parameters(sent, message.business) if sent.button else {}
    overrides = {name: value for name, value in sent.parameters.items() if value is not None}
    kept = {name: value for name, value in parameters.items() if name not in sent.parameters}
    return kept | overrides


def _message_type(sent: ContactMessage) -> str:
    """Name the kind of message as the provider does."""
    if sent.kind == "media":
        return _FILE_KINDS.get(sent.media[0].content_type.split("/")[0], "document")
    return "interactive" if sent.button else sent.kind


def _place_parameters(place: SentLocation) -> dict[str, str]:
    """Write a shared place; what it lacks is not sent."""
    parameters = {"Latitude": str(place.latitude), "Longitude": str(place.longitude)}
    parameters |= {"Address": place.address} if place.address else {}
    return parameters | ({"Label": place.label} if place.label else {})


def _button_parameters(sent: ContactMessage, business: str) -> dict[str, str]:
    """Write a tapped button or row of a list."""
    if sent.button is None:  # pragma: no cover - asked only when there is one
        return {}
    reply = {"id": sent.button.payload, "title": sent.button.text}
    parameters = {
        "ButtonPayload": sent.button.payload,
        "ButtonText": sent.button.text,
        "ButtonType": "REPLY",
        "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": {}}}),
    }
    if sent.kind == "list":
        parameters |= {"ListId": reply["id"], "ListTitle": reply["title"]}
        parameters["InteractiveData"] = json.dumps({"type": "list_reply", "list_reply": reply}, ensure_ascii=False)
    if sent.replied_sid:
        parameters |= {"OriginalRepliedMessageSid": sent.replied_sid, "OriginalRepliedMessageSender": business}
    return parameters
