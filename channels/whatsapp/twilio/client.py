"""The way to Twilio's API: a client that keeps to its time limit, and what its failures mean to us."""

from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.parser import error_code
from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery

RETRYABLE_STATUS = {429, 503}
UNCERTAIN = (aiohttp.ClientError, TimeoutError, ValueError, LookupError, AttributeError, TypeError)
"""What the client raises once the request is out: the connection ends, time is up, the answer is not Twilio's JSON."""


def basic(name: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": aiohttp.encode_basic_auth(name, password)}


class TimedHttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's client, which otherwise ignores its own timeout."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._limit = aiohttp.ClientTimeout(total=timeout, connect=min(timeout, 3.0))

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Make a request, within the time limit.

        Raises:
            RetryableDelivery: The provider asks to come again later.
        """
        kwargs["timeout"] = self._limit
        names = ("params", "data", "headers", "auth")
        kwargs.update(zip(names, args, strict=False))
        kwargs.pop("allow_redirects", None)
        auth = kwargs.pop("auth", None)
        if auth:
            kwargs["headers"] = {**(kwargs.get("headers") or {}), **basic(*auth)}
        if (kwargs.get("headers") or {}).get("Content-Type") == "application/json":
            kwargs["json"] = kwargs.pop("data")
        assert self.session is not None  # noqa: S101 - made by the base class
        async with self.session.request(
            method.upper(),
            url,
            allow_redirects=False,
            **kwargs,
        ) as response:
            if response.status in RETRYABLE_STATUS:
                # Said here because Twilio's exception drops the headers.
                raise RetryableDelivery(str(response.status), retry_after=_seconds(response.headers.get("Retry-After")))
            return Response(response.status, await response.text(), response.headers)


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a ``Retry-After`` header; a date, or nonsense, counts as nothing said."""
    given = (retry_after or "").strip()
    return float(given) if given.isdecimal() and len(given) <= 6 else None


def make_client(settings: WhatsAppSettings, http: TimedHttpClient) -> Client:
    """The client of an account; must be made inside the running loop.

    Args:
        settings: Credentials and addresses.
        http: Its connections, which the caller closes.
    """
    client = Client(settings.account_sid, settings.auth_token.get_secret_value(), http_client=http)
    client.api.base_url = settings.api_url
    client.content.base_url = settings.content_url
    return client


async def guarded(call: Any) -> Any:
    """Await a call and turn what it raises into our errors.

    Source: what the client raises was observed with a fault-injecting proxy (channels/whatsapp/README.md).
    """
    try:
        return await call
    except TwilioRestException as error:
        code = error_code(str(error.code or error.status))
        if error.status >= 500:
            raise UncertainDelivery(code) from error
        raise FinalDelivery(code) from error
    except TwilioException as error:
        # A page of a list says no more than that it is not there.
        raise UncertainDelivery("list") from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise RetryableDelivery("connection") from error
    except UNCERTAIN as error:
        raise UncertainDelivery(type(error).__name__) from error
