"""Twilio's webhooks for WhatsApp: verify, parse, accept, answer."""

from fastapi import APIRouter, Request, Response

from channels.base import Accept, RecordReceipt
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.parser import parse_inbound, parse_status
from channels.whatsapp.twilio.verifier import Form, Verifier, read_form
from core import log
from core.errors import MalformedWebhook, StorageUnavailable, TooMany, WebhookError

_LOG = log.get(__name__)
_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MAX_BODY = 1_000_000
"""Longest body that is read, in bytes; Twilio's own are a few kilobytes."""


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise MalformedWebhook(f"body: expected at most {MAX_BODY} bytes")
    return bytes(body)


async def _verified(request: Request, verifier: Verifier) -> Form:
    form = read_form(await _read(request), request.headers.get("content-type", ""))
    query = f"?{request.url.query}" if request.url.query else ""
    verifier.verify(request.url.path + query, form, request.headers.get("x-twilio-signature", ""))
    return form


def _refusal(error: WebhookError) -> Response:
    _LOG.warning("whatsapp.webhook_refused", error=type(error).__name__, detail=str(error))
    return Response(str(error) if error.http_status == 400 else "", status_code=error.http_status)


def _not_stored(error: StorageUnavailable) -> Response:
    """Refused, so that the provider asks again or the comparison with its list finds it."""
    _LOG.error("whatsapp.webhook_not_stored", error=str(error))
    return Response(status_code=503, headers={"Retry-After": "10"})


def make_routes(settings: WhatsAppSettings, accept: Accept, record_receipt: RecordReceipt) -> APIRouter:
    """The routes of Twilio's webhooks.

    Args:
        settings: Credentials and addresses.
        accept: Takes messages.
        record_receipt: Takes receipts.
    """
    router = APIRouter(prefix="/webhooks/whatsapp")
    verifier = Verifier(settings.auth_token.get_secret_value(), settings.public_url)

    @router.post("/inbound")
    async def inbound(request: Request) -> Response:
        try:
            event = parse_inbound(await _verified(request, verifier))
        except WebhookError as error:
            return _refusal(error)
        try:
            await accept(event)
        except TooMany as error:
            return Response(status_code=429, headers={"Retry-After": str(int(error.retry_after))})
        except StorageUnavailable as error:
            return _not_stored(error)
        return Response(_EMPTY_TWIML, media_type="text/xml")

    @router.post("/status")
    async def status(request: Request) -> Response:
        try:
            form = await _verified(request, verifier)
            receipt = parse_status(form, request.query_params.get("outbound"))
        except WebhookError as error:
            return _refusal(error)
        try:
            await record_receipt(receipt)
        except StorageUnavailable as error:
            return _not_stored(error)
        return Response(status_code=204)

    return router
