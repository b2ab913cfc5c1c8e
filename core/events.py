"""What comes in from a channel and what goes out to it, in Sahayak's own shape."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What a contact sent."""

    TEXT = "text"
    BUTTON = "button"
    MEDIA = "media"
    LOCATION = "location"
    EMPTY = "empty"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    schema_version: Literal[1] = 1


class AddressRef(_Frozen):
    """Where a contact can be reached.

    Args:
        kind: Such as ``whatsapp``.
        value: The number with its plus sign, or the provider's opaque id.
    """

    kind: str
    value: str


class MediaRef(_Frozen):
    """A file at the provider, not fetched yet.

    Args:
        url: Where the provider keeps it.
        declared_type: The media type that the provider names.
        file_id: Id of the stored copy, once it is fetched.
    """

    url: str
    declared_type: str
    file_id: str | None = None


class Location(_Frozen):
    """A place that a contact shared, in degrees (WGS 84)."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    label: str = ""


class InboundMessage(_Frozen):
    """A message of a contact, as its channel's parser gives it.

    Args:
        provider: Name of the provider, such as ``twilio``.
        provider_id: The provider's id of this message; the same id is the same message.
        channel: Name of the channel.
        address: Whom it came from.
        kind: What was sent.
        text: What was written, or the title of the button.
        button: Id of the button that was pressed.
        reply_to: The provider's id of the message of ours that this one answers.
        profile_name: The name that the contact shows to others.
        sent_at: When the provider took it.
    """

    provider: str
    provider_id: str
    channel: str
    address: AddressRef
    kind: Kind
    text: str = ""
    button: str | None = None
    reply_to: str | None = None
    media: tuple[MediaRef, ...] = ()
    location: Location | None = None
    profile_name: str = ""
    sent_at: datetime | None = None


class DeliveryState(StrEnum):
    """How far an outbound message has come; `core.outbox.states` has the legal moves."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


WINDOW_CLOSED = "window_closed"
"""Error code of a message that was refused because its contact has not written lately, in every channel."""


class Receipt(_Frozen):
    """What a provider says became of an outbound message.

    Args:
        outbound_id: Our id, carried in the receipt's URL; None where the provider cannot carry it.
        provider_id: The provider's id of the message.
        state: How far it came.
        error_code: The provider's code when it failed.
    """

    outbound_id: str | None
    provider_id: str
    state: DeliveryState
    error_code: str | None = None


class Button(_Frozen):
    """A choice that is offered with a message.

    Args:
        title: What the contact sees, at most 20 characters on WhatsApp.
        payload: What it means to the assistant; it stays on the server.
    """

    title: str
    payload: str


class OutboundContent(_Frozen):
    """What is said to a contact, before a channel gives it its form.

    Args:
        text: The sentence in the contact's language.
        language: ``en``, ``hi`` or ``hi-Latn``.
        key: Key of the catalogue entry; empty when a person wrote it.
        params: Parameters of the catalogue entry.
        buttons: Choices in the order shown.
        outside: Whether the provider has refused these words once because the contact has not written lately.
    """

    text: str
    language: str = "en"
    key: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    outside: bool = False
