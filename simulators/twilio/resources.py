"""Twilio's JSON resources and its notations for dates."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from simulators.provider import media_path
from simulators.records import Content, Media, Message


def rfc2822(when: float | None) -> str | None:
    """Write a time as the 2010 API does."""
    return None if when is None else format_datetime(datetime.fromtimestamp(int(when), UTC))


def iso8601(when: float) -> str:
    """Write a time as the newer APIs do."""
    return datetime.fromtimestamp(int(when), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message_resource(account_sid: str, message: Message) -> dict[str, Any]:
    """Show a message as Twilio's message resource."""
    path = f"/2010-04-01/Accounts/{account_sid}/Messages/{message.sid}"
    error = message.error_code
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created_at),
        "date_sent": rfc2822(message.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": error,
        "error_message": f"error {error}" if error is not None else None,
        "from": message.sender,
        "messaging_service_sid": None,
        "num_media": str(message.num_media),
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": message.recipient,
        "uri": f"{path}.json",
    }


def media_resource(account_sid: str, file: Media) -> dict[str, Any]:
    """Show a file as Twilio's media resource."""
    return {
        "account_sid": account_sid,
        "content_type": file.content_type,
        "date_created": rfc2822(file.created_at),
        "date_updated": rfc2822(file.created_at),
        "parent_sid": file.message_sid,
        "sid": file.sid,
        "uri": f"{media_path(account_sid, file)}.json",
    }


def content_resource(base_url: str, account_sid: str, content: Content) -> dict[str, Any]:
    """Show a template as Twilio's content resource."""
    url = f"{base_url}/v1/Content/{content.sid}"
    return {
        "account_sid": account_sid,
        "date_created": iso8601(content.created_at),
        "date_updated": iso8601(content.created_at),
        "friendly_name": content.friendly_name,
        "language": content.language,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
        "sid": content.sid,
        "types": content.types,
        "url": url,
        "variables": content.variables,
    }


def list_resource(
    path: str, query: str, key: str, items: list[dict[str, Any]], page: int = 0, next_uri: str | None = None
) -> dict[str, Any]:
    """Wrap one page of a list as the 2010 API does."""
    size = len(items)
    return {
        key: items,
        "end": max(0, size - 1),
        "first_page_uri": f"{path}?{query}&Page=0",
        "next_page_uri": next_uri,
        "page": page,
        "page_size": size,
        "previous_page_uri": None,
        "start": 0,
        "uri": f"{path}?{query}&Page={page}",
    }
