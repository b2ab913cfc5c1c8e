"""Tables of grievances: the events that happened, and what follows from them."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime
from core.privacy.encryption import EncryptedJson, keyring

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The next deadline of a grievance that owes nothing."""


class EncryptedBytes(EncryptedJson):
    """Bytes, encrypted."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else keyring().encrypt(bytes(value), self.label)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Decrypt on the way out."""
        return None if value is None else keyring().decrypt(bytes(value), self.label)


_LISTED = ("room", "status", "level", "category", "state")


class Grievance(Base):
    """A grievance as its events leave it; every column but the counters of proving is checked against them.

    `due_at` is the next deadline, and `NEVER` when nothing is owed, so that one index orders every list.
    The wide indexes hold all that a list filters by: a page is found in the index and only its rows are read.
    """

    __tablename__ = "grievance"
    __table_args__ = (
        UniqueConstraint("turn_id", "position"),
        Index("ix_grievance_due", "due_at", "id", *_LISTED),
        Index("ix_grievance_filed", "filed_at", "id", *_LISTED),
        Index("ix_grievance_room_due", "room", "due_at", "id", *_LISTED[1:]),
        Index("ix_grievance_room_filed", "room", "filed_at", "id", *_LISTED[1:]),
        # Only for counting how many stand where: partial, so that no list is led astray into sorting what it gives.
        Index("ix_grievance_standing", "status", "level", "due_at", sqlite_where=text("status != ''"),
              postgresql_where=text("status != ''")),
        Index("ix_grievance_contact", "contact_id", "filed_at"),
        Index("ix_grievance_similar_district", "category", "district_index", "filed_at"),
        Index("ix_grievance_similar_state", "category", "state", "filed_at"),
        Index("ix_grievance_udyam", "udyam_index", "filed_at", sqlite_where=text("udyam_index IS NOT NULL"),
              postgresql_where=text("udyam_index IS NOT NULL")),
        Index("ix_grievance_against", "against_index", "filed_at", sqlite_where=text("against_index IS NOT NULL"),
              postgresql_where=text("against_index IS NOT NULL")),
        Index("ix_grievance_cpgrams", "cpgrams_number", sqlite_where=text("cpgrams_number IS NOT NULL"),
              postgresql_where=text("cpgrams_number IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    reference: Mapped[str] = mapped_column(String(11), unique=True)
    status: Mapped[str] = mapped_column(String(10))
    level: Mapped[str] = mapped_column(String(10))
    priority: Mapped[int] = mapped_column(SmallInteger)
    category: Mapped[str] = mapped_column(String(32))
    room: Mapped[str] = mapped_column(String(64))
    owed_room: Mapped[str] = mapped_column(String(64))
    state: Mapped[str | None] = mapped_column(String(2))
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"))
    address_id: Mapped[str | None] = mapped_column(ForeignKey("address.id"))
    turn_id: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(8))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clock_started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attend_by: Mapped[datetime] = mapped_column(UtcDateTime)
    conclude_by: Mapped[datetime] = mapped_column(UtcDateTime)
    outer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    interim_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    interim_until: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
    feedback: Mapped[int | None] = mapped_column(SmallInteger)
    feedback_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened: Mapped[int] = mapped_column(SmallInteger, default=0)
    follows: Mapped[str | None] = mapped_column(String(26))
    merged_into: Mapped[str | None] = mapped_column(String(26))
    cpgrams_number: Mapped[str | None] = mapped_column(String(64))
    odr_number: Mapped[str | None] = mapped_column(String(64))
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)
    code_index: Mapped[bytes] = mapped_column(LargeBinary(16))
    udyam_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    against_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    district_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    particulars: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance.particulars"))
    place: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance.place"))
    closing_reasons: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance.closing_reasons"))


class GrievanceEvent(Base):
    """One event; never updated but to erase its details. `number` counts the events of the whole ledger.

    `changes` is the JSON text of the columns that the event set, none of them words of a person.
    """

    __tablename__ = "grievance_event"
    __table_args__ = (
        UniqueConstraint("grievance_id", "seq"),
        Index("ux_grievance_event_turn", "grievance_id", "kind", "turn_id", unique=True,
              sqlite_where=text("turn_id IS NOT NULL"), postgresql_where=text("turn_id IS NOT NULL")),
    )  # fmt: skip

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    grievance_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"))
    seq: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(8))
    officer_id: Mapped[str | None] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(16))
    from_status: Mapped[str | None] = mapped_column(String(10))
    to_status: Mapped[str] = mapped_column(String(10))
    turn_id: Mapped[str | None] = mapped_column(String(64))
    changes: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance_event.details"))
    detail_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    previous_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class GrievanceVector(Base):
    """The meaning of what happened, as half-precision numbers: apart, because lists never read it."""

    __tablename__ = "grievance_vector"

    grievance_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"), primary_key=True)
    vector: Mapped[bytes] = mapped_column(EncryptedBytes("grievance_vector.vector"))


class GrievanceTerm(Base):
    """A word by which a grievance is found: its blind index, never the word."""

    __tablename__ = "grievance_term"
    __table_args__ = (Index("ix_grievance_term_owner", "grievance_id"), {"sqlite_with_rowid": False})

    term: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    grievance_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(12), primary_key=True)


class GrievanceAttachment(Base):
    """A file of a grievance; the file itself is kept by `core.media`."""

    __tablename__ = "grievance_attachment"

    grievance_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"), primary_key=True)
    media_id: Mapped[str] = mapped_column(ForeignKey("media.id"), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(127))
    size: Mapped[int] = mapped_column(Integer)
    added_by: Mapped[str] = mapped_column(String(8))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrievanceLink(Base):
    """What an officer decided about two grievances that look alike; the older id comes first."""

    __tablename__ = "grievance_link"
    __table_args__ = (Index("ix_grievance_link_second", "second_id"),)

    first_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"), primary_key=True)
    second_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"), primary_key=True)
    decision: Mapped[str] = mapped_column(String(10))
    officer_id: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrievanceProof(Base):
    """Wrong codes for a reference, whether or not a grievance has it."""

    __tablename__ = "grievance_proof"

    reference: Mapped[str] = mapped_column(String(11), primary_key=True)
    wrong: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GrievanceMessage(Base):
    """A notice that was posted to the contact, so that nothing is told twice."""

    __tablename__ = "grievance_message"

    grievance_id: Mapped[str] = mapped_column(ForeignKey("grievance.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    notice: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str | None] = mapped_column(String(26))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
