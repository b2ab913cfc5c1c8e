"""Tells open pages what has changed: one look at the database for all of them, and a mailbox for each."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from core import log
from core.clock import Clock
from core.conversations import service as conversations
from core.db import Database
from core.ids import new_id
from core.outbox import service as outbox
from handoff.officers import presence
from handoff.officers.schemas import OfficerView
from handoff.queue import service as queue
from handoff.queue.service import HandoverView

_LOG = log.get(__name__)
_BEAT = 10.0
"""Seconds between an officer's signs of life; several are missed before an officer counts as gone."""
LISTS = "lists"
"""Name of the event that says that the lists changed."""


def lines_event(conversation_id: str) -> str:
    """Name of the event that says that a conversation has new lines, or that a line went further."""
    return f"lines-{conversation_id}"


def owner_event(conversation_id: str) -> str:
    """Name of the event that says that a conversation changed hands."""
    return f"owner-{conversation_id}"


def _lists_of(officer_id: str) -> str:
    return f"{LISTS}-of-{officer_id}"


@dataclass(frozen=True)
class Picture:
    """What a look at the database found."""

    requests: dict[str, HandoverView] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)

    def changes(self, earlier: "Picture") -> set[str]:
        """Names of the events that lead from the earlier picture to this one."""
        events = {
            owner_event(conversation_id)
            for conversation_id in self.requests.keys() | earlier.requests.keys()
            if self.requests.get(conversation_id) != earlier.requests.get(conversation_id)
        }
        moved = {i for i in self.lines if self.lines[i] != earlier.lines.get(i)}
        if events:
            events.add(LISTS)
        owners = {self.requests[i].officer_id for i in moved if i in self.requests}
        events |= {_lists_of(officer_id) for officer_id in owners if officer_id is not None}
        ticked = {i for i in self.states if self.states[i] != earlier.states.get(i)}
        return events | {lines_event(conversation_id) for conversation_id in moved | ticked}


class Mailbox:
    """What one open page has not been told yet; an event that waits already is not added again.

    Args:
        officer: Who looks at the page.
        conversation_id: The conversation that the page shows.
    """

    def __init__(self, officer: OfficerView, conversation_id: str | None) -> None:
        self.officer, self.conversation_id = officer, conversation_id
        self._waiting: set[str] = set()
        self._wake = asyncio.Event()

    def put(self, events: Iterable[str]) -> None:
        """Add events; those of other officers' lists and of conversations that the page does not show are dropped."""
        events = set(events)
        if _lists_of(self.officer.id) in events:
            events.add(LISTS)
        wanted = {LISTS}
        if self.conversation_id is not None:
            wanted |= {lines_event(self.conversation_id), owner_event(self.conversation_id)}
        self._waiting |= wanted.intersection(events)
        if self._waiting:
            self._wake.set()

    async def take(self, patience: float) -> list[str]:
        """The events that wait, when there are some; an empty list when the patience is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), patience)
        self._wake.clear()
        taken, self._waiting = sorted(self._waiting), set()
        return taken


class Live:
    """Looks for changes while at least one page is open.

    Args:
        db: The application's database.
        interval: Seconds between looks.
        clock: Tells the time for signs of life of the officers whose pages are open; None gives none.
    """

    def __init__(self, db: Database, interval: float, clock: Clock | None = None) -> None:
        self._db, self._interval, self._clock = db, interval, clock
        self._beaten: dict[str, float] = {}
        self._mailboxes: set[Mailbox] = set()
        self._task: asyncio.Task[None] | None = None
        self._boot, self._number = new_id(), 0

    def event_id(self) -> str:
        """A new event's id; after a restart every id is a different one."""
        self._number += 1
        return f"{self._boot}-{self._number}"

    @contextlib.asynccontextmanager
    async def subscribe(self, officer: OfficerView, conversation_id: str | None) -> AsyncIterator[Mailbox]:
        """A mailbox that is filled until the context ends."""
        mailbox = Mailbox(officer, conversation_id)
        self._mailboxes.add(mailbox)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)
            self._beaten.pop(officer.id, None)  # whoever opens a page again is on duty at once

    async def _run(self) -> None:
        earlier = Picture()
        while self._mailboxes:
            try:
                await self._beat()
                picture = await self._look()
            except Exception as error:
                _LOG.warning("desk_look_failed", error=type(error).__name__)
            else:
                self._tell(picture, picture.changes(earlier))
                earlier = picture
            await asyncio.sleep(self._interval)

    async def _beat(self) -> None:
        """Note that the officers of the open pages are on duty, every few seconds."""
        moment = time.monotonic()
        there = {box.officer.id for box in self._mailboxes if box.officer.may_answer}
        if self._clock is not None and any(moment - self._beaten.get(one, -_BEAT) >= _BEAT for one in there):
            async with self._db.transaction() as session:
                await presence.beat(session, there, self._clock.now())
            self._beaten = dict.fromkeys(there, moment)

    async def _look(self) -> Picture:
        watched = {box.conversation_id for box in self._mailboxes if box.conversation_id is not None}
        async with self._db.reading() as session:
            requests = {one.conversation_id: one for one in await queue.open_requests(session)}
            last = await conversations.last_lines(session, watched | requests.keys())
            states = await outbox.delivery_states(session, watched)
        return Picture(
            requests=requests,
            lines={conversation_id: number for conversation_id, (number, _author) in last.items()},
            states={i: hash(tuple(sorted(by_line.items()))) for i, by_line in states.items()},
        )

    def _tell(self, picture: Picture, events: set[str]) -> None:
        if events:
            for mailbox in self._mailboxes:
                mailbox.put(events)
