"""The simulated provider as one thing: it accepts, stores, reports and remembers."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from simulators.faults import Behaviour, Faults
from simulators.feed import Feed
from simulators.inbound import ContactMessage, webhook_parameters
from simulators.links import Links
from simulators.receipts import Receipts
from simulators.records import Media, Message, new_sid
from simulators.settings import SimulatorSettings
from simulators.store import Store
from simulators.webhooks import WebhookAttempt, Webhooks

WINDOW_SECONDS = 24 * 3600
_RECEIPTS = ["sent", "delivered", "read"]
_READ_BACK = 20


class Provider:
    """Holds the parts together; built once per process, started and stopped by the application."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        self.store = Store(None if settings.in_memory else settings.data_dir / "provider.db")
        self.behaviour = Behaviour.from_settings(settings)
        self.faults = Faults()
        self.feed = Feed()
        self.links = Links(settings.public_url, settings.auth_token.get_secret_value().encode())
        self.trace: deque[dict[str, Any]] = deque(maxlen=200)
        self.webhooks = Webhooks(settings, self._attempted)
        self.receipts = Receipts(settings, self.store, self.webhooks, lambda: self.behaviour, self.announce)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lanes: dict[str, asyncio.Lock] = {}

    async def start(self) -> None:
        """Go on with messages that were under way when the simulator stopped."""
        for message in self.store.in_order(direction="outbound-api"):
            if message.status in {"queued", "sent"}:
                self.spawn(self.receipts.play(message))

    async def stop(self) -> None:
        """Stop what is under way and close the file."""
        await self._drop_tasks()
        await self.webhooks.close()
        self.store.close()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside the requests."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drop_tasks(self) -> None:
        """End what runs beside the requests."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def window_open(self, contact: str) -> bool:
        """Whether the contact wrote in the last 24 hours, so that free text may be sent."""
        last = self.store.last_inbound_at(contact)
        return last is not None and time.time() - last < WINDOW_SECONDS

    def accept(self, message: Message) -> Message:
        """Accept what the gateway asked to send, and begin to deliver it."""
        stored = self.store.add_message(message)
        self._note({"what": "accepted", "sid": stored.sid, "contact": stored.contact})
        self.mark_read(stored.contact)
        self.announce(stored)
        self.spawn(self.receipts.play(stored))
        return stored

    def receive(self, sent: ContactMessage) -> Message:
        """Take a message from a contact into the provider's books; nothing is reported yet."""
        now = time.time()
        sid = new_sid("MM" if sent.media else "SM")
        files = [Media(new_sid("ME"), sid, file.content_type, file.filename, file.data, now) for file in sent.media]
        urls = {f"{self.settings.public_url}{media_path(self.settings.account_sid, file)}": file for file in files}
        message = Message(
            sid, "inbound", sent.address, self.settings.sender_address, sent.body, "received", now, now, now,
            num_media=len(files),
        )  # fmt: skip
        details = {
            "kind": sent.kind,
            "parameters": webhook_parameters(self.settings.account_sid, message, sent, urls),
            "location": sent.location.model_dump() if sent.location else None,
            "receipt": "sent",
        }
        stored = self.store.add_message(replace(message, details=details), files)
        self.announce(stored)
        return stored

    async def report(self, message: Message) -> WebhookAttempt | None:
        """Tell the gateway of a contact's message; None when it was withheld on purpose."""
        if self.behaviour.use("withhold_inbound"):
            return None
        copies = 2 if self.behaviour.use("duplicate_inbound") else 1
        if not self.behaviour.ordered_webhooks:
            return await self._post_inbound(message, copies)
        async with self._lanes.setdefault(message.contact, asyncio.Lock()):
            return await self._post_inbound(message, copies)

    async def _post_inbound(self, message: Message, copies: int) -> WebhookAttempt:
        url = self.settings.signed_base_url + self.settings.inbound_path
        parameters = message.details["parameters"]
        posts = [self.webhooks.post("inbound", url, parameters) for _ in range(copies)]
        attempts = await asyncio.gather(*posts)
        if any(attempt.accepted for attempt in attempts):
            self._raise_receipt(message.sid, "delivered")
        return attempts[0]

    def mark_read(self, contact: str) -> None:
        """Show a contact that the business has read what was delivered to it."""
        for message in self.store.latest(contact, _READ_BACK):
            if message.inbound:
                self._raise_receipt(message.sid, "read")

    def _raise_receipt(self, sid: str, receipt: str) -> None:
        """Move the ticks under a contact's message forward, never back."""
        message = self.store.message(sid)
        if message is None or _RECEIPTS.index(message.details["receipt"]) >= _RECEIPTS.index(receipt):
            return
        changed = self.store.update_message(sid, details=message.details | {"receipt": receipt})
        if changed is not None:
            self.announce(changed)

    def announce(self, message: Message) -> None:
        """Tell the open pages that a message is new or has changed."""
        self.feed.publish(message.sid, {"what": "message", "contact": message.contact, "sid": message.sid})

    def typing(self, contact: str) -> None:
        """Show a contact that an answer is being written."""
        self.feed.publish(f"typing {contact}", {"what": "typing", "contact": contact})

    async def reset(self, *, contents: bool) -> None:
        """Begin anew: no messages, no faults, the habits of the settings."""
        await self._drop_tasks()
        self.store.clear(contents=contents)
        self.faults.clear()
        self.behaviour = Behaviour.from_settings(self.settings)
        self.webhooks.attempts.clear()
        self.trace.clear()
        self._lanes.clear()
        self.feed.publish("reset", {"what": "reset"})

    def _attempted(self, attempt: WebhookAttempt) -> None:
        """Note a webhook for the page's view of the wire."""
        message = self.store.message(attempt.message_sid)
        contact = message.contact if message else ""
        self._note({"what": attempt.kind, "contact": contact, **attempt.as_json()})

    def _note(self, step: dict[str, Any]) -> None:
        step = {"at": time.time(), **step}
        self.trace.append(step)
        self.feed.publish(f"trace {new_sid('EV')}", {"what": "trace", "contact": step["contact"], "step": step})


def media_path(account_sid: str, file: Media) -> str:
    """Where the provider offers a file of a message."""
    return f"/2010-04-01/Accounts/{account_sid}/Messages/{file.message_sid}/Media/{file.sid}"
