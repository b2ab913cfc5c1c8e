"""Who answers a turn, by the state of its conversation, and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from channels.gateway.rasa_client import RasaClient
from core.conversations.state import State
from core.errors import BotUnavailable
from core.events import Button, Kind, OutboundContent
from core.i18n import sentence
from core.media.service import MediaState, MediaView
from core.turns.service import Claim

BOT_TEXT_LIMIT = 1000
"""Longest text that is given to the assistant, in characters; the transcript keeps all of it."""
OFFICER_PAYLOAD = "/talk_to_officer"


@dataclass(frozen=True)
class Reply:
    """What is to be said and remembered.

    Attributes:
        contents: What is said, in order; empty is silence.
        language: The language to remember for the contact; None leaves it.
        language_fixed: Whether the contact chose it.
        failed: Whether the assistant could not be asked.
    """

    contents: tuple[OutboundContent, ...] = ()
    language: str | None = None
    language_fixed: bool = False
    failed: bool = False


@dataclass(frozen=True)
class Question:
    """What a turn asks.

    Attributes:
        claim: The messages that were taken up.
        pressed: The offered choice that they mean.
        consent: Whether the contact agreed that personal data is kept.
        noticed: Whether the contact was told that personal data is kept.
        now: The present moment.
        stopped: Whether the contact had stopped everything that we send.
        files: The files that came with the messages, with what became of each.
        late_minutes: Age of the oldest message in minutes when it is late, else 0.
    """

    claim: Claim
    pressed: Button | None
    consent: bool
    noticed: bool
    now: datetime
    stopped: bool = False
    files: tuple[MediaView, ...] = ()
    late_minutes: int = 0

    @property
    def text(self) -> str:
        """The messages as one text."""
        texts = [str((message.content or {}).get("text", "")).strip() for message in self.claim.messages]
        return "\n".join(text for text in texts if text)

    @property
    def refused_file(self) -> bool:
        """Whether a file that came with the messages is not kept."""
        return any(file.state is not MediaState.KEPT for file in self.files)

    @property
    def language(self) -> str:
        """The contact's language, as far as it is known."""
        return self.claim.conversation.language or "en"


class Responder(Protocol):
    """Answers turns of conversations in one state."""

    async def respond(self, question: Question) -> Reply:
        """What is to be said."""
        ...


class SilentResponder:
    """An officer has the conversation, or will: the desk shows the message, nobody else answers."""

    async def respond(self, question: Question) -> Reply:
        """Nothing."""
        return Reply()


class BotResponder:
    """The assistant answers.

    Args:
        rasa: Its client.
    """

    def __init__(self, rasa: RasaClient) -> None:
        self._rasa = rasa

    async def respond(self, question: Question) -> Reply:
        """The assistant's answer; an apology with the offer of an officer when it cannot be asked."""
        reply = await self._ask(question)
        if question.late_minutes and reply.contents:
            apology = _say("gateway.late_apology", reply.language or question.language)
            reply = Reply((apology, *reply.contents), reply.language, reply.language_fixed, reply.failed)
        return reply

    async def _ask(self, question: Question) -> Reply:
        """Ask about words and files alike: in a complaint a picture is an answer."""
        conversation, files = question.claim.conversation, question.files
        try:
            answer = await self._rasa.ask(
                {
                    "turn_id": question.claim.turn_id,
                    "conversation_id": conversation.id,
                    "text": question.text[:BOT_TEXT_LIMIT],
                    "button": question.pressed.payload if question.pressed else None,
                    "channel": conversation.channel,
                    "language": conversation.language,
                    "language_fixed": conversation.language_fixed,
                    "late_minutes": question.late_minutes,
                    "consent": question.consent,
                    "kind": question.claim.messages[0].kind,
                    "files": [file.model_dump(mode="json", include={"id", "state", "content_type"}) for file in files],
                    "place": conversation.place,
                }
            )
        except BotUnavailable:
            return Reply(contents=(_without_the_assistant(question),), failed=True)
        return Reply(
            contents=tuple(
                OutboundContent(
                    text=message.text,
                    language=message.language,
                    key=message.key,
                    params=message.params,
                    buttons=message.buttons,
                )
                for message in answer.messages
                if message.text
            ),
            language=answer.language,
            language_fixed=answer.language_fixed,
        )


def _say(key: str, language: str) -> OutboundContent:
    return OutboundContent(text=sentence("gateway", key, language), language=language, key=key)


def _without_the_assistant(question: Question) -> OutboundContent:
    """What needs no understanding is said all the same; for words there is an apology."""
    kind = Kind(question.claim.messages[0].kind)
    if kind in {Kind.TEXT, Kind.BUTTON} or question.pressed is not None:
        return _apology(question.language)
    key = "gateway.media_refused" if question.refused_file else f"gateway.{kind}_received"
    return _say(key, question.language)


def _apology(language: str) -> OutboundContent:
    button = Button(title=sentence("gateway", "gateway.button_officer", language), payload=OFFICER_PAYLOAD)
    return _say("gateway.technical_problem", language).model_copy(update={"buttons": (button,)})


def make_responders(rasa: RasaClient) -> dict[State, Responder]:
    """The responder of each state."""
    silent = SilentResponder()
    return {State.BOT: BotResponder(rasa), State.WAITING: silent, State.OFFICER: silent, State.CLOSED: silent}
