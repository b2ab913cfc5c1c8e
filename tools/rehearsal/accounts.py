"""Accounts for every message of a rehearsal: nothing lost, nothing doubled, order kept."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from core.conversations import service as conversations
from core.db import Database
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings
from core.turns import service as turns

_TOKEN = re.compile(r"\[(\d+)/(\d+)\]")
_ARRIVED = {"sent", "delivered", "read"}


def token(contact: int, number: int) -> str:
    """The mark that a message carries."""
    return f"[{contact}/{number}]"


def tokens(body: str) -> list[tuple[int, int]]:
    """The marks in a text, in order."""
    return [(int(contact), int(number)) for contact, number in _TOKEN.findall(body)]


@dataclass
class Account:
    """What became of the messages.

    Attributes:
        accepted: Messages that stand in our database.
        delivered: Answered, and the provider took the answer.
        failed: Answered, and the provider refused it, or the turn was given up.
        uncertain: Answered, and nobody knows whether the provider took it.
        lost: Accepted, and there is no answer of any kind.
        doubled: Answers that the provider took twice.
        disordered: Answers that the provider took before an earlier one of the same contact.
    """

    accepted: int
    delivered: int
    failed: int
    uncertain: int
    lost: int
    doubled: int
    disordered: int

    @property
    def settled(self) -> bool:
        """Whether every message has come to an end."""
        return self.delivered + self.failed + self.uncertain == self.accepted

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, doubled or out of order, and the sum is right."""
        return self.settled and not (self.lost or self.doubled or self.disordered)


def _disordered(bodies: Iterable[str], stored: dict[int, list[int]]) -> int:
    sequence: dict[int, list[int]] = defaultdict(list)
    for body in bodies:
        for contact, number in tokens(body):
            sequence[contact].append(stored[contact].index(number) if number in stored[contact] else -1)
    return sum(1 for numbers in sequence.values() for earlier, later in itertools.pairwise(numbers) if later < earlier)


async def _outbound_states(db: Database) -> tuple[dict[tuple[int, int], str], dict[int, list[int]], int]:
    states: dict[tuple[int, int], str] = {}
    stored: dict[int, list[int]] = defaultdict(list)
    accepted = 0
    async with db.reading() as session:
        rows = (await session.execute(text("SELECT id FROM conversation"))).scalars().all()
        dead = {turn_id for turn_id, *_ in await turns.dead(session, limit=10_000)}
        for conversation_id in rows:
            for line in await conversations.transcript(session, conversation_id):
                found = tokens(str((line.content or {}).get("text", "")))
                if line.author == "contact":
                    accepted += len(found)
                    for contact, number in found:
                        stored[contact].append(number)
                        if line.turn_id in dead:
                            states.setdefault((contact, number), "failed")
                    continue
                state = await session.scalar(
                    text("SELECT state FROM outbound WHERE message_id = :id").bindparams(id=line.id)
                )
                for mark in found:
                    states[mark] = str(state)
    return states, stored, accepted


async def take_account(settings: CoreSettings, provider_bodies: list[str]) -> Account:
    """Compare our database with what the provider took.

    Args:
        settings: Where our database is, and its keys.
        provider_bodies: What the provider took for contacts, in its own order.
    """
    install(Keyring.from_settings(settings))
    db = Database.from_settings(settings)
    try:
        states, stored, accepted = await _outbound_states(db)
    finally:
        await db.close()
    counted = Counter(states.values())
    taken = Counter(mark for body in provider_bodies for mark in tokens(body))
    marks = {(contact, number) for contact, numbers in stored.items() for number in numbers}
    return Account(
        accepted=accepted,
        delivered=sum(counted[state] for state in _ARRIVED),
        failed=counted["failed"],
        uncertain=counted["uncertain"],
        lost=len(marks - states.keys()),
        doubled=sum(times - 1 for times in taken.values() if times > 1),
        disordered=_disordered(provider_bodies, stored),
    )
