"""Leads one turn: claim the new messages, have them answered, put the answer into the outbox."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from channels.base import Manifest
from channels.gateway import queueing
from channels.gateway.keywords import Keyword, PlainAnswer, plain_answer, recognise
from channels.gateway.media import MediaKeeper
from channels.gateway.metrics import TURN_SECONDS, TURNS
from channels.gateway.responders import Question, Reply, Responder
from channels.gateway.settings import GatewaySettings
from core import crash, log
from core.clock import Clock
from core.conversations import consents
from core.conversations import service as conversations
from core.conversations.state import State
from core.db import Database
from core.errors import NotPermitted
from core.events import Button, Kind, OutboundContent
from core.i18n import LANGUAGES, sentence
from core.outbox import service as outbox
from core.outbox import waiting
from core.outbox.splitting import split_text
from core.turns import service as turns
from core.turns.service import Claim
from grievances.drafts import service as drafts
from grievances.drafts.schemas import Kind as DraftKind
from rights import service as rights

_LOG = log.get(__name__)
AGREE = "gateway:consent_give"
DECLINE = "gateway:consent_decline"
_NOTICE = "gateway.consent_notice"
_NOTICE_ALONE = "gateway.consent_notice_alone"
"""The notice without its question, before another that asks for the same and more."""
_AGREED = '/grievance_answer{"question":"consent","choice":"agree"}'
"""What agreeing means to the complaint form."""


class TurnRunner:
    """Runs turns; every step may be repeated without changing anything twice.

    Args:
        db: The application's database.
        clock: Tells the time.
        responders: Who answers in which state.
        manifests: What each channel can do.
        settings: Patience and limits.
        keeper: Keeps the files of messages.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        responders: Mapping[State, Responder],
        manifests: Mapping[str, Manifest],
        settings: GatewaySettings,
        keeper: MediaKeeper,
    ) -> None:
        self._db, self._clock, self._responders = db, clock, responders
        self._manifests, self._settings, self._keeper = manifests, settings, keeper

    async def gather(self, conversation_id: str) -> None:
        """Wait a little for more text, if the bot has the conversation and nothing waited in the lane before."""
        async with self._db.peeking() as session:
            view, first = await turns.peek(session, conversation_id)
        if first is None or view.state is not State.BOT or first.kind != Kind.TEXT:
            return
        age = (self._clock.now() - first.created_at).total_seconds()
        await asyncio.sleep(min(max(self._settings.join_wait - age, 0.0), self._settings.join_wait))

    async def answer(self, conversation_id: str, turn_id: str) -> None:
        """Claim, ask and post; a turn that is done, or finds nothing to answer, does nothing."""
        now = self._clock.now()
        async with self._db.transaction() as session:
            claim = await turns.claim(session, conversation_id, turn_id, now)
            if claim is None:
                return
            await turns.mark_asked(session, turn_id, now)
            question = await self._question(session, claim)
        files = await self._keeper.keep(claim.conversation.channel, claim.messages)
        question = replace(question, files=tuple(files))
        reply = await self._reply(question)
        crash.point("after_bot")
        await self._post(question, reply)
        TURNS.labels("failed" if reply.failed else "answered").inc()
        TURN_SECONDS.observe((self._clock.now() - claim.messages[0].created_at).total_seconds())
        _LOG.info("turn.posted", turn_id=turn_id, conversation_id=conversation_id, lines=len(reply.contents))

    async def _question(self, session: AsyncSession, claim: Claim) -> Question:
        first = claim.messages[0]
        content = first.content or {}
        pressed: Button | None = None
        if first.kind == Kind.BUTTON:
            pressed = await outbox.offered_button(
                session,
                claim.conversation.id,
                reply_to=content.get("reply_to"),
                number=str(content.get("button") or ""),
                typed=str(content.get("text") or ""),
            )
        elif first.kind == Kind.TEXT and len(claim.messages) == 1:
            pressed = await self._typed(session, claim.conversation.id, str(content.get("text") or ""))
        consent = await consents.latest(session, claim.conversation.contact_id)
        now = self._clock.now()
        waited = now - min(message.sent_at or message.created_at for message in claim.messages)
        late = waited > timedelta(seconds=self._settings.late_after)
        return Question(
            claim=claim,
            pressed=pressed,
            consent=consent is not None and consent.is_given,
            noticed=consent is not None,
            stopped=(await conversations.get_address(session, claim.conversation.address_id)).stopped_at is not None,
            now=now,
            late_minutes=int(waited.total_seconds() // 60) if late else 0,
        )

    async def _typed(self, session: AsyncSession, conversation_id: str, text: str) -> Button | None:
        """The offered choice that was typed: its number or title, or a plain yes or no to the notice about consent."""
        answer = plain_answer(text)
        titles = [text]
        if answer is not None:
            key = "gateway.button_agree" if answer is PlainAnswer.AGREE else "gateway.button_decline"
            titles += [sentence("gateway", key, language) for language in LANGUAGES]
        for title in titles:
            offered = await outbox.offered_button(session, conversation_id, typed=title)
            if offered is not None and (title == text or offered.payload in (AGREE, DECLINE)):
                return offered
        return None

    async def _reply(self, question: Question) -> Reply:
        question = await self._of_the_complaint(question)
        handled = await self._gateway_itself(question)
        if handled is not None:
            return handled
        question, handled = await queueing.lead(self._db, question, self._notice)
        if handled is not None:
            return handled
        if question.pressed is not None and question.pressed.payload.startswith(AGREE + ":"):
            payload = question.pressed.payload.removeprefix(AGREE + ":")
            question = replace(question, pressed=Button(title=question.pressed.title, payload=payload), consent=True)
        reply = await self._responders[question.claim.conversation.state].respond(question)
        if question.claim.conversation.state is State.BOT and not question.noticed and reply.contents:
            language = reply.language or question.language
            if any(button.payload.startswith(AGREE) for content in reply.contents for button in content.buttons):
                # The complaint form asks for more than the notice does: one question is enough.
                return replace(reply, contents=(*self._line(_NOTICE_ALONE, language).contents, *reply.contents))
            return replace(reply, contents=(*reply.contents, self._notice(language)))
        return reply

    async def _gateway_itself(self, question: Question) -> Reply | None:
        """What needs no assistant: stop and start, consent, and an erasure that shall not be."""
        conversation, language, now = question.claim.conversation, question.language, question.now
        keyword = None if question.pressed else recognise(question.text)
        payload = question.pressed.payload if question.pressed else ""
        resumes = keyword is Keyword.START or (question.stopped and bool(question.text))
        if keyword is None and not resumes and not payload.startswith((AGREE, DECLINE)):
            return None
        async with self._db.transaction() as session:
            if keyword is Keyword.CANCEL_ERASURE:
                return await self._cancel_erasure(session, question)
            if keyword is Keyword.STOP:
                await conversations.set_stopped(session, conversation.address_id, now)
                return self._line("gateway.stopped", language)
            if resumes:
                await conversations.set_stopped(session, conversation.address_id, None)
                return self._line("gateway.started", language)
            if keyword is Keyword.WITHDRAW:
                await consents.withdraw(session, conversation.contact_id, now=now)
                await self._forget(session, conversation.contact_id)
                return self._line("gateway.consent_withdrawn", language)
            if payload == DECLINE:
                await consents.decline(session, conversation.contact_id, now=now)
                await self._forget(session, conversation.contact_id)
                return self._line("gateway.consent_declined", language)
            await consents.give(
                session, conversation.contact_id, locale=language, channel=conversation.channel, now=now
            )
            return self._line("gateway.consent_thanks", language) if payload == AGREE else None

    async def _cancel_erasure(self, session: AsyncSession, question: Question) -> Reply | None:
        """Take a request to erase everything back, whoever has the conversation: else it could not be in time."""
        try:
            was = await rights.cancel_erasure(session, question.claim.conversation.id, now=question.now)
        except NotPermitted:
            return None
        key = "privacy.erase_cancelled" if was else "privacy.erase_not_waiting"
        text = sentence("privacy", key, question.language)
        return Reply((OutboundContent(text=text, language=question.language, key=key),))

    async def _of_the_complaint(self, question: Question) -> Question:
        """An agreement answers the complaint form too, where that waits for it, whichever notice was agreed to."""
        if question.pressed is None or question.pressed.payload != AGREE:
            return question
        async with self._db.reading() as session:
            draft = await drafts.find(session, question.claim.conversation.contact_id, DraftKind.FILING)
        if draft is None or draft.asked != "consent":
            return question
        return replace(question, pressed=question.pressed.model_copy(update={"payload": f"{AGREE}:{_AGREED}"}))

    async def _forget(self, session: AsyncSession, contact_id: str) -> None:
        await drafts.forget(session, contact_id)
        await self._keeper.erase(session, await consents.forget_lines(session, contact_id))

    def _line(self, key: str, language: str) -> Reply:
        return Reply((OutboundContent(text=sentence("gateway", key, language), language=language, key=key),))

    def _notice(self, language: str) -> OutboundContent:
        return OutboundContent(
            text=sentence("gateway", _NOTICE, language),
            language=language,
            key=_NOTICE,
            buttons=(
                Button(title=sentence("gateway", "gateway.button_agree", language), payload=AGREE),
                Button(title=sentence("gateway", "gateway.button_decline", language), payload=DECLINE),
            ),
        )

    async def _post(self, question: Question, reply: Reply) -> None:
        """Answer, remembered language and the turn's end, in one transaction, after reading the state again."""
        conversation, now = question.claim.conversation, self._clock.now()
        manifest = self._manifests[conversation.channel]
        contents = [
            part
            for content in reply.contents
            for part in split_text(content, manifest.max_text, manifest.max_text_with_buttons)
        ]
        async with self._db.transaction() as session:
            present = await conversations.get(session, conversation.id)
            taken_over = conversation.state is State.BOT and present.state is State.OFFICER
            if contents and not taken_over:
                await outbox.post(session, conversation.id, question.claim.turn_id, contents, author="bot", now=now)
            if reply.language and (reply.language, reply.language_fixed) != (present.language, present.language_fixed):
                await conversations.set_language(
                    session, conversation.contact_id, reply.language, fixed=reply.language_fixed
                )
            if not question.noticed and any(content.key in (_NOTICE, _NOTICE_ALONE) for content in contents):
                await consents.note_notice(
                    session,
                    conversation.contact_id,
                    locale=reply.language or question.language,
                    channel=conversation.channel,
                    now=now,
                )
            await waiting.release(session, present, now)
            await turns.mark_posted(session, question.claim.turn_id, now)

    async def give_up(self, turn_id: str, error: str) -> None:
        """Make a turn that cannot be run a dead letter, so that its lane goes on."""
        async with self._db.transaction() as session:
            await turns.mark_dead(session, turn_id, error, self._clock.now())
        TURNS.labels("dead").inc()
        _LOG.error("turn.dead", turn_id=turn_id, error=error)
