"""A queue with its rounds on a scene of invented people."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.db import Database
from handoff.desk.acts import Acts
from handoff.officers import presence
from handoff.officers.schemas import OfficerView
from handoff.queue import service as queue
from handoff.queue.rounds import QueueRounds
from handoff.queue.schemas import HandoverView
from handoff.queue.settings import QueueSettings
from tests.handoff.conftest import Scene

LIMITS = QueueSettings(most_at_once=2)


@dataclass
class Line:
    """Short ways to let time pass and to look at the queue."""

    scene: Scene
    acts: Acts
    rounds: QueueRounds

    async def passes(self, seconds: float) -> int:
        """Let time pass, then sweep."""
        self.scene.clock.at += timedelta(seconds=seconds)
        return await self.rounds.sweep()

    async def on_duty(self, *officers: OfficerView) -> None:
        async with self.scene.db.transaction() as session:
            await presence.beat(session, [one.id for one in officers], self.scene.clock.now())

    async def now(self, asked: HandoverView) -> HandoverView:
        async with self.scene.db.reading() as session:
            return await queue.get(session, asked.id)

    async def order(self, room: str) -> list[str]:
        async with self.scene.db.reading() as session:
            return [one.id for one in await queue.waiting(session, rooms=frozenset({room}))]

    async def steps(self, asked: HandoverView) -> list[tuple[str, str]]:
        """(cause, room) of each decision."""
        async with self.scene.db.reading() as session:
            return [(one.cause, one.room) for one in (await queue.carried(session, asked.id)).steps]

    async def told(self, asked: HandoverView) -> list[str]:
        """What the queue said to the contact."""
        return [text for author, text in await self.scene.lines(asked.conversation_id) if author == "system"]


@pytest.fixture
def line(scene: Scene, db: Database) -> Line:
    acts = Acts(db, scene.clock, scene.wake, LIMITS)
    return Line(scene, acts, QueueRounds(db, scene.clock, LIMITS))
