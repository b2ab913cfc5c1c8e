"""What happens in the story: a plan of acts, a clock moved by the hour, and the real ledger, clocks and outbox."""

import secrets
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import create_engine

from core.clock import INDIA, FixedClock
from core.conversations import consents
from core.conversations import service as conversations
from core.db import Base, Database
from core.events import AddressRef, DeliveryState, InboundMessage, Kind, OutboundContent
from core.i18n import sentence
from core.ids import new_id
from core.outbox import service as outbox
from core.privacy.encryption import Keyring, install
from core.turns import service as turns
from core.turns.service import Intake
from grievances import messages
from grievances import service as grievances
from grievances.categories import room_for
from grievances.clocks import Clocks
from grievances.messages import FEEDBACK_INTENT
from grievances.schemas import CONTACT, Actor, EventView, GrievanceView, NewGrievance, Outcome, Particulars, Place
from grievances.status import Move
from tools.find_contact import tables

FILED_ON = date(2026, 12, 1)
"""A Tuesday without a holiday near, so that the days of the story are easily counted."""
LAST_DAY = date(2027, 1, 1)
AWAKE = range(9, 20)
"""Hours of the day, in India, at which the clocks are looked at; the deadlines of a day fall at 10 and 18."""
ADDRESS = AddressRef(kind="whatsapp", value="+910000000101")
ROOM = Actor.officer("01STRYRM00000000000000000A")
HUB = Actor.officer("01STRYHB00000000000000000A")
APPELLATE = Actor.officer("01STRYAP00000000000000000A")
_WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Line:
    """Something that happened: an event of the ledger, a message of the contact's, or one to the contact."""

    at: datetime
    what: str
    event: EventView | None = None
    content: OutboundContent | None = None
    text: str = ""


