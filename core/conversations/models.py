"""Tables of contacts, their addresses and consents, conversations and transcripts."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime
from core.privacy.encryption import EncryptedJson


class Contact(Base):
    """A person who writes or calls."""

    __tablename__ = "contact"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str | None] = mapped_column(EncryptedJson("contact.name"))
    language: Mapped[str | None] = mapped_column(String(8))
    language_fixed: Mapped[bool] = mapped_column(default=False)
    place: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("contact.place"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Address(Base):
    """Where a contact can be reached: a hint of who it is, not a proof."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("kind", "value_index"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(EncryptedJson("address.value"))
    value_index: Mapped[bytes]
    verified_how: Mapped[str | None] = mapped_column(String(16))
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_inbound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Consent(Base):
    """A contact's agreement that personal data is kept, and its withdrawal."""

    __tablename__ = "consent"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(16))
    noticed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Conversation(Base):
    """One stretch of talk on one address; at most one is open per address."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index(
            "ux_conversation_open",
            "address_id",
            unique=True,
            sqlite_where=text("state != 'closed'"),
            postgresql_where=text("state != 'closed'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    address_id: Mapped[str] = mapped_column(ForeignKey("address.id"), index=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    room: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), index=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_message_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Message(Base):
    """A line of the transcript, whoever wrote it.

    For a contact's line, `turn_id` is the turn that took it up and `answered_at` when that turn was done with it.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation", "conversation_id", "id"),
        Index(
            "ix_message_open",
            "conversation_id",
            "id",
            sqlite_where=text("author = 'contact' AND answered_at IS NULL"),
            postgresql_where=text("author = 'contact' AND answered_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    author: Mapped[str] = mapped_column(String(8))
    officer_id: Mapped[str | None] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(8))
    content: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("message.content"))
    turn_id: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
