"""Table of conversations that were handed to the officers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime
from core.privacy.encryption import EncryptedJson


class Handover(Base):
    """One request for a person, from asking to resolving; at most one is open per conversation.

    `returned_at` is when an officer gave it back, dropped it or moved it: then it stands at the front of its room.
    """

    __tablename__ = "handover"
    __table_args__ = (
        Index(
            "ux_handover_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index(
            "ix_handover_waiting",
            "room",
            "requested_at",
            sqlite_where=text("claimed_at IS NULL AND resolved_at IS NULL"),
            postgresql_where=text("claimed_at IS NULL AND resolved_at IS NULL"),
        ),
        Index("ix_handover_served", "room", "resolved_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    turn_id: Mapped[str] = mapped_column(String(40), unique=True)
    reason: Mapped[str] = mapped_column(String(40))
    priority: Mapped[int] = mapped_column(Integer, default=0)
    room: Mapped[str | None] = mapped_column(String(64), index=True)
    routed_why: Mapped[list[Any] | None] = mapped_column(EncryptedJson("handover.routed_why"), deferred=True)
    summary: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("handover.summary"), deferred=True)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    officer_id: Mapped[str | None] = mapped_column(String(26), index=True)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disposition: Mapped[str | None] = mapped_column(String(40))
