"""Short-lived links to files, which need no password: where the provider's media downloads lead."""

import hashlib
import hmac
import time

from simulators.records import Media

LIFETIME_SECONDS = 300


class Links:
    """Makes and checks links."""

    def __init__(self, base_url: str, key: bytes) -> None:
        self._base_url = base_url
        self._key = hashlib.sha256(b"media link" + key).digest()

    def make(self, file: Media) -> str:
        """Write a link to a file."""
        until = int(time.time()) + LIFETIME_SECONDS
        return f"{self._base_url}/files/{file.sid}?until={until}&seal={self._seal(file.sid, until)}"

    def valid(self, sid: str, until: int, seal: str) -> bool:
        """Whether a link was made here and has not run out."""
        return time.time() < until and hmac.compare_digest(seal.encode(), self._seal(sid, until).encode())

    def _seal(self, sid: str, until: int) -> str:
        return hmac.new(self._key, f"{sid} {until}".encode(), hashlib.sha256).hexdigest()
