"""What an officer does to a conversation: claim, reply, give back, transfer, resolve; each in one transaction."""

from collections.abc import Awaitable, Callable
from enum import StrEnum

import regex
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.clock import Clock
from core.conversations import service as conversations
from core.db import Database
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.events import OutboundContent
from core.i18n import sentence
from core.ids import is_id, new_id
from core.outbox import service as outbox
from handoff.control_rooms import service as control_rooms
from handoff.officers import presence
from handoff.officers import service as officers
from handoff.officers.schemas import OfficerView
from handoff.queue import notices
from handoff.queue import service as queue
from handoff.queue.settings import QueueSettings
from handoff.queue.settings import settings as queue_settings

Wake = Callable[[str], Awaitable[None]]
"""Starts the delivery of what is queued in a conversation; the gateway's sweep finds it too if this does nothing."""

LONGEST_REPLY = 1500
"""Characters; WhatsApp takes 1,600 and a channel may add a little."""
LONGEST_REASON = 300
_SHORTEST_REASON = 3
_CONTROL = regex.compile(r"[^\P{C}\n\t\u200c\u200d]")


class SaidOtherwise(Conflict):
    """The key of a reply was used before, with other words or in another conversation."""


class Disposition(StrEnum):
    """How a conversation with an officer ended."""

    ANSWERED = "answered"
    REFERRED = "referred"
    CALL_BACK = "call_back"
    NO_REPLY = "no_reply"
    ABUSE = "abuse"


def clean_reply(text: str) -> str:
    """What an officer typed, as it is sent: plain line breaks, no control characters but joiners.

    Raises:
        InvalidInput: Nothing is left, or it is too long.
    """
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not 1 <= len(plain) <= LONGEST_REPLY:
        raise InvalidInput("text", f"1 to {LONGEST_REPLY} characters")
    return plain


