"""Hashes and checks passwords with Argon2id, off the event loop and few at a time."""

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = 2
"""Hashes computed side by side: each takes 64 MB and a core for about a tenth of a second."""


class Passwords:
    """Hashes and checks passwords.

    Args:
        hasher: Its parameters are the library's defaults (RFC 9106, low memory) unless given.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._limiter: anyio.CapacityLimiter | None = None
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await anyio.to_thread.run_sync(self._hasher.hash, password, limiter=self._limit())

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; without a hash it takes as long and is always False."""
        if stored is None:
            if self._nobody is None:
                self._nobody = await self.hash("nobody")
            await anyio.to_thread.run_sync(self._verify, self._nobody, password, limiter=self._limit())
            return False
        return await anyio.to_thread.run_sync(self._verify, stored, password, limiter=self._limit())

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False

    def _limit(self) -> anyio.CapacityLimiter:
        if self._limiter is None:  # made inside the running loop
            self._limiter = anyio.CapacityLimiter(AT_ONCE)
        return self._limiter
