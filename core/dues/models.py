"""Table of work that is due later."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime


class Due(Base):
    """Something that must happen at a time; a sweep finds it, nothing sleeps for it."""

    __tablename__ = "due"
    __table_args__ = (
        # The subject stands first so that the same index finds everything that is due for a subject.
        UniqueConstraint("subject_id", "what", "due_at"),
        Index(
            "ix_due_open",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    what: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(26))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
