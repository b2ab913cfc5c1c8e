"""Tables of what was taken in: provider ids already seen, turns, and signs of life of those who run them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime


class InboundSeen(Base):
    """A provider's message id, as a hash, so that a replay is known a year later."""

    __tablename__ = "inbound_seen"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Turn(Base):
    """One answer to one or more messages of a conversation, made exactly once."""

    __tablename__ = "turn"
    __table_args__ = (
        Index(
            "ix_turn_unfinished",
            "claimed_at",
            sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(200))


class Heartbeat(Base):
    """The last sign of life of a process that runs turns, so that others can take its work over."""

    __tablename__ = "heartbeat"

    executor_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recovered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
