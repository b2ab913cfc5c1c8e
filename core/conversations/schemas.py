"""What the conversations feature gives to others."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.conversations.state import State


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class ConversationView(_View):
    """A conversation with what a turn needs to know about its contact."""

    id: str
    address_id: str
    contact_id: str
    channel: str
    room: str | None
    state: State
    version: int
    opened_at: datetime
    last_message_at: datetime
    language: str | None
    language_fixed: bool
    contact_name: str | None
    place: dict[str, Any] | None


class AddressView(_View):
    """An address, decrypted: for senders only."""

    id: str
    contact_id: str
    kind: str
    value: str
    stopped_at: datetime | None
    last_inbound_at: datetime | None


class MessageView(_View):
    """A line of a transcript."""

    id: int
    conversation_id: str
    author: str
    officer_id: str | None
    kind: str
    content: dict[str, Any] | None
    turn_id: str | None
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None


class ConsentView(_View):
    """What a contact was told and said about keeping personal data."""

    purpose: str
    version: str
    locale: str
    noticed_at: datetime
    given_at: datetime | None
    declined_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def is_given(self) -> bool:
        """Whether it holds now."""
        return self.given_at is not None and self.withdrawn_at is None
