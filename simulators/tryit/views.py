"""What the phone shows of a message."""

from typing import Any

from simulators.records import Media, Message

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_ARRIVED = frozenset({"sent", "delivered", "read"})


def on_phone(message: Message) -> bool:
    """Whether the phone has it: what failed or still waits at the provider has not come."""
    return message.inbound or message.status in _ARRIVED


def message_view(message: Message, files: list[Media]) -> dict[str, Any]:
    """Show a message; ``mine`` are the contact's own."""
    details = message.details
    return {
        "sid": message.sid,
        "sequence": message.sequence,
        "mine": message.inbound,
        "text": message.body,
        "at": int(message.created_at * 1000),
        "tick": details.get("receipt") if message.inbound else None,
        "card": details.get("card"),
        "place": details.get("location") or _sent_place(details.get("persistent_action")),
        "files": [
            {"url": f"/try/files/{file.sid}", "name": file.filename, "picture": file.content_type in PICTURES}
            for file in files
        ],
    }


def _sent_place(action: str | None) -> dict[str, Any] | None:
    """Read a place the business sent (``geo:26.4,80.3|Kanpur``)."""
    if not action:
        return None
    point, _, label = action.removeprefix("geo:").partition("|")
    latitude, _, longitude = point.partition(",")
    return {"latitude": float(latitude), "longitude": float(longitude), "label": label, "address": ""}


def step_view(step: dict[str, Any]) -> dict[str, Any]:
    """Show one step on the wire."""
    return {
        "what": step["what"],
        "at": int(step["at"] * 1000),
        "status": step.get("message_status"),
        "code": step.get("status_code"),
        "milliseconds": step.get("milliseconds"),
    }


def option_title(message: Message, chosen: str) -> tuple[str, str] | None:
    """The kind and title of what was tapped under a message, if it was offered there."""
    card = message.details.get("card") or {}
    for kind, options in (("button", card.get("buttons", [])), ("list", card.get("rows", []))):
        for option in options:
            if option["id"] == chosen:
                return kind, option["title"]
    return None
