"""What the actions ask of the ledger: the situation of a turn, drafts, filing, look-ups and moves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from actions.conversation import Turn
from core.clock import Clock
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.schemas import ConversationView
from core.db import Database
from core.errors import NotPermitted
from grievances import messages
from grievances import service as grievances
from grievances.categories import room_for
from grievances.drafts import service as drafts
from grievances.drafts.schemas import DraftView, Kind
from grievances.messages import Told
from grievances.schemas import CONTACT, EventView, Filed, GrievanceView, NewGrievance, Particulars, Place
from grievances.status import Move
from handoff.queue import rules
from handoff.queue import service as queue
from knowledge.errors import KnowledgeError
from knowledge.schemas import Meaning

log = structlog.get_logger(__name__)

PROVEN_CHANNELS = frozenset({"whatsapp", "telegram"})
"""Channels whose provider delivers to the address that wrote, and to nobody else."""
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Situation:
    """A turn, and what is known about whoever leads it.

    Attributes:
        conversation: The conversation with its contact.
        consent: Whether the contact agreed that personal data is kept.
        text: Everything that was written in this turn, uncut.
        draft: The dialogue of the wanted kind, finished or not.
        now: When.
    """

    conversation: ConversationView
    consent: bool
    text: str
    draft: DraftView | None
    now: datetime

    @property
    def is_proven(self) -> bool:
        """Whether whoever writes is the contact."""
        return self.conversation.channel in PROVEN_CHANNELS


@dataclass(frozen=True, slots=True)
class Kept:
    """How a turn leaves a dialogue: its content (None when it is finished), its question, and what was answered."""

    content: dict[str, Any] | None
    asked: str | None
    reply: list[Any]
    consent: Literal["given", "declined"] | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """A complaint as the form took it down."""

    category: str
    particulars: Particulars
    place: Place
    files: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A grievance with what its contact may read of its history."""

    view: GrievanceView
    history: tuple[EventView, ...]


class GrievanceDesk(Protocol):
    """The ledger, as far as an action knows it."""

    async def situation(self, turn: Turn, kind: Kind) -> Situation:
        """What is known in this turn."""

    async def words_of(self, turn_id: str) -> str:
        """What the contact wrote in an earlier turn; empty when it was erased."""

    async def unfinished(self, conversation_id: str) -> DraftView | None:
        """The complaint that the contact of a conversation has not finished."""

    async def keep(self, situation: Situation, turn_id: str, kind: Kind, kept: Kept) -> None:
        """Keep a dialogue, and what was said about consent.

        Raises:
            Conflict: Another turn changed it meanwhile.
        """

    async def file(
        self, situation: Situation, turn_id: str, filing: Filing, finish: Callable[[str], Kept]
    ) -> list[Any]:
        """File a grievance and keep what is answered, in one transaction.

        Args:
            situation: The turn's.
            turn_id: The turn.
            filing: The complaint.
            finish: Makes of the acknowledgement how the dialogue is left.

        Returns:
            What is answered.

        Raises:
            NotPermitted: The contact has not agreed that it is kept.
            InvalidInput: Something in it cannot be kept; names the field.
            NotFound: A file is not there any more.
            Conflict: Another turn changed the draft meanwhile.
        """

    async def own(self, situation: Situation) -> list[Standing]:
        """The contact's grievances, the newest first."""

    async def prove(self, situation: Situation, reference: str, code: str) -> Standing | None:
        """The grievance of a reference, to somebody who knows its code.

        Raises:
            TooMany: The contact tried too often within the hour.
        """

    async def act(
        self, grievance_id: str, move: Move, turn_id: str, *, text: str = "", rating: int | None = None
    ) -> GrievanceView:
        """Make a move of the contact's.

        Raises:
            Conflict: It is not legal now.
            InvalidInput: Something is missing.
        """


class Meanings(Protocol):
    """The knowledge process, for comparing grievances."""

    async def meaning(self, text: str, *, language: str) -> Meaning:
        """The meaning of a text."""


