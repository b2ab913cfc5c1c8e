"""What is said and heard in the form, without Rasa: messages by key, buttons, and a message as it was understood."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from actions.filing.draft import Question
from actions.parsing.commands import command_in
from actions.parsing.text import words

Say = dict[str, Any]
"""A message: `response` is its key in the catalogue, the rest its parameters, `offers` and `named`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of the form that was pressed; `draft` is the complaint that it belongs to."""

    question: str
    choice: str
    draft: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with the message.

    Attributes:
        id: Of the stored file.
        state: What became of it, a `core.media.service.MediaState`.
        content_type: As recognised by its content; None where it is not kept.
    """

    id: str
    state: str
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the contact as the form needs it.

    Attributes:
        text: Everything that was written; empty when a button was pressed.
        intent: What the assistant understood.
        confidence: How surely.
        choice: The pressed button of the form.
        district: A district that the assistant recognised.
        state: A State that it recognised.
        scheme: A scheme that it recognised.
        category: The category that a button outside the form names.
        files: What came with it.
        language: In which it is written.
        language_choice: The language that the contact asks for.
        consent: Whether the contact agreed that personal data is kept.
        today: The day in India.
    """

    text: str
    intent: str
    today: date
    confidence: float = 1.0
    choice: Choice | None = None
    district: str | None = None
    state: str | None = None
    scheme: str | None = None
    category: str | None = None
    files: tuple[File, ...] = ()
    language: str = "en"
    language_choice: str | None = None
    consent: bool = True

    @property
    def length(self) -> int:
        """How many words were written."""
        return len(words(self.text))

    @property
    def command(self) -> str | None:
        """What the whole message orders, such as `skip`; its words win over what the assistant understood."""
        return command_in(self.text)

    def means(self, *intents: str, at_most: int = 6, sure: float = 0.6) -> bool:
        """Whether this is a short message with one of these meanings, or a button with it."""
        if self.intent not in intents:
            return False
        return not self.text or (self.confidence >= sure and self.length <= at_most)


def press(question: Question, choice: str, draft: str = "", *, consents: bool = False) -> str:
    """The payload of a button of the form."""
    inside = {"question": question.value, "choice": choice} | ({"draft": draft} if draft else {})
    payload = "/grievance_answer" + json.dumps(inside, separators=(",", ":"))
    return f"gateway:consent_give:{payload}" if consents else payload


def offer(title: str, payload: str) -> dict[str, str]:
    """A button by the key of its title."""
    return {"title": title, "payload": payload}


def say(key: str, *offers: dict[str, str], named: dict[str, str] | None = None, **params: Any) -> Say:
    """A message."""
    found: Say = {"response": key, **params}
    if offers:
        found["offers"] = list(offers)
    if named:
        found["named"] = named
    return found
