"""Live news of the simulated phone for every open page; a slow page keeps only the latest state of each message."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class _Mailbox:
    """What one open page has not been told yet."""

    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    bell: asyncio.Event = field(default_factory=asyncio.Event)


class Feed:
    """Hands news to all open pages without ever waiting for one."""

    def __init__(self) -> None:
        self._mailboxes: set[_Mailbox] = set()

    def publish(self, key: str, news: dict[str, Any]) -> None:
        """Tell every page; news with the same key replaces what was not fetched yet."""
        for mailbox in self._mailboxes:
            mailbox.waiting.pop(key, None)
            mailbox.waiting[key] = news
            mailbox.bell.set()

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        """Yield news from now on."""
        mailbox = _Mailbox()
        self._mailboxes.add(mailbox)
        try:
            while True:
                await mailbox.bell.wait()
                mailbox.bell.clear()
                waiting, mailbox.waiting = mailbox.waiting, {}
                for news in waiting.values():
                    yield news
        finally:
            self._mailboxes.discard(mailbox)
