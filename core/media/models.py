"""Table of files that contacts sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime


class Media(Base):
    """One file of a message; `state` says whether it is kept, and if not, why."""

    __tablename__ = "media"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    declared_type: Mapped[str] = mapped_column(String(127))
    content_type: Mapped[str | None] = mapped_column(String(127))
    size: Mapped[int] = mapped_column(Integer, default=0)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
