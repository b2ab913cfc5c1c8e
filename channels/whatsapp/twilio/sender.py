"""Talks to Twilio's API: sends, finds what was sent, and lists what came in."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from twilio.base.exceptions import TwilioException

from channels.whatsapp.definitions import definition_for
from channels.whatsapp.manifest import MANIFEST
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.client import RETRYABLE_STATUS, UNCERTAIN, TimedHttpClient, basic, guarded, make_client
from channels.whatsapp.twilio.parser import SID, parse_listed
from channels.whatsapp.twilio.renderer import (
    notice_variables,
    numbered,
    template_definition,
    template_name,
    template_variables,
)
from channels.whatsapp.twilio.shelf import Shelf
from core import log
from core.errors import FinalDelivery, ProviderError, RetryableDelivery, UncertainDelivery, WebhookError
from core.events import WINDOW_CLOSED, InboundMessage, MediaRef, OutboundContent

_LOG = log.get(__name__)
_REDIRECTS = {301, 302, 303, 307, 308}
_NOT_ACCEPTED = {"failed", "undelivered", "canceled"}
_MOST_REDIRECTS = 2
_STORAGE_HOSTS = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")


async def _read_up_to(response: aiohttp.ClientResponse, limit: int) -> bytes:
    content = bytearray()
    async for part in response.content.iter_chunked(65536):
        content += part
        if len(content) >= limit:
            return bytes(content[:limit])
    return bytes(content)


class TwilioSender:
    """Sends WhatsApp messages through Twilio; must be made inside the running loop.

    Args:
        settings: Credentials and addresses.
    """

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings
        self._http = TimedHttpClient(settings.timeout)
        self._client = make_client(settings, self._http)
        self._shelf = Shelf(self._client, settings)
        self._fetch_limit = aiohttp.ClientTimeout(total=settings.timeout * 3)
        self._from = f"whatsapp:{settings.sender}"
        self._templates: dict[str, str] | None = None
        self._template_lock = asyncio.Lock()

    async def send(self, to: str, content: OutboundContent, outbound_id: str) -> str:
        """See `channels.base.Sender.send`."""
        arguments: dict[str, Any] = {"body": numbered(content)}
        few = len(content.buttons) <= MANIFEST.max_buttons
        if content.buttons and few and self._settings.quick_replies:
            template = await self._template(tuple(button.title for button in content.buttons), content.language)
            if template is not None:
                arguments = {"content_sid": template, "content_variables": template_variables(content)}
        return await self._ask(to, outbound_id, arguments)

    async def has_template(self, content: OutboundContent) -> bool:
        """See `channels.base.TemplateSender.has_template`."""
        return await self._approved(content) is not None

    async def send_template(self, to: str, content: OutboundContent, outbound_id: str) -> str:
        """See `channels.base.TemplateSender.send_template`."""
        approved = await self._approved(content)
        if approved is None:
            raise FinalDelivery(WINDOW_CLOSED)
        sid, values = approved
        return await self._ask(to, outbound_id, {"content_sid": sid, "content_variables": notice_variables(values)})

    async def _approved(self, content: OutboundContent) -> tuple[str, tuple[str, ...]] | None:
        """The approved template that says this, and the values of its variables."""
        definition = definition_for(content)
        values = definition.values(content) if definition else None
        if definition is None or values is None:
            return None
        sid = (await self._shelf.approved()).get(definition.name)
        return (sid, values) if sid else None

    async def _ask(self, to: str, outbound_id: str, arguments: dict[str, Any]) -> str:
        message = await guarded(
            self._client.messages.create_async(
                to=f"whatsapp:{to}",
                from_=self._from,
                status_callback=f"{self._settings.public_url}/webhooks/whatsapp/status?outbound={outbound_id}",
                **arguments,
            )
        )
        if not SID.fullmatch(str(message.sid)):
            raise UncertainDelivery("answer", "no id in it")
        return str(message.sid)

    async def find(self, to: str, content: OutboundContent, since: datetime) -> list[str]:
        """See `channels.base.Sender.find`."""
        listed = await guarded(
            self._client.messages.list_async(to=f"whatsapp:{to}", date_sent_after=since.astimezone(UTC), limit=100)
        )
        wanted = {content.text.strip(), numbered(content).strip()}
        definition = definition_for(content)
        values = definition.values(content) if definition else None
        if definition is not None and values is not None:
            wanted.add(definition.filled(values).strip())
        return [
            str(message.sid)
            for message in listed
            if (message.body or "").strip() in wanted
            and str(message.direction or "").startswith("outbound")
            and str(message.status) not in _NOT_ACCEPTED
        ]

    async def list_inbound(self, since: datetime) -> AsyncIterator[InboundMessage]:
        """See `channels.base.Sender.list_inbound`."""
        listed = await guarded(
            self._client.messages.list_async(
                to=self._from, date_sent_after=since.astimezone(UTC), limit=2000, page_size=200
            )
        )
        for message in reversed(listed):
            if str(message.direction or "inbound") != "inbound":
                continue
            try:
                event = parse_listed(
                    {"sid": message.sid, "from": message.from_, "body": message.body}, await self._media_of(message)
                )
            except (WebhookError, ProviderError) as error:
                _LOG.warning("whatsapp.listed_message_skipped", error=type(error).__name__)
                continue
            yield event.model_copy(update={"sent_at": message.date_sent or message.date_created})

    async def _media_of(self, message: Any) -> list[MediaRef]:
        if str(message.num_media or "0") == "0":
            return []
        listed = await guarded(message.media.list_async(limit=10))
        folder = (
            f"{self._settings.api_url}/2010-04-01/Accounts/{self._settings.account_sid}/Messages/{message.sid}/Media"
        )
        return [MediaRef(url=f"{folder}/{file.sid}", declared_type=str(file.content_type)) for file in listed]

    async def fetch(self, url: str, limit: int) -> bytes:
        """See `channels.base.Sender.fetch`; Twilio redirects to a short-lived address on its storage."""
        if not url.startswith(self._settings.api_url + "/"):
            raise FinalDelivery("foreign_address")
        token = self._settings.auth_token.get_secret_value()
        headers = basic(self._settings.account_sid, token)
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                async with self._http.session.get(
                    url, headers=headers, allow_redirects=False, timeout=self._fetch_limit
                ) as got:
                    if got.status in _REDIRECTS:
                        url, headers = self._trusted_redirect(url, got.headers.get("Location", "")), {}
                        continue
                    if got.status in RETRYABLE_STATUS or got.status >= 500:
                        raise RetryableDelivery(str(got.status))
                    if got.status != 200:
                        raise FinalDelivery(str(got.status))
                    return await _read_up_to(got, limit)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RetryableDelivery(type(error).__name__) from error
        raise FinalDelivery("too_many_redirects")

    def _trusted_redirect(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        host = urlsplit(target).hostname or ""
        ours = urlsplit(target)[:2] == urlsplit(self._settings.api_url)[:2]
        if not ours and not (target.startswith("https://") and host.endswith(_STORAGE_HOSTS)):
            raise FinalDelivery("foreign_address")
        return target

    async def close(self) -> None:
        """See `channels.base.Sender.close`."""
        await self._http.close()

    async def _template(self, titles: tuple[str, ...], language: str) -> str | None:
        """Sid of the template for these buttons; None when the provider gives none just now."""
        name = template_name(titles)
        async with self._template_lock:
            try:
                if self._templates is None:
                    known = await self._client.content.v1.contents.list_async(limit=1000)
                    self._templates = {str(item.friendly_name): str(item.sid) for item in known}
                if name not in self._templates:
                    self._templates[name] = await self._create_template(titles, language)
                return self._templates[name]
            except (TwilioException, RetryableDelivery, *UNCERTAIN) as error:
                _LOG.warning("whatsapp.template_unavailable", error=type(error).__name__)
                return None

    async def _create_template(self, titles: tuple[str, ...], language: str) -> str:
        response = await self._client.request_async(
            "POST",
            f"{self._settings.content_url}/v1/Content",
            data=template_definition(titles, language),
            headers={"Content-Type": "application/json"},
        )
        return str(json.loads(response.text)["sid"])
