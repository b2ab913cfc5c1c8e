"""Checks content templates and fills in their variables, as far as WhatsApp shows them."""

import re
from typing import Any

from simulators.twilio.errors import TwilioError

_VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_KNOWN_TYPES = {
    "twilio/text": ("body",),
    "twilio/quick-reply": ("body", "actions"),
    "twilio/list-picker": ("body", "button", "items"),
    "twilio/call-to-action": ("body", "actions"),
    "twilio/media": ("media",),
}
MAX_TITLE = 20
MAX_ROW = 24
MAX_DESCRIPTION = 72
MAX_ID = 200
MAX_CARD_BODY = 1024
MAX_QUICK_REPLIES = 10
MAX_QUICK_REPLIES_UNAPPROVED = 3
MAX_ROWS = 10


def check_types(types: Any) -> dict[str, Any]:
    """Check the ``types`` of a new template.

    Raises:
        TwilioError: When a type is unknown or lacks one of its parts.
    """
    if not isinstance(types, dict) or not types:
        raise _bad("types is required")
    for name, parts in types.items():
        if name not in _KNOWN_TYPES:
            raise _bad(f"unknown content type {name}")
        if not isinstance(parts, dict) or any(not parts.get(part) for part in _KNOWN_TYPES[name]):
            raise _bad(f"{name} needs {', '.join(_KNOWN_TYPES[name])}")
    _check_options(types)
    return types


def _check_options(types: dict[str, Any]) -> None:
    """Check what can be tapped."""
    actions = types.get("twilio/quick-reply", {}).get("actions", [])
    rows = types.get("twilio/list-picker", {}).get("items", [])
    for options, title, most in ((actions, "title", MAX_QUICK_REPLIES), (rows, "item", MAX_ROWS)):
        if not isinstance(options, list) or len(options) > most:
            raise _bad(f"at most {most} options")
        if any(not isinstance(option, dict) or not option.get(title) for option in options):
            raise _bad(f"each option needs {title}")


def _bad(what: str) -> TwilioError:
    return TwilioError(400, 20001, f"Invalid content: {what}")


def fill(value: Any, variables: dict[str, str]) -> Any:
    """Fill the variables into every text of a template; one without a value is left as it stands."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [fill(item, variables) for item in value]
    if isinstance(value, dict):
        return {name: fill(item, variables) for name, item in value.items()}
    return value


def rejection(types: dict[str, Any], variables: dict[str, str]) -> str:
    """Why WhatsApp would not approve a template for use outside the window; empty when it would."""
    parts = next(iter(types.values()))
    body = str(parts.get("body") or "").strip()
    named = set(_VARIABLE.findall(body))
    if body.startswith("{{") or body.endswith("}}"):
        return "Variables can't be at the start or end of the template."
    if re.search(r"}}\s*{{", body):
        return "Variables can't stand beside each other."
    if named != set(variables) or not all(value.strip() for value in variables.values()):
        return "Every variable needs a sample, and every sample a variable."
    return "" if len(body) <= MAX_CARD_BODY else "The text is too long."


def fits_a_variable(value: str) -> bool:
    """Whether WhatsApp takes a value in an approved template: one line, no tabs, no rows of spaces, not empty."""
    return bool(value.strip()) and not re.search(r"[\n\r\t]| {5,}", value)


def card(types: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    """Show a template as the phone does: its text and what can be tapped."""
    filled = fill(types, variables)
    if "twilio/quick-reply" in filled:
        parts = filled["twilio/quick-reply"]
        buttons = [
            {"title": action["title"], "id": str(action.get("id") or action["title"])} for action in parts["actions"]
        ]
        return {"type": "quick-reply", "body": parts["body"], "buttons": buttons}
    if "twilio/list-picker" in filled:
        parts = filled["twilio/list-picker"]
        rows = [
            {"title": row["item"], "id": str(row.get("id") or row["item"]), "description": row.get("description") or ""}
            for row in parts["items"]
        ]
        return {"type": "list", "body": parts["body"], "label": parts["button"], "rows": rows}
    if "twilio/call-to-action" in filled:
        parts = filled["twilio/call-to-action"]
        links = [{"title": link.get("title", ""), "url": link["url"]} for link in parts["actions"] if link.get("url")]
        return {"type": "links", "body": parts["body"], "links": links}
    parts = filled.get("twilio/text") or filled.get("twilio/media") or {}
    return {"type": "text", "body": parts.get("body") or "", "media": parts.get("media") or []}


def shows_on_whatsapp(shown: dict[str, Any], *, approved: bool) -> bool:
    """Whether WhatsApp would show a filled template, or refuse it for its sizes."""
    if shown["type"] == "text":
        return True
    if not shown["body"].strip() or len(shown["body"]) > MAX_CARD_BODY:
        return False
    if shown["type"] == "quick-reply":
        most = MAX_QUICK_REPLIES if approved else MAX_QUICK_REPLIES_UNAPPROVED
        return len(shown["buttons"]) <= most and _fit(shown["buttons"], MAX_TITLE)
    if shown["type"] == "list":
        long = any(len(row["description"]) > MAX_DESCRIPTION for row in shown["rows"])
        return len(shown["label"]) <= MAX_TITLE and not long and _fit(shown["rows"], MAX_ROW)
    return True


def _fit(options: list[dict[str, str]], longest: int) -> bool:
    """Whether titles and ids are neither empty, nor too long, nor given twice."""
    sized = all(0 < len(option["title"]) <= longest and len(option["id"]) <= MAX_ID for option in options)
    return sized and len({option["id"] for option in options}) == len(options)
