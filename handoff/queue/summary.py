"""What an officer wants to know before reading: what is being told, which grievances there are, what was asked last."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.conversations.schemas import ConversationView, MessageView
from grievances import reference
from grievances import service as grievances
from grievances.drafts import service as drafts
from grievances.drafts.schemas import Kind

LONGEST = 300
"""Characters of what was asked last."""
_TOLD = ("category", "against", "against_name", "amount", "since", "enterprise", "pincode", "district", "state")


async def summary_of(session: AsyncSession, view: ConversationView, lines: Sequence[MessageView]) -> dict[str, Any]:
    """A handover's summary; what is not known is left out.

    Returns:
        ``language``, ``channel``, ``place``; ``complaint``: the answers of the complaint that is being told, with
        ``files``, their number, and ``question``, which one stands; ``grievances``: references as they are shown;
        ``asked``: what the assistant said last.
    """
    draft = await drafts.find(session, view.contact_id, Kind.FILING)
    told = (draft.content or {}) if draft else {}
    complaint = {name: told[name] for name in _TOLD if told.get(name)}
    if complaint or told.get("files"):
        complaint |= {"files": len(told.get("files") or ()), "question": draft.asked if draft else None}
    asked = next((line for line in reversed(lines) if line.author == "bot" and (line.content or {}).get("text")), None)
    found = {
        "language": view.language,
        "channel": view.channel,
        "place": view.place,
        "complaint": complaint,
        "grievances": [
            reference.shown(one.reference) for one in await grievances.of_contact(session, view.contact_id, limit=5)
        ],
        "asked": str((asked.content or {})["text"])[:LONGEST] if asked else None,
    }
    return {name: value for name, value in found.items() if value}