@dataclass
class Tale:
    """The story while it is told.

    Args:
        db: A database of its own.
        language: In which the contact is written to.
    """

    db: Database
    language: str
    clock: FixedClock = field(default_factory=lambda: FixedClock(at(FILED_ON, 11)))
    lines: list[Line] = field(default_factory=list)
    seen: int = 0
    grievance_id: str = ""

    def __post_init__(self) -> None:
        self.words: dict[str, str] = _WORDS[self.language]
        self._clocks = Clocks(self.db, self.clock)
        self._intake = Intake(self.db, self.clock, _nobody)

    async def tell(self) -> list[Line]:
        """Live through the days, hour by hour."""
        plan = self._plan()
        day = FILED_ON
        while day <= LAST_DAY:
            for hour in AWAKE:
                self.clock.at = at(day, hour)
                await self._clocks.sweep()
                await self._look()
                for act in plan.get((day, hour), ()):
                    await act()
                    await self._look()
            day += timedelta(days=1)
        return self.lines

    def _plan(self) -> dict[tuple[date, int], tuple[Callable[[], Awaitable[None]], ...]]:
        """Who does what, and when; everything else is done by the clocks."""
        return {
            (FILED_ON, 11): (self._file,),
            (date(2026, 12, 14), 12): (self._interim,),
            (date(2026, 12, 18), 16): (self._close,),
            (date(2026, 12, 20), 19): (self._poor,),
            (date(2026, 12, 22), 11): (self._attend,),
            (date(2026, 12, 30), 15): (self._close_finally,),
        }

    async def view(self) -> GrievanceView:
        """The grievance as it stands."""
        async with self.db.reading() as session:
            return await grievances.get(session, self.grievance_id, rooms=None)

    # --- what people do ---

    async def _file(self) -> None:
        """The contact has told the form everything: what the assistant does in that turn."""
        conversation_id, turn_id = await self._writes(self.words["complaint"])
        place = Place(pincode="400001", district="Mumbai", state="MH")
        async with self.db.transaction() as session:
            conversation = await conversations.get(session, conversation_id)
            await conversations.set_language(session, conversation.contact_id, self.language, fixed=True)
            await consents.give(
                session, conversation.contact_id, locale=self.language, channel="whatsapp", now=self.clock.at
            )
            new = NewGrievance(
                contact_id=conversation.contact_id,
                conversation_id=conversation_id,
                address_id=conversation.address_id,
                turn_id=turn_id,
                channel="whatsapp",
                language=self.language,
                category="delayed_payment",
                particulars=Particulars(
                    what_happened=self.words["complaint"],
                    against="buyer",
                    against_name=self.words["against"],
                    amount_rupees=250_000,
                    enterprise_name=self.words["enterprise"],
                    complainant_name=self.words["name"],
                ),
                place=place,
                room=room_for("delayed_payment", place).room.id,
            )
            filed = await grievances.file(session, new, now=self.clock.at)
            (event,) = await grievances.events(session, filed.view.id, include_private=True)
            said = messages.contents(messages.Told(filed.view, event, self.language, filed.code))
            await outbox.post(session, conversation_id, turn_id, said, author="bot", now=self.clock.at)
        self.grievance_id = filed.view.id

    async def _interim(self) -> None:
        await self._act(Move.INTERIM, HUB, text=self.words["interim"], until=date(2026, 12, 21))

    async def _close(self) -> None:
        await self._act(Move.CLOSE, HUB, text=self.words["closing"], outcome=Outcome.PARTLY_REDRESSED)

    async def _poor(self) -> None:
        """The contact presses the last button of the question."""
        asked = next(line.content for line in reversed(self.lines) if line.content and line.content.buttons)
        button = asked.buttons[-1]
        if not button.payload.startswith(FEEDBACK_INTENT):
            raise ValueError(button.payload)
        conversation_id, turn_id = await self._writes(button.title, kind=Kind.BUTTON)
        await self._act(Move.FEEDBACK, CONTACT, rating=1, turn_id=turn_id)
        key = "utter_feedback_noted"
        thanks = OutboundContent(text=sentence("bot", key, self.language), language=self.language, key=key)
        async with self.db.transaction() as session:
            await outbox.post(session, conversation_id, turn_id, [thanks], author="bot", now=self.clock.at)

    async def _attend(self) -> None:
        await self._act(Move.ATTEND, APPELLATE)
        await self._act(Move.NOTE, APPELLATE, text=self.words["appeal_note"])

    async def _close_finally(self) -> None:
        await self._act(Move.CLOSE, APPELLATE, text=self.words["final"], outcome=Outcome.REDRESSED)

    async def _act(self, move: Move, actor: Actor, **details: object) -> None:
        async with self.db.transaction() as session:
            await grievances.act(session, self.grievance_id, move, actor=actor, now=self.clock.at, **details)  # type: ignore[arg-type]

    async def _writes(self, text: str, kind: Kind = Kind.TEXT) -> tuple[str, str]:
        """The contact sends a message: (conversation, turn that answers it)."""
        accepted = await self._intake.accept(
            InboundMessage(
                provider="story",
                provider_id=new_id(),
                channel="whatsapp",
                address=ADDRESS,
                kind=kind,
                text=text,
                profile_name=self.words["name"],
            )
        )
        self.lines.append(Line(self.clock.at, "contact", text=text))
        turn_id = turns.first_turn_id(accepted.message_id)
        async with self.db.transaction() as session:
            await turns.claim(session, accepted.conversation_id, turn_id, self.clock.at)
        return accepted.conversation_id, turn_id

    # --- what is seen of it ---

    async def _look(self) -> None:
        """Note new events, then deliver what waits in the outbox, as the provider would get it."""
        if self.grievance_id:
            async with self.db.reading() as session:
                events = await grievances.events(session, self.grievance_id, include_private=True)
            self.lines += [Line(event.at, "event", event=event) for event in events[self.seen :]]
            self.seen = len(events)
        async with self.db.reading() as session:
            lanes = await outbox.waiting_lanes(session, self.clock.at, timedelta(minutes=1))
            waiting = [row for lane in lanes for row in await outbox.lane(session, lane)]
        for row in waiting:
            async with self.db.transaction() as session:
                await outbox.begin_sending(session, row.id, "story", self.clock.at)
                await outbox.settle(session, row.id, DeliveryState.SENT, self.clock.at, provider_id=row.id)
            self.lines.append(Line(self.clock.at, "message", content=row.content, text=row.content.text))


async def _nobody(_conversation_id: str, _turn_id: str) -> None:
    return None


def at(day: date, hour: int) -> datetime:
    """A full hour of a day in India, in UTC."""
    return datetime.combine(day, time(hour), INDIA).astimezone(UTC)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    """A database of the story's own, with keys that nobody keeps."""
    install(Keyring({1: secrets.token_bytes(32)}, secrets.token_bytes(32)))
    tables()
    engine = create_engine(f"sqlite:///{folder / 'story.db'}")
    Base.metadata.create_all(engine)
    engine.dispose()
    db = Database(f"sqlite+aiosqlite:///{folder / 'story.db'}")
    try:
        yield db
    finally:
        await db.close()
