"""Tables of what is registered elsewhere: the spool of registrations, of closings, and how far we have read."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime
from core.privacy.encryption import EncryptedJson


class Spooled:
    """What every row of a spool has.

    `state` is one of `grievances.registries.schemas.SpoolState`; `next_attempt_at` is when the row is to be looked at
    again, whatever its state, and None when never.
    """

    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    asked: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sending_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str | None] = mapped_column(String(40))
    error_fields: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GrievanceExternal(Spooled, Base):
    """A grievance's registration elsewhere: what is sent or was received, how far it got, and its number there.

    `grievance_id` is None for a received grievance that could not be read: it waits for a person.
    `client_reference` is our reference as the registry knows it; of an unreadable one, a digest of what was received.
    """

    __tablename__ = "grievance_external"
    __table_args__ = (
        UniqueConstraint("grievance_id", "registry"),
        UniqueConstraint("registry", "number"),
        UniqueConstraint("registry", "client_reference"),
        Index("ix_grievance_external_next", "next_attempt_at", sqlite_where=text("next_attempt_at IS NOT NULL"),
              postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index("ix_grievance_external_trouble", "updated_at", sqlite_where=text("state IN ('failed', 'uncertain')"),
              postgresql_where=text("state IN ('failed', 'uncertain')")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    grievance_id: Mapped[str | None] = mapped_column(ForeignKey("grievance.id"))
    # The attribute `registry` is taken by SQLAlchemy.
    registered_with: Mapped[str] = mapped_column("registry", String(8))
    origin: Mapped[str] = mapped_column(String(6))
    client_reference: Mapped[str | None] = mapped_column(String(40))
    number: Mapped[str | None] = mapped_column(String(64))
    last_status: Mapped[str | None] = mapped_column(String(16))
    status_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remarks: Mapped[str | None] = mapped_column(EncryptedJson("grievance_external.remarks"))
    payload: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance_external.payload"))


class GrievanceExternalClosing(Spooled, Base):
    """Our closing of a grievance, told to the registry that knows it too; one row for each closing."""

    __tablename__ = "grievance_external_closing"
    __table_args__ = (
        UniqueConstraint("external_id", "closed_at"),
        Index("ix_grievance_external_closing_next", "next_attempt_at",
              sqlite_where=text("next_attempt_at IS NOT NULL"), postgresql_where=text("next_attempt_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    external_id: Mapped[str] = mapped_column(ForeignKey("grievance_external.id"))
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance_external_closing.payload"))


class RegistryMark(Base):
    """How far the grievances that were filed at a registry have been taken over."""

    __tablename__ = "grievance_registry_mark"

    registered_with: Mapped[str] = mapped_column("registry", String(8), primary_key=True)
    pulled_until: Mapped[datetime] = mapped_column(UtcDateTime)
    pulled_at: Mapped[datetime] = mapped_column(UtcDateTime)
