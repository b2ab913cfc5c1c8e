"""The Content API as far as quick replies, lists and approved templates need it."""

import json
import re
import time
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from simulators.dependencies import ProviderHere
from simulators.provider import Provider
from simulators.records import Content, new_sid
from simulators.twilio.errors import TwilioError, not_found
from simulators.twilio.gate import FaultHere, authenticate, read_body
from simulators.twilio.resources import content_resource
from simulators.twilio.templates import check_types, rejection

router = APIRouter(prefix="/v1/Content", dependencies=[Depends(authenticate)])
both = APIRouter(prefix="/v1/ContentAndApprovals", dependencies=[Depends(authenticate)])
UNSUBMITTED = "unsubmitted"
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_CATEGORIES = {"UTILITY", "MARKETING", "AUTHENTICATION"}


async def _document(request: Request) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        document = json.loads(await read_body(request))
    except ValueError as error:
        raise TwilioError(400, 20001, "The body must be JSON") from error
    if not isinstance(document, dict):
        raise TwilioError(400, 20001, "The body must be a JSON object")
    return document


def _content(provider: Provider, request: Request, sid: str) -> Content:
    content = provider.store.content(sid)
    if content is None:
        raise not_found(request.url.path)
    return content


@router.post("")
async def create(request: Request, provider: ProviderHere, _fault: FaultHere) -> JSONResponse:
    """Store a new template."""
    document = await _document(request)
    language = document.get("language")
    if not isinstance(language, str) or not language:
        raise TwilioError(400, 20001, "language is required")
    variables = document.get("variables") or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise TwilioError(400, 20001, "variables must map names to texts")
    name = str(document.get("friendly_name") or "")
    types = check_types(document.get("types"))
    content = Content(new_sid("HX"), name, language, variables, types, UNSUBMITTED, time.time())
    provider.store.save_content(content)
    shown = content_resource(provider.settings.public_url, provider.settings.account_sid, content)
    return JSONResponse(shown, status_code=201)


def _shown(provider: Provider, content: Content) -> dict[str, Any]:
    return content_resource(provider.settings.public_url, provider.settings.account_sid, content)


@router.get("")
async def list_contents(request: Request, provider: ProviderHere, _fault: FaultHere) -> dict[str, Any]:
    """List all templates on one page."""
    return _page(provider, request, [_shown(provider, content) for content in provider.store.contents()])


@both.get("")
async def list_with_approvals(request: Request, provider: ProviderHere, _fault: FaultHere) -> dict[str, Any]:
    """List all templates with their approval, on one page."""
    items = [
        {
            **{name: value for name, value in _shown(provider, content).items() if name not in {"links", "url"}},
            "approval_requests": _approval(content, content.friendly_name, "UTILITY", content.approval),
        }
        for content in provider.store.contents()
    ]
    return _page(provider, request, items)


def _page(provider: Provider, request: Request, items: list[dict[str, Any]]) -> dict[str, Any]:
    url = f"{provider.settings.public_url}{request.url.path}"
    meta = {
        "page": 0, "page_size": max(50, len(items)), "first_page_url": url, "previous_page_url": None, "url": url,
        "next_page_url": None, "key": "contents",
    }  # fmt: skip
    return {"meta": meta, "contents": items}


@router.get("/{sid}")
async def fetch(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> dict[str, Any]:
    """Show one template."""
    content = _content(provider, request, sid)
    return content_resource(provider.settings.public_url, provider.settings.account_sid, content)


@router.delete("/{sid}", status_code=204)
async def delete(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> None:
    """Forget a template."""
    provider.store.delete_content(_content(provider, request, sid).sid)


@router.post("/{sid}/ApprovalRequests/whatsapp")
async def request_approval(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> JSONResponse:
    """Take a template for approval; this WhatsApp decides at once, or leaves it pending if it is told to."""
    content = _content(provider, request, sid)
    document = await _document(request)
    name, category = str(document.get("name") or ""), document.get("category")
    if not name or category not in _CATEGORIES:
        raise TwilioError(400, 20001, "name and a known category are required")
    if not _NAME.fullmatch(name):
        raise TwilioError(400, 20001, "name: lower-case letters, digits and underscores")
    if content.approval != UNSUBMITTED:
        raise TwilioError(400, 20001, "The template was handed in before")
    status = "rejected" if rejection(content.types, content.variables) else provider.behaviour.approval
    provider.store.save_content(replace(content, approval=status))
    return JSONResponse(_approval(content, name, str(category), "received"), status_code=201)


@router.get("/{sid}/ApprovalRequests")
async def fetch_approval(request: Request, provider: ProviderHere, _fault: FaultHere, sid: str) -> dict[str, Any]:
    """Say how a template's approval stands."""
    content = _content(provider, request, sid)
    return {
        "sid": content.sid,
        "account_sid": provider.settings.account_sid,
        "whatsapp": _approval(content, content.friendly_name, "UTILITY", content.approval),
        "url": f"{provider.settings.public_url}{request.url.path}",
    }


def _approval(content: Content, name: str, category: str, status: str) -> dict[str, Any]:
    return {
        "name": name,
        "category": category,
        "content_type": next(iter(content.types)),
        "status": status,
        "rejection_reason": rejection(content.types, content.variables) if status == "rejected" else "",
        "allow_category_change": True,
    }
