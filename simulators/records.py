"""What the simulated provider keeps: messages, media and content templates."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["inbound", "outbound-api"]


def new_sid(prefix: str) -> str:
    """Make a provider identifier: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Message:
    """One message in either direction.

    Attributes:
        contact: The other party's channel address, such as ``whatsapp:+910000000101``.
        business: Our own channel address.
        sent_at: When it left the provider; for an inbound message, when it came.
        details: What only some kinds have (template, buttons, media links, webhook parameters, receipt).
    """

    sid: str
    direction: Direction
    contact: str
    business: str
    body: str
    status: str
    created_at: float
    updated_at: float
    sent_at: float | None = None
    error_code: int | None = None
    num_media: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0

    @property
    def inbound(self) -> bool:
        """Whether the contact wrote it."""
        return self.direction == "inbound"

    @property
    def sender(self) -> str:
        """The address it came from."""
        return self.contact if self.inbound else self.business

    @property
    def recipient(self) -> str:
        """The address it goes to."""
        return self.business if self.inbound else self.contact


@dataclass(frozen=True, slots=True)
class Media:
    """A file that belongs to a message."""

    sid: str
    message_sid: str
    content_type: str
    filename: str
    data: bytes
    created_at: float


@dataclass(frozen=True, slots=True)
class Content:
    """A content template and whether WhatsApp approved it for use outside the window."""

    sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    approval: str
    created_at: float


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages a list asks for; times are whole seconds since 1970, both ends included."""

    recipient: str | None = None
    sender: str | None = None
    sent_from: int | None = None
    sent_until: int | None = None
    before_sequence: int | None = None
    limit: int = 50
