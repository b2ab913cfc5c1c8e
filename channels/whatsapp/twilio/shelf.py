"""The templates that an account keeps at Twilio's Content API: list, create, hand in for approval, delete."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from twilio.rest import Client

from channels.whatsapp.definitions import Definition
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.client import guarded
from channels.whatsapp.twilio.renderer import approval_request, notice_definition
from core import log
from core.errors import FinalDelivery, ProviderError, RetryableDelivery, UncertainDelivery

_LOG = log.get(__name__)
APPROVED = "approved"
UNSUBMITTED = "unsubmitted"
_PAGE, _MOST_PAGES = 500, 20


@dataclass(frozen=True)
class Kept:
    """A template at the provider.

    Attributes:
        sid: The provider's id.
        name: Its name.
        status: How its approval stands, in the provider's words.
        reason: Why it was rejected.
    """

    sid: str
    name: str
    status: str
    reason: str = ""


class Shelf:
    """An account's templates; what is approved is remembered for a while.

    Args:
        client: Twilio's client.
        settings: Addresses and patience.
    """

    def __init__(self, client: Client, settings: WhatsAppSettings) -> None:
        self._client, self._settings = client, settings
        self._approved: dict[str, str] | None = None
        self._asked_at = 0.0
        self._lock = asyncio.Lock()

    async def approved(self) -> Mapping[str, str]:
        """Sids of the approved templates by name, as the provider said within the last minutes.

        Raises:
            RetryableDelivery: The provider did not say and never has.
        """
        async with self._lock:
            old = self._approved is None or time.monotonic() - self._asked_at >= self._settings.template_refresh
            if old:
                await self._refresh()
            return self._approved or {}

    async def _refresh(self) -> None:
        try:
            self._approved = {one.name: one.sid for one in await self.kept() if one.status == APPROVED}
        except FinalDelivery as error:
            # The account may not use templates: that is an answer, and it will be the same in a second.
            _LOG.warning("whatsapp.templates_refused", code=error.code)
            self._approved = self._approved or {}
        except ProviderError as error:
            _LOG.warning("whatsapp.templates_unknown", code=error.code)
            if self._approved is None:
                raise RetryableDelivery("templates_unknown") from error
        self._asked_at = time.monotonic()

    async def kept(self) -> list[Kept]:
        """Every template of the account.

        Raises:
            ProviderError: The provider did not say.
        """
        found: list[Kept] = []
        query = f"PageSize={_PAGE}"
        for _ in range(_MOST_PAGES):
            page = await guarded(self._call("GET", f"/v1/ContentAndApprovals?{query}"))
            found += await guarded(_read(page))
            following = urlsplit(str((page.get("meta") or {}).get("next_page_url") or "")).query
            if not following:
                return found
            query = following
        return found

    async def create(self, definition: Definition) -> str:
        """Make a template and give its sid; it is not handed in yet.

        Raises:
            ProviderError: It was not made, or nobody knows.
        """
        made = await guarded(self._call("POST", "/v1/Content", notice_definition(definition)))
        return str(made["sid"])

    async def submit(self, sid: str, definition: Definition) -> str:
        """Hand a template in for WhatsApp's approval and say how that stands.

        Raises:
            ProviderError: It was not handed in, or nobody knows.
        """
        path = f"/v1/Content/{sid}/ApprovalRequests/whatsapp"
        answer = await guarded(self._call("POST", path, approval_request(definition)))
        return str(answer.get("status") or "received")

    async def delete(self, sid: str) -> None:
        """Take a template away.

        Raises:
            ProviderError: It is still there, or nobody knows.
        """
        await guarded(self._client.content.v1.contents(sid).delete_async())

    async def _call(self, method: str, path: str, document: Mapping[str, object] | None = None) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if document is not None:
            more = {"data": dict(document), "headers": {"Content-Type": "application/json"}}
        response = await self._client.request_async(method, self._settings.content_url + path, **more)
        refused = response.status_code >= 400
        try:
            answer = json.loads(response.text)
        except ValueError:
            answer = {} if refused else None
        if not isinstance(answer, dict):
            raise TypeError("expected a JSON object")
        if refused:
            # No word of a contact is in these requests, so that what the provider says may be shown.
            code, message = str(answer.get("code") or response.status_code), str(answer.get("message") or "")
            raise (UncertainDelivery if response.status_code >= 500 else FinalDelivery)(code, message)
        return answer


async def _read(page: Mapping[str, Any]) -> list[Kept]:
    return [_kept(item) for item in page["contents"]]


def _kept(item: Mapping[str, Any]) -> Kept:
    approval = item.get("approval_requests") or {}
    return Kept(
        sid=str(item["sid"]),
        name=str(item.get("friendly_name") or ""),
        status=str(approval.get("status") or UNSUBMITTED).lower(),
        reason=str(approval.get("rejection_reason") or ""),
    )
