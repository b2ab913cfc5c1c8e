"""How requests and answers are signed: HMAC-SHA256 over lines, with a time and a nonce."""

import hashlib
import hmac
import re
from collections import OrderedDict

NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_REMEMBERED = 50_000


def _hmac(secret: str, *lines: str) -> str:
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def sign_request(secret: str, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Signature of a request; the target is path and query as sent."""
    return _hmac(secret, method, target, timestamp, nonce, hashlib.sha256(body).hexdigest())


def sign_answer(secret: str, nonce: str, status: int, timestamp: str, body: bytes) -> str:
    """Signature of an answer; the nonce ties it to its request."""
    return _hmac(secret, nonce, str(status), timestamp, hashlib.sha256(body).hexdigest())


class Nonces:
    """The nonces seen lately, so that a recorded request is not taken twice."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: OrderedDict[str, float] = OrderedDict()

    def is_new(self, nonce: str, now: float) -> bool:
        """Remember a nonce; False when it was seen within the window."""
        while self._seen and (
            len(self._seen) > _REMEMBERED or next(iter(self._seen.values())) < now - 2 * self._seconds
        ):
            self._seen.popitem(last=False)
        if nonce in self._seen:
            return False
        self._seen[nonce] = now
        return True

    def clear(self) -> None:
        """Forget them."""
        self._seen.clear()
