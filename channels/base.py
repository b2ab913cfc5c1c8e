"""What every channel is made of: its manifest, its sender and its routes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from fastapi import APIRouter

from core.events import InboundMessage, OutboundContent, Receipt

Accept = Callable[[InboundMessage], Awaitable[object]]
"""Takes a message in."""
RecordReceipt = Callable[[Receipt], Awaitable[bool]]
"""Moves an outbound message forward."""


@dataclass(frozen=True)
class Manifest:
    """What a channel is able to do.

    Attributes:
        name: Name of the channel.
        address_kind: Kind of address it uses.
        max_text: Longest text of one message, in characters.
        max_buttons: Most buttons with one message.
        max_text_with_buttons: Longest text of a message that has buttons.
        window: For how long after a contact's last message free text may be sent; None for always.
    """

    name: str
    address_kind: str
    max_text: int
    max_buttons: int
    max_text_with_buttons: int
    window: timedelta | None = None


class Sender(Protocol):
    """The only part of a channel that talks to its provider."""

    async def send(self, to: str, content: OutboundContent, outbound_id: str) -> str:
        """Ask the provider to deliver a message.

        Args:
            to: The address.
            content: What is said.
            outbound_id: Our id; its receipts will carry it.

        Returns:
            The provider's id of the message.

        Raises:
            RetryableDelivery: It was certainly not accepted.
            FinalDelivery: It was refused; with the code `core.events.WINDOW_CLOSED` where the contact must write first.
            UncertainDelivery: Nobody knows.
        """
        ...

    async def find(self, to: str, content: OutboundContent, since: datetime) -> list[str]:
        """The provider's ids of messages with this text that it accepted for the address since then."""
        ...

    def list_inbound(self, since: datetime) -> AsyncIterator[InboundMessage]:
        """What the provider took from contacts since then, to find what never reached us."""
        ...

    async def fetch(self, url: str, limit: int) -> bytes:
        """A file that a contact sent, at most `limit` bytes of it.

        Raises:
            RetryableDelivery: It may be had later.
            FinalDelivery: It is not to be had, or the address is not the provider's.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


@runtime_checkable
class TemplateSender(Protocol):
    """What the sender of a channel with a window can do besides: say what the provider has approved beforehand."""

    async def has_template(self, content: OutboundContent) -> bool:
        """Whether an approved template says exactly this, so that it may be sent at any time.

        Raises:
            RetryableDelivery: That cannot be known just now.
        """
        ...

    async def send_template(self, to: str, content: OutboundContent, outbound_id: str) -> str:
        """As `Sender.send`, by the approved template."""
        ...


class RoutesFactory(Protocol):
    """Makes a channel's webhook routes."""

    def __call__(self, accept: Accept, record_receipt: RecordReceipt) -> APIRouter:
        """The routes, taking messages and receipts to the given doors."""
        ...


@dataclass(frozen=True)
class Channel:
    """A channel, ready to be used by the gateway."""

    manifest: Manifest
    make_sender: Callable[[], Sender]
    make_routes: RoutesFactory
