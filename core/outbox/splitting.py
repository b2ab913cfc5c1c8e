"""Cuts a long text into messages that are short enough."""

from core.events import OutboundContent


def _cut(text: str, limit: int) -> int:
    """Where a text that is too long is best cut: at a line, a sentence, a word, or anywhere."""
    window = text[: limit + 1]
    cut = max(window.rfind("\n"), window.rfind("। ") + 1, window.rfind(". ") + 1)
    if cut < limit // 2:
        cut = max(cut, window.rfind(" "))
    return cut if cut > 0 else limit


def split_text(content: OutboundContent, limit: int, limit_with_buttons: int | None = None) -> list[OutboundContent]:
    """Cut a text into messages that are short enough; buttons go with the last.

    Args:
        content: What is said.
        limit: Most characters of one message.
        limit_with_buttons: Most characters of a message that has buttons.
    """
    last_limit = min(limit, limit_with_buttons or limit) if content.buttons else limit
    parts: list[str] = []
    rest = content.text if len(content.text) <= last_limit else content.text.strip()
    while len(rest) > last_limit:
        cut = _cut(rest, limit if len(rest) > limit else last_limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    parts.append(rest)
    last = len(parts) - 1
    return [
        content.model_copy(update={"text": part, "buttons": content.buttons if i == last else ()})
        for i, part in enumerate(parts)
    ]
