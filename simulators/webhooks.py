"""Signs and posts the provider's webhooks to the gateway, trying at most twice."""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import httpx
from twilio.request_validator import RequestValidator

from simulators.settings import SimulatorSettings

logger = logging.getLogger(__name__)
WebhookKind = Literal["inbound", "status"]
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One posted webhook and what became of it; ``status_code`` is None when no answer came."""

    kind: WebhookKind
    message_sid: str
    message_status: str
    attempt: int
    status_code: int | None
    milliseconds: float
    error: str | None
    sent_at: float

    @property
    def accepted(self) -> bool:
        """Whether the gateway took it."""
        return self.status_code is not None and 200 <= self.status_code < 300

    def as_json(self) -> dict[str, Any]:
        """Show it to the control API and the page."""
        return asdict(self)


class Webhooks:
    """The way from the provider to the gateway.

    URLs are signed as the provider knows them (public) and posted to where the gateway really listens. Nothing is
    ever posted anywhere else.
    """

    def __init__(self, settings: SimulatorSettings, on_attempt: Callable[[WebhookAttempt], None]) -> None:
        self._settings = settings
        self._validator = RequestValidator(settings.auth_token.get_secret_value())
        self._client = httpx.AsyncClient(
            trust_env=False,
            timeout=settings.webhook_timeout_seconds,
            limits=httpx.Limits(max_connections=500, max_keepalive_connections=50),
        )
        self._on_attempt = on_attempt
        self.attempts: deque[WebhookAttempt] = deque(maxlen=_REMEMBERED)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def gateway_address(self, url: str) -> str | None:
        """Translate a public URL of the gateway to where it listens; None for any other place."""
        for base in (self._settings.signed_base_url, self._settings.gateway_url):
            if url.startswith((base + "/", base + "?")) or url == base:
                return self._settings.gateway_url + url.removeprefix(base)
        return None

    async def fetch(self, url: str) -> httpx.Response | None:
        """Get a file that the gateway offers; None for any other place or when it cannot be had."""
        address = self.gateway_address(url)
        if address is None:
            return None
        try:
            response = await self._client.get(address, timeout=self._settings.webhook_timeout_seconds)
        except httpx.HTTPError:
            return None
        return response if response.is_success else None

    async def post(self, kind: WebhookKind, url: str, parameters: dict[str, str]) -> WebhookAttempt:
        """Post a signed webhook; once more after a failed connection or a 5xx answer, while time is left."""
        token = str(uuid.uuid4())
        deadline = time.monotonic() + self._settings.webhook_timeout_seconds
        attempt = await self._attempt(kind, url, parameters, token, 1, deadline)
        failed = attempt.status_code is None or attempt.status_code >= 500
        pause = self._settings.webhook_retry_seconds
        if failed and attempt.error != "foreign" and time.monotonic() + pause < deadline:
            await asyncio.sleep(pause)
            attempt = await self._attempt(kind, url, parameters, token, 2, deadline)
        return attempt

    async def _attempt(
        self, kind: WebhookKind, url: str, parameters: dict[str, str], token: str, number: int, deadline: float
    ) -> WebhookAttempt:
        address = self.gateway_address(url)
        started, sent_at = time.perf_counter(), time.time()
        status_code, error = None, None
        if address is None:
            error = "foreign"
        else:
            try:
                response = await self._client.post(
                    address,
                    data=parameters,
                    headers=self._headers(url, parameters, token),
                    timeout=max(0.05, deadline - time.monotonic()),
                )
                status_code = response.status_code
            except httpx.HTTPError as failure:
                error = type(failure).__name__
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        sid, status = parameters.get("MessageSid", ""), parameters.get("MessageStatus", "")
        attempt = WebhookAttempt(kind, sid, status, number, status_code, milliseconds, error, sent_at)
        if not attempt.accepted:
            logger.warning("%s webhook for %s: %s", kind, sid, status_code or error)
        self.attempts.append(attempt)
        self._on_attempt(attempt)
        return attempt

    def _headers(self, url: str, parameters: dict[str, str], token: str) -> dict[str, str]:
        return {
            "X-Twilio-Signature": self._validator.compute_signature(url, parameters),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
