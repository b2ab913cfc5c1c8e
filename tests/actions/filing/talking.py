"""A contact who talks to the form without Rasa: every message says what the assistant would have understood."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from actions.filing import form
from actions.filing.draft import Draft, Question
from actions.filing.taking import Effect
from actions.filing.words import Choice, File, Heard, Say

TODAY = date(2026, 11, 23)
STORY = "mera buyer Gupta Stores 3 lakh nahi de raha 5 mahine se, bar bar tarka raha hai"


def heard(text: str = "", intent: str = "nlu_fallback", **changes: Any) -> Heard:
    """A message; `confidence` is that of a plain case if not told otherwise."""
    facts: dict[str, Any] = {"text": text, "intent": intent, "today": TODAY, "confidence": 0.95, "language": "hi-Latn"}
    return Heard(**{**facts, **changes})


@dataclass
class Talk:
    """A conversation with the form.

    Attributes:
        draft: The complaint as it stands.
        said: The keys of the answer to the last message, in order.
        put: Every question that was put, in order, repeats included.
        effect: What the last message led to.
        aside: Whose action was to answer the last message.
    """

    consent: bool = True
    draft: Draft | None = None
    said: list[str] = field(default_factory=list)
    says: tuple[Say, ...] = ()
    put: list[Question | None] = field(default_factory=list)
    effect: Any = None
    aside: str | None = None
    turns: int = 0

    def begins(self, text: str = "", intent: str = "file_grievance", **changes: Any) -> "Talk":
        """The message that begins the complaint."""
        return self._take(form.begin(heard(text, intent, consent=self.consent, **changes)))

    def writes(self, text: str, intent: str = "nlu_fallback", **changes: Any) -> "Talk":
        """A message in words."""
        assert self.draft is not None
        return self._take(form.answer(self.draft, heard(text, intent, consent=self.consent, **changes)))

    def presses(self, choice: str, question: Question | None = None, *, draft: str | None = None) -> "Talk":
        """A button, of the question that stands if not told otherwise."""
        assert self.draft is not None
        question = question or self.draft.asked
        assert question is not None
        pressed = Choice(question.value, choice, self.draft.id if draft is None else draft)
        return self._take(form.answer(self.draft, heard("", "grievance_answer", choice=pressed, consent=self.consent)))

    def sends(self, *files: File, text: str = "") -> "Talk":
        """Files, perhaps with words."""
        assert self.draft is not None
        message = heard(text, "received_media", files=files, consent=self.consent)
        return self._take(form.answer(self.draft, message))

    def _take(self, step: form.Step) -> "Talk":
        self.turns += 1
        self.draft, self.says, self.effect = step.draft, step.says, step.effect
        self.said = [str(one["response"]) for one in step.says]
        self.aside = step.aside.intent if step.aside else None
        if step.effect is Effect.GIVE_CONSENT:
            self.consent = True
        self.put.append(step.draft.asked if step.draft else None)
        return self

    def asked(self) -> Question | None:
        """The question that stands."""
        return self.draft.asked if self.draft else None

    @property
    def answers(self) -> Draft:
        """The complaint; there is one."""
        assert self.draft is not None
        return self.draft


def at_summary() -> Talk:
    """A whole complaint, read back."""
    talk = Talk().begins(STORY, district="Pune", state="Maharashtra")
    talk.writes("haan", "affirm").writes("Asha Tailors").presses("done")
    assert talk.asked() is Question.CHECK
    return talk