class Acts:
    """Carries out what officers do.

    Args:
        db: The application's database.
        clock: Tells the time.
        wake: Starts delivery.
        limits: Of the queue; read from the environment when not given.
    """

    def __init__(self, db: Database, clock: Clock, wake: Wake, limits: QueueSettings | None = None) -> None:
        self._db, self._clock, self._wake = db, clock, wake
        self._limits = limits or queue_settings()

    async def claim(self, officer: OfficerView, handover_id: str) -> str:
        """Take a waiting conversation and tell the contact who answers now.

        Returns:
            The conversation's id.

        Raises:
            NotPermitted: The officer's role does not answer.
            NotFound: There is no such request in the officer's rooms.
            Conflict: Somebody else has it.
            TooManyOpen: The officer has as many as one may have.
        """
        _must_answer(officer)
        now = self._clock.now()
        async with self._db.transaction() as session:
            asked = await queue.get(session, handover_id)
            if not queue.is_visible(asked.room, asked.officer_id, rooms=officer.rooms, officer_id=officer.id):
                raise NotFound("handover")
            claimed = await queue.claim(
                session, handover_id, officer_id=officer.id, now=now, most=self._limits.most_at_once
            )
            await presence.beat(session, [officer.id], now)
            await notices.tell(
                session, claimed.conversation_id, ("claimed",), now=now, name=officer.name, room=claimed.room
            )
        await self._wake(claimed.conversation_id)
        return claimed.conversation_id

    async def reply(self, officer: OfficerView, handover_id: str, key: str, text: str) -> str:
        """Send an officer's words; the same key with the same words again changes nothing.

        Args:
            officer: Who writes.
            handover_id: The request that the officer has claimed.
            key: Made by the page for this one reply.
            text: The words.

        Returns:
            The conversation's id.

        Raises:
            NotPermitted: The officer's role does not answer.
            NotFound: There is no such request.
            InvalidInput: The key or the words cannot be used.
            Conflict: The conversation is not the officer's now.
            SaidOtherwise: The key was used for something else.
        """
        _must_answer(officer)
        if not is_id(key):
            raise InvalidInput("key", "an identifier of 26 characters")
        plain = clean_reply(text)
        turn_id, now = f"o{key}", self._clock.now()
        async with self._db.transaction() as session:
            handover = await queue.own(session, handover_id, officer.id)
            posted = await outbox.of_turn(session, turn_id)
            if posted:
                same = posted[0].conversation_id == handover.conversation_id and posted[0].content.text == plain
                if not same:
                    raise SaidOtherwise("this reply was sent before with other words")
                return handover.conversation_id
            view = await conversations.get(session, handover.conversation_id)
            await presence.beat(session, [officer.id], now)
            await outbox.post(
                session,
                view.id,
                turn_id,
                [OutboundContent(text=plain, language=view.language or "en")],
                author="officer",
                officer_id=officer.id,
                now=now,
            )
            await audit.record(
                session, actor=officer.id, act="conversation.reply", subject=view.id, now=now, detail={"turn": turn_id}
            )
        await self._wake(handover.conversation_id)
        return handover.conversation_id

    async def give_back(self, officer: OfficerView, handover_id: str) -> str:
        """Put a conversation back to the front of the queue and tell the contact.

        Raises:
            NotPermitted: The officer's role does not answer.
            NotFound: There is no such request.
            Conflict: It is not the officer's now.
        """
        _must_answer(officer)
        async with self._db.transaction() as session:
            handover = await queue.own(session, handover_id, officer.id)
            await queue.give_back(session, handover_id, officer_id=officer.id, now=self._clock.now())
            await self._tell(session, handover.conversation_id, "handoff.given_back")
        await self._wake(handover.conversation_id)
        return handover.conversation_id

    async def transfer(self, officer: OfficerView, handover_id: str, target: str, reason: str) -> str:
        """Move a conversation to another room's queue or to another officer, and tell the contact.

        Args:
            officer: Who has it.
            handover_id: The request.
            target: ``room:`` or ``officer:`` and an id.
            reason: Why, for the officers.

        Raises:
            NotPermitted: The officer's role does not answer.
            NotFound: There is no such request.
            InvalidInput: There is no such room, the officer is not on duty, or the reason is missing.
            Conflict: It is not the officer's now.
            TooManyOpen: The other officer has as many as one may have.
        """
        _must_answer(officer)
        kind, _, target_id = target.partition(":")
        because = " ".join(_CONTROL.sub("", reason).split())
        if kind not in {"room", "officer"} or not _SHORTEST_REASON <= len(because) <= LONGEST_REASON:
            raise InvalidInput(
                "transfer", f"a room or an officer, and {_SHORTEST_REASON} to {LONGEST_REASON} characters"
            )
        now = self._clock.now()
        async with self._db.transaction() as session:
            present = await queue.own(session, handover_id, officer.id)
            try:
                if kind == "room" and (control_rooms.get(target_id).id == present.room):
                    raise InvalidInput("transfer", "another room")
                moved = await queue.transfer(
                    session, handover_id, officer_id=officer.id, reason=because, now=now,
                    room=target_id if kind == "room" else None, to_officer=target_id if kind == "officer" else None,
                )  # fmt: skip
            except NotFound as error:
                raise InvalidInput("transfer", "a room, or an officer who is on duty") from error
            names = await officers.names(session, [moved.officer_id] if moved.officer_id else [])
            name = names.get(moved.officer_id or "", "")
            key = "moved_officer" if moved.officer_id else "moved"
            await notices.tell(session, moved.conversation_id, (key,), now=now, room=moved.room, name=name)
        await self._wake(moved.conversation_id)
        return moved.conversation_id

    async def resolve(self, officer: OfficerView, handover_id: str, disposition: str) -> str:
        """Close a conversation with what came of it, and tell the contact.

        Raises:
            NotPermitted: The officer's role does not answer.
            NotFound: There is no such request.
            InvalidInput: There is no such disposition.
            Conflict: It is not the officer's now.
        """
        _must_answer(officer)
        if disposition not in set(Disposition):
            raise InvalidInput("disposition", "one of " + ", ".join(Disposition))
        async with self._db.transaction() as session:
            handover = await queue.own(session, handover_id, officer.id)
            await self._tell(session, handover.conversation_id, f"handoff.resolved_{disposition}")
            await queue.resolve(
                session, handover_id, officer_id=officer.id, disposition=disposition, now=self._clock.now()
            )
        await self._wake(handover.conversation_id)
        return handover.conversation_id

    async def mark_seen(self, officer: OfficerView, outbound_id: str) -> None:
        """Take a message that failed or is uncertain off the list.

        Raises:
            NotPermitted: The officer's role does not answer.
            NotFound: It is not on the officer's list.
        """
        _must_answer(officer)
        now = self._clock.now()
        async with self._db.transaction() as session:
            conversation_id = await outbox.mark_seen(session, outbound_id, rooms=officer.rooms, now=now)
            if conversation_id is None:
                raise NotFound("outbound")
            await audit.record(
                session,
                actor=officer.id,
                act="outbound.seen",
                subject=conversation_id,
                now=now,
                detail={"outbound": outbound_id},
            )

    async def note_opened(self, officer: OfficerView, conversation_id: str) -> None:
        """Keep in the audit chain that an officer opened a transcript."""
        async with self._db.transaction() as session:
            await audit.record(
                session, actor=officer.id, act="conversation.open", subject=conversation_id, now=self._clock.now()
            )

    async def _tell(self, session: AsyncSession, conversation_id: str, key: str, **params: str) -> None:
        view = await conversations.get(session, conversation_id)
        language = view.language or "en"
        content = OutboundContent(
            text=sentence("handoff", key, language, **params), language=language, key=key, params=params
        )
        await outbox.post(session, conversation_id, f"o{new_id()}", [content], author="system", now=self._clock.now())


def _must_answer(officer: OfficerView) -> None:
    if not officer.may_answer:
        raise NotPermitted("this role does not answer conversations")
