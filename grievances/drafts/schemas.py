"""What the drafts feature takes and gives."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """What a dialogue is for."""

    FILING = "filing"
    STATUS = "status"
    REOPENING = "reopening"


class DraftView(BaseModel):
    """A dialogue; without content once it is finished or dropped.

    Attributes:
        asked: Which question stands; the answers themselves are in `content`.
        last_turn_id: The turn that changed it last.
        last_reply: What was answered in that turn.
        version: Changes at every saving.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    contact_id: str
    conversation_id: str | None
    kind: Kind
    content: dict[str, Any] | None
    asked: str | None
    last_turn_id: str | None
    last_reply: list[Any] | None
    version: int
    started_at: datetime
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether something is unfinished."""
        return self.content is not None
