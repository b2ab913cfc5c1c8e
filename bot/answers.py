"""Answers already given, so that a repeated turn gets the same one without a second prediction."""

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Dict, Optional


class AnswerStore:
    """The latest answers by turn id: bounded, the oldest goes first.

    A turn that is still being answered makes its repetition wait. The gateway stores what it got, so this only
    has to outlast its retries; after a restart of this process a repeated turn is simply asked again.
    """

    def __init__(self, limit: int = 2000) -> None:
        self._limit = limit
        self._answers: "OrderedDict[str, Dict[str, Any]]" = OrderedDict()
        self._locks: Dict[str, asyncio.Lock] = {}
        self._waiting: Dict[str, int] = {}

    def get(self, turn_id: str) -> Optional[Dict[str, Any]]:
        """The stored answer of a turn."""
        return self._answers.get(turn_id)

    def put(self, turn_id: str, answer: Dict[str, Any]) -> None:
        """Store the answer of a turn."""
        self._answers[turn_id] = answer
        self._answers.move_to_end(turn_id)
        while len(self._answers) > self._limit:
            self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget every answer; a turn that is repeated after that is asked again."""
        self._answers.clear()

    @asynccontextmanager
    async def alone(self, turn_id: str) -> AsyncIterator[None]:
        """One at a time for each turn id."""
        lock = self._locks.setdefault(turn_id, asyncio.Lock())
        self._waiting[turn_id] = self._waiting.get(turn_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[turn_id] -= 1
            if not self._waiting[turn_id]:
                del self._waiting[turn_id], self._locks[turn_id]