class LedgerDesk:
    """The real ledger; each method is one transaction.

    Args:
        database: The application's database.
        clock: Tells the time.
        meanings: Gives the meaning of what happened, for finding duplicates.
    """

    def __init__(self, database: Database, clock: Clock, meanings: Meanings) -> None:
        self._database, self._clock, self._meanings = database, clock, meanings

    async def situation(self, turn: Turn, kind: Kind) -> Situation:
        """What is known in this turn."""
        async with self._database.reading() as session:
            view = await conversations.get(session, turn.conversation_id)
            text = await _words(session, turn.turn_id) if turn.text or turn.files else ""
            return Situation(
                conversation=view,
                consent=await _agreed(session, view.contact_id),
                text=text or turn.text,
                draft=await drafts.find(session, view.contact_id, kind),
                now=self._clock.now(),
            )

    async def words_of(self, turn_id: str) -> str:
        """What the contact wrote in an earlier turn; empty when it was erased."""
        async with self._database.reading() as session:
            return await _words(session, turn_id)

    async def unfinished(self, conversation_id: str) -> DraftView | None:
        """The complaint that the contact of a conversation has not finished."""
        async with self._database.reading() as session:
            view = await conversations.get(session, conversation_id)
            found = await drafts.find(session, view.contact_id, Kind.FILING)
        return found if found is not None and found.is_open else None

    async def keep(self, situation: Situation, turn_id: str, kind: Kind, kept: Kept) -> None:
        """Keep a dialogue, and what was said about consent."""
        async with self._database.transaction() as session:
            await self._keep(session, situation, turn_id, kind, kept)

    async def _keep(self, session: AsyncSession, situation: Situation, turn_id: str, kind: Kind, kept: Kept) -> None:
        view, now = situation.conversation, self._clock.now()
        if kept.consent == "given":
            await consents.give(session, view.contact_id, locale=view.language or "en", channel=view.channel, now=now)
        if kept.consent == "declined":
            await consents.decline(session, view.contact_id, now=now)
        await drafts.save(
            session,
            view.contact_id,
            kind,
            conversation_id=view.id,
            content=kept.content,
            asked=kept.asked,
            turn_id=turn_id,
            reply=kept.reply,
            version=situation.draft.version if situation.draft else None,
            now=now,
        )

    async def file(
        self, situation: Situation, turn_id: str, filing: Filing, finish: Callable[[str], Kept]
    ) -> list[Any]:
        """File a grievance and keep what is answered, in one transaction."""
        view = situation.conversation
        vector = await self._meaning(filing)
        new = NewGrievance(
            contact_id=view.contact_id,
            conversation_id=view.id,
            address_id=view.address_id,
            turn_id=turn_id,
            channel=view.channel,
            language=filing.language,
            category=filing.category,
            particulars=filing.particulars,
            place=filing.place,
            room=room_for(filing.category, filing.place).room.id,
            attachment_ids=filing.files,
            vector=vector,
        )
        async with self._database.transaction() as session:
            if not await _agreed(session, view.contact_id):
                raise NotPermitted("no consent")
            filed = await grievances.file(session, new, now=self._clock.now())
            history = await grievances.events(session, filed.view.id, include_private=False)
            told = messages.contents(Told(filed.view, history[0], filing.language, filed.code))
            kept = finish("\n\n".join(content.text for content in told))
            await self._keep(session, situation, turn_id, Kind.FILING, kept)
            await self._by_rule(session, filed, view.id, turn_id)
        log.info("grievance_filed", turn_id=turn_id, grievance_id=filed.view.id, created=filed.created)
        return kept.reply

    async def _by_rule(self, session: AsyncSession, filed: Filed, conversation_id: str, turn_id: str) -> None:
        """Have an officer talk to the contact too, where the category or the amount asks for it."""
        told = filed.view.particulars
        reason = rules.for_grievance(filed.view.category, told.amount_rupees if told else None)
        if filed.created and reason is not None:
            await queue.request_handover(
                session, conversation_id=conversation_id, turn_id=turn_id, reason=reason,
                priority=rules.RULE_PRIORITY, now=self._clock.now(),
            )  # fmt: skip

    async def _meaning(self, filing: Filing) -> tuple[float, ...] | None:
        """The meaning of what happened; a complaint without one is filed all the same."""
        try:
            found = await self._meanings.meaning(filing.particulars.what_happened, language=filing.language)
        except KnowledgeError as error:
            log.warning("meaning_unavailable", error=type(error).__name__)
            return None
        return found.vector

    async def own(self, situation: Situation) -> list[Standing]:
        """The contact's grievances, the newest first."""
        async with self._database.reading() as session:
            views = await grievances.of_contact(session, situation.conversation.contact_id, _MOST_SHOWN)
            return [await _standing(session, view) for view in views]

    async def prove(self, situation: Situation, reference: str, code: str) -> Standing | None:
        """The grievance of a reference, to somebody who knows its code."""
        async with self._database.transaction() as session:
            now = self._clock.now()
            await drafts.note_try(session, situation.conversation.contact_id, now)
            view = await grievances.prove(session, reference, code, now=now)
            return await _standing(session, view) if view is not None else None

    async def act(
        self, grievance_id: str, move: Move, turn_id: str, *, text: str = "", rating: int | None = None
    ) -> GrievanceView:
        """Make a move of the contact's."""
        async with self._database.transaction() as session:
            now = self._clock.now()
            if rating is not None:
                return await grievances.act(
                    session, grievance_id, move, actor=CONTACT, now=now, rating=rating, turn_id=turn_id
                )
            return await grievances.act(session, grievance_id, move, actor=CONTACT, now=now, text=text, turn_id=turn_id)


async def _words(session: AsyncSession, turn_id: str) -> str:
    """The messages of a turn as one text."""
    texts = [
        str((line.content or {}).get("text", "")).strip() for line in await conversations.taken_by(session, turn_id)
    ]
    return "\n".join(text for text in texts if text)


async def _agreed(session: AsyncSession, contact_id: str) -> bool:
    consent = await consents.latest(session, contact_id)
    return consent is not None and consent.is_given


async def _standing(session: AsyncSession, view: GrievanceView) -> Standing:
    return Standing(view, tuple(await grievances.events(session, view.id, include_private=False)))
