"""Tables of unfinished dialogues about grievances, and of tries to prove a grievance by its code."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime
from core.privacy.encryption import EncryptedJson


class GrievanceDraft(Base):
    """One dialogue of a contact, of one kind; without content once it is finished or dropped.

    `last_turn_id` and `last_reply` are the turn that changed it last and what was answered, so that a repeated turn
    is answered with the same words.
    """

    __tablename__ = "grievance_draft"
    __table_args__ = (UniqueConstraint("contact_id", "kind"), Index("ix_grievance_draft_updated_at", "updated_at"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"))
    kind: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("grievance_draft.content"))
    asked: Mapped[str | None] = mapped_column(String(24))
    last_turn_id: Mapped[str | None] = mapped_column(String(64))
    last_reply: Mapped[list[Any] | None] = mapped_column(EncryptedJson("grievance_draft.last_reply"))
    version: Mapped[int] = mapped_column(Integer, default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrievanceProofTry(Base):
    """That a contact tried to prove a grievance by its code; not which one."""

    __tablename__ = "grievance_proof_try"
    __table_args__ = (Index("ix_grievance_proof_try_contact", "contact_id", "tried_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"))
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
