"""Table of messages on their way to a contact."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime
from core.privacy.encryption import EncryptedJson


class Outbound(Base):
    """One message to a contact; unique on the turn and the position in it, so that a repeated turn adds none."""

    __tablename__ = "outbound"
    __table_args__ = (
        UniqueConstraint("turn_id", "position"),
        Index("ix_outbound_lane", "conversation_id", "id"),
        Index(
            "ix_outbound_open",
            "next_attempt_at",
            sqlite_where=text("state IN ('queued', 'sending', 'uncertain')"),
            postgresql_where=text("state IN ('queued', 'sending', 'uncertain')"),
        ),
        Index(
            "ix_outbound_attention",
            "message_id",
            sqlite_where=text("state IN ('failed', 'uncertain') AND settled_at IS NULL"),
            postgresql_where=text("state IN ('failed', 'uncertain') AND settled_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    address_id: Mapped[str] = mapped_column(ForeignKey("address.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    turn_id: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("outbound.content"))
    state: Mapped[str] = mapped_column(String(9))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    provider_id: Mapped[str | None] = mapped_column(String(64), index=True)
    error_code: Mapped[str | None] = mapped_column(String(40))
    executor_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sending_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
