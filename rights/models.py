"""Tables of requests to erase, of what was erased for a year after, and of links to a copy."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime


class Erasure(Base):
    """One request to erase everything; at most one of a contact waits.

    `finished_at` is when the stores outside this database had forgotten the contact too.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        Index(
            "ux_erasure_waiting",
            "contact_id",
            unique=True,
            sqlite_where=text("cancelled_at IS NULL AND erased_at IS NULL"),
            postgresql_where=text("cancelled_at IS NULL AND erased_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contact_id: Mapped[str] = mapped_column(String(26), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn: Mapped[int] = mapped_column(Integer, default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ErasedAddress(Base):
    """A keyed digest of an address that was erased: whoever names the address can be told when, for a year."""

    __tablename__ = "erased_address"

    digest: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    erasure_id: Mapped[str] = mapped_column(ForeignKey("erasure.id"), primary_key=True, index=True)


class ExportLink(Base):
    """A link to a copy of everything held, for one download; the token itself is only in the link."""

    __tablename__ = "export_link"
    __table_args__ = (Index("ix_export_link_contact", "contact_id", "made_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    token_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"))
    turn_id: Mapped[str] = mapped_column(String(40), unique=True)
    language: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
