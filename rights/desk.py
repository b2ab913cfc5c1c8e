"""What the assistant asks for on a contact's behalf, each in a transaction of its own; the answers are ready to say."""

from core.clock import Clock
from core.db import Database
from core.errors import TooMany
from core.events import OutboundContent
from core.outbox import service as outbox
from rights import service
from rights.schemas import Preview
from rights.settings import RightsSettings
from rights.words import confirm_text, moment, say, summary_text


class RightsDesk:
    """Contacts' rights over their data, as a conversation exercises them.

    Every method raises `NotFound` for an unknown conversation and `NotPermitted` on a channel that does not prove who
    listens.

    Args:
        db: The application's database.
        clock: Tells the time.
        settings: Times and limits.
    """

    def __init__(self, db: Database, clock: Clock, settings: RightsSettings) -> None:
        self._db, self._clock, self._settings = db, clock, settings

    async def summary(self, conversation_id: str, language: str) -> str:
        """What is held: kinds, counts and dates."""
        async with self._db.transaction() as session:
            found = await service.summary(session, conversation_id, now=self._clock.now())
        return summary_text(found, language)

    async def export(self, conversation_id: str, turn_id: str, language: str) -> str:
        """Post a link to a copy into the conversation, and nowhere else: it must not lie in anybody's memory.

        A repeated turn gets no second link.

        Returns:
            What else is to be said; empty when the link says it all.
        """
        now = self._clock.now()
        try:
            async with self._db.transaction() as session:
                made = await service.make_link(
                    session, conversation_id, turn_id=turn_id, language=language, settings=self._settings, now=now
                )
                if made.token is not None:
                    url = f"{self._settings.public_url.rstrip('/')}/copy/{made.token}"
                    text = say("link", language, url=url, until=moment(made.link.ends_at, language))
                    content = OutboundContent(text=text, language=language, key="privacy.link")
                    await outbox.post(session, conversation_id, f"x{made.link.id}", [content], author="bot", now=now)
        except TooMany:
            return say("too_many_links", language)
        return ""

    async def preview_erasure(self, conversation_id: str, language: str) -> Preview:
        """What an erasure would mean, and the question whether it shall be; nothing is noted."""
        async with self._db.reading() as session:
            asked = await service.preview_erasure(
                session, conversation_id, settings=self._settings, now=self._clock.now()
            )
        if asked.erasure.id:
            told = say("erasure_waits", language, when=moment(asked.erasure.due_at, language))
            return Preview(told=told, waits=True)
        told = confirm_text(asked.erasure.due_at, asked.open_grievances, language)
        return Preview(told=told, waits=False)

    async def erase(self, conversation_id: str, language: str) -> str:
        """Note the request; everything is erased after the notice. Asking again changes nothing."""
        async with self._db.transaction() as session:
            asked = await service.request_erasure(
                session, conversation_id, settings=self._settings, now=self._clock.now()
            )
        return say("erase_noted", language, when=moment(asked.erasure.due_at, language))

    async def cancel_erasure(self, conversation_id: str, language: str) -> str:
        """Take the request back."""
        async with self._db.transaction() as session:
            was = await service.cancel_erasure(session, conversation_id, now=self._clock.now())
        return say("erase_cancelled" if was else "erase_not_waiting", language)
