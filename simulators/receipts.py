"""Moves an accepted message from queued to read, or to failed, and reports each step."""

import asyncio
import random
import time
from collections.abc import Callable

from simulators.faults import Behaviour
from simulators.records import Media, Message, new_sid
from simulators.settings import SimulatorSettings
from simulators.store import Store
from simulators.webhooks import Webhooks

OUTSIDE_WINDOW = 63016
BAD_CONTENT = 63021
MEDIA_NOT_FETCHED = 63019
_MAX_FETCHED_BYTES = 16 * 1024 * 1024
_EVENTS = {"delivered": "DELIVERED", "read": "READ"}
_PAST = {"queued": 0, "sent": 1, "delivered": 2, "read": 3}


class Receipts:
    """Plays the provider's part after a message was accepted."""

    def __init__(
        self,
        settings: SimulatorSettings,
        store: Store,
        webhooks: Webhooks,
        behaviour: Callable[[], Behaviour],
        on_change: Callable[[Message], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._webhooks = webhooks
        self._behaviour = behaviour
        self._on_change = on_change

    async def play(self, message: Message) -> None:
        """Take a message as far as it goes; one that was under way when the simulator stopped goes on."""
        held_back: list[dict[str, str]] = []
        for status, pause in self._steps(message):
            await asyncio.sleep(pause / 1000)
            current = await self._advance(message.sid, status)
            if current is None:
                return
            report = status_parameters(self._settings.account_sid, current)
            if self._behaviour().scramble_statuses:
                held_back.append(report)
            else:
                await self._report(current, report)
            if current.status == "failed":
                break
        for report in scrambled(held_back):
            await self._report(message, report)

    def _steps(self, message: Message) -> list[tuple[str, int]]:
        """The steps still ahead of a message and the milliseconds before each."""
        behaviour = self._behaviour()
        if message.details.get("fails_with"):
            return [("failed", behaviour.sent_after_ms)]
        steps = [("sent", behaviour.sent_after_ms), ("delivered", behaviour.delivered_after_ms)]
        if behaviour.read_after_ms >= 0:
            steps.append(("read", behaviour.read_after_ms))
        return [step for step in steps if _PAST[step[0]] > _PAST.get(message.status, 9)]

    async def _advance(self, sid: str, status: str) -> Message | None:
        """Write the next step; a message whose files cannot be fetched fails instead of being sent."""
        message = self._store.message(sid)
        if message is None:
            return None
        error_code = message.details.get("fails_with") if status == "failed" else None
        if status == "sent" and not await self._fetch_media(message):
            status, error_code = "failed", MEDIA_NOT_FETCHED
        now = time.time()
        sent_at = message.sent_at or now
        changed = self._store.update_message(sid, status=status, error_code=error_code, updated_at=now, sent_at=sent_at)
        if changed is not None:
            self._on_change(changed)
        return changed

    async def _fetch_media(self, message: Message) -> bool:
        """Fetch what the message links to, as a provider does before it sends."""
        for url in message.details.get("media_urls", []):
            response = await self._webhooks.fetch(url)
            if response is None or len(response.content) > _MAX_FETCHED_BYTES:
                return False
            content_type = response.headers.get("content-type", "application/octet-stream").split(";")[0]
            file = Media(new_sid("ME"), message.sid, content_type, "", response.content, time.time())
            self._store.add_media(file)
        return True

    async def _report(self, message: Message, parameters: dict[str, str]) -> None:
        """Call the gateway back, unless told to keep silent; twice when told to stutter."""
        behaviour = self._behaviour()
        if behaviour.use("withhold_statuses"):
            return
        url = message.details["status_callback"]
        repeat = behaviour.use("duplicate_statuses")
        await self._webhooks.post("status", url, parameters)
        if repeat:
            await self._webhooks.post("status", url, parameters)


def status_parameters(account_sid: str, message: Message) -> dict[str, str]:
    """Write the parameters of a status callback."""
    shown = message.contact.removeprefix("whatsapp:")
    parameters = {
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "MessageStatus": message.status,
        "MessageSid": message.sid,
        "To": message.contact,
        "From": message.business,
        "AccountSid": account_sid,
        "ApiVersion": "2010-04-01",
        "ChannelToAddress": shown[:-4] + "XXXX",
        "ChannelPrefix": "whatsapp",
        "ChannelInstallSid": "XE" + account_sid[2:],
        "StructuredMessage": "true" if message.details.get("content_sid") else "false",
    }
    if message.status in _EVENTS:
        parameters["EventType"] = _EVENTS[message.status]
    if message.error_code is not None:
        parameters |= {"ErrorCode": str(message.error_code), "ChannelStatusMessage": f"error {message.error_code}"}
    return parameters


def scrambled(reports: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put reports in an order that is not the one in which things happened."""
    mixed = random.sample(reports, len(reports))
    return reports[::-1] if mixed == reports else mixed
