"""A copy for people: what is held, told in lines, in the contact's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from core.i18n import MissingSentence, sentence
from rights.words import moment, say

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "profile": ("name", "language", "place"),
    "addresses": ("kind", "value"),
    "consents": ("purpose", "version", "noticed_at", "given_at", "declined_at", "withdrawn_at"),
    "grievances": (
        "reference", "category", "status", "filed_at", "particulars", "place", "outcome", "closed_at",
        "closing_reasons", "history",
    ),
    "registrations": ("registered_with", "number", "payload", "remarks"),
    "drafts": ("kind", "started_at", "updated_at", "content"),
    "handovers": ("requested_at", "reason", "resolved_at"),
    "conversations": ("channel", "room", "opened_at", "closed_at"),
}  # fmt: skip
"""What is told of each kind, in order; data.json has everything."""
CODES: Mapping[str, tuple[str, str]] = {
    "category": ("ledger", "category."),
    "against": ("ledger", "against."),
    "status": ("ledger", "status."),
    "outcome": ("ledger", "outcome."),
    "level": ("ledger", "level."),
    "reason": ("desk", "desk.reason_"),
    "purpose": ("privacy", "privacy.purpose_"),
    "language": ("privacy", "privacy.language_"),
    "kind": ("privacy", "privacy.kind_"),
    "channel": ("privacy", "privacy.kind_"),
    "registered_with": ("privacy", "privacy.kind_"),
}
"""Where the words of a field's codes are: catalogue, and how its keys begin."""
_LEFT_OUT = frozenset({"media_ids", "salt", "files"})
_EMPTY: tuple[Any, ...] = (None, "", {}, [])
Row = Mapping[str, Any]


class Held(Protocol):
    """What a copy has; see `rights.copies.Copy`."""

    @property
    def made_at(self) -> datetime:
        """When it was read."""

    @property
    def language(self) -> str:
        """In which it is told."""

    @property
    def held(self) -> Mapping[str, list[dict[str, Any]]]:
        """Rows by kind."""

    @property
    def shared_with(self) -> tuple[str, ...]:
        """Registries that have a copy."""


def text_of(copy: Held, files: Sequence[str]) -> str:
    """Everything of a copy in lines.

    Args:
        copy: What was read.
        files: Names of the contact's files in the archive.
    """
    language = copy.language
    lines = [
        say("copy_title", language),
        say("copy_made", language, when=moment(copy.made_at, language)),
        say("copy_json", language),
        *(say(f"shared_{registry}", language) for registry in copy.shared_with),
        say("shared_provider", language),
    ]
    for kind, fields in SECTIONS.items():
        if rows := copy.held.get(kind):
            lines += ["", *_heading(kind, len(rows), language)]
            for row in rows:
                lines += [*_described(row, fields, language), ""]
    lines += ["", *_heading("files", len(files), language), *(f"- {name}" for name in files)]
    messages = copy.held.get("messages", [])
    lines += ["", *_heading("messages", len(messages), language)]
    lines += [_message(message, language) for message in messages]
    return "\n".join(lines) + "\n"


def _heading(kind: str, count: int, language: str) -> list[str]:
    title = say(f"held_{kind}", language, count=count)
    return [title, "=" * len(title)]


def _described(row: Row, fields: Sequence[str], language: str) -> list[str]:
    lines = []
    for field in fields:
        value: Any = row.get(field)
        if value in _EMPTY:
            continue
        if field == "history":
            lines += [f"{label(field, language)}:", *(f"  - {_event(one, language)}" for one in value)]
        elif isinstance(value, Mapping):
            # Of an unfinished dialogue how far it got is of no interest to anybody: data.json has it.
            facts = _facts(value, language, only_named=field == "content")
            lines += [f"{label(field, language)}:", *(f"  {line}" for line in facts)]
        else:
            lines.append(f"{label(field, language)}: {told(field, value, language)}")
    return lines


def _facts(row: Row, language: str, *, only_named: bool = False) -> list[str]:
    return [
        f"{label(field, language)}: {told(field, value, language)}"
        for field, value in row.items()
        if field not in _LEFT_OUT and value not in _EMPTY and (_name_of(field, language) or not only_named)
    ]


def _event(event: Row, language: str) -> str:
    """A line of a grievance's history: when, who, what, and the words that go with it."""
    details = dict(event.get("details") or {})
    words = str(details.pop("text", ""))
    told_ = [_word("privacy", "privacy.event_", str(event["kind"]), language), *_facts(details, language)]
    who = say(f"author_{event['actor']}", language)
    return f"{_moment_or_text(str(event['at']), language)}  {who}: {'; '.join(told_)}" + (
        f"\n    {words}" if words else ""
    )


def _message(message: Row, language: str) -> str:
    content = message.get("content") or {}
    said = str(content.get("text") or "") or f"[{_word('privacy', 'privacy.message_', str(message['kind']), language)}]"
    who = say(f"author_{message['author']}", language)
    indented = said.replace("\n", "\n    ")
    return f"{_moment_or_text(str(message['created_at']), language)}  {who}: {indented}"


def label(field: str, language: str) -> str:
    """What a field is called; one without a name of its own is told by its key."""
    return _name_of(field, language) or field.replace("_", " ")


def _name_of(field: str, language: str) -> str:
    try:
        return say(f"field_{field}", language)
    except MissingSentence:
        return ""


def told(field: str, value: Any, language: str) -> str:
    """A field's value in words."""
    if isinstance(value, Mapping):
        return "; ".join(_facts(value, language))
    if isinstance(value, list):
        return ", ".join(told(field, one, language) for one in value)
    if field in CODES:
        return _word(*CODES[field], str(value), language)
    return _moment_or_text(str(value), language).replace("\n", "\n    ")


def _word(domain: str, prefix: str, code: str, language: str) -> str:
    """The word for a code; one that is not known stays as it is."""
    try:
        return sentence(domain, prefix + code.lower().replace("-", "_"), language)
    except MissingSentence:
        return code


def _moment_or_text(text: str, language: str) -> str:
    """A moment is shown as people write it; everything else stays as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment(at, language) if at.tzinfo is not None else text
