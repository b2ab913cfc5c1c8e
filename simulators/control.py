"""The control API: tests and load drivers play the contacts and break things with it."""

import ipaddress
import secrets
import time
from dataclasses import replace
from typing import Any, Self

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulators.dependencies import ProviderHere
from simulators.faults import Approval, Behaviour, Fault
from simulators.inbound import ContactMessage
from simulators.provider import WINDOW_SECONDS
from simulators.records import Message
from simulators.webhooks import WebhookAttempt


def permit(request: Request, provider: ProviderHere) -> None:
    """Let in only this machine, and only with the control token."""
    peer = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(peer).is_loopback
    except ValueError:
        local = False
    given = request.headers.get("x-control-token", "")
    right = provider.settings.control_token.get_secret_value()
    if not local or not secrets.compare_digest(given.encode(), right.encode()):
        raise HTTPException(403, "control token required")


router = APIRouter(prefix="/control", dependencies=[Depends(permit)])


class InboundOrder(ContactMessage):
    """A contact's message and what to do with it.

    Attributes:
        deliver: Whether the gateway is told; if not, the message is only in the provider's books.
        wait: Whether to answer only when the gateway has answered.
    """

    deliver: bool = True
    wait: bool = False


class Window(BaseModel):
    """Opens or closes the 24 hours in which a contact may be written to freely, or sets when the contact wrote last.

    Attributes:
        open: Whether the contact has just written, or more than 24 hours ago.
        hours_ago: How long ago the contact wrote, instead of that.
    """

    model_config = ConfigDict(extra="forbid")

    contact: str = Field(min_length=1, max_length=80)
    open: bool | None = None
    hours_ago: float | None = Field(default=None, ge=0, le=100_000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.open is None) == (self.hours_ago is None):
            msg = "either open or hours_ago"
            raise ValueError(msg)
        return self

    def seconds_ago(self) -> float:
        """How long ago the contact wrote."""
        if self.hours_ago is not None:
            return self.hours_ago * 3600
        return 0 if self.open else WINDOW_SECONDS + 1


class Decision(BaseModel):
    """What WhatsApp decides about a template that was handed in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=512)
    status: Approval


def outbound_json(message: Message) -> dict[str, Any]:
    """Show an accepted message with everything that came with it."""
    details = message.details
    return {
        "sequence": message.sequence,
        "sid": message.sid,
        "to": message.contact,
        "from": message.business,
        "body": message.body,
        "status": message.status,
        "error_code": message.error_code,
        "accepted_at": message.created_at,
        "updated_at": message.updated_at,
        "content_sid": details.get("content_sid"),
        "card": details.get("card"),
        "media_urls": details.get("media_urls", []),
        "persistent_action": details.get("persistent_action"),
        "status_callback": details.get("status_callback"),
    }


def inbound_json(message: Message, attempt: WebhookAttempt | None = None) -> dict[str, Any]:
    """Show a contact's message, with the gateway's answer where there is one."""
    return {
        "sequence": message.sequence,
        "sid": message.sid,
        "from": message.contact,
        "body": message.body,
        "received_at": message.created_at,
        "receipt": message.details["receipt"],
        "parameters": message.details["parameters"],
        "webhook": attempt.as_json() if attempt else None,
    }


@router.post("/inbound", status_code=202)
async def send_inbound(order: InboundOrder, provider: ProviderHere) -> dict[str, Any]:
    """Send a message as a contact."""
    message = provider.receive(order)
    attempt = None
    if order.deliver and order.wait:
        attempt = await provider.report(message)
    elif order.deliver:
        provider.spawn(provider.report(message))
    return inbound_json(provider.store.message(message.sid) or message, attempt)


@router.post("/inbound/{sid}/redeliver")
async def redeliver(sid: str, provider: ProviderHere) -> dict[str, Any]:
    """Report a stored message of a contact again, with the same parameters."""
    message = provider.store.message(sid)
    if message is None or not message.inbound:
        raise HTTPException(404, "no such inbound message")
    attempt = await provider.report(message)
    return inbound_json(provider.store.message(sid) or message, attempt)


@router.get("/inbound")
async def list_inbound(provider: ProviderHere, contact: str | None = None, after: int = 0) -> dict[str, Any]:
    """List the contacts' messages in the order in which they were sent."""
    found = provider.store.in_order(direction="inbound", contact=contact, after=after)
    return {"messages": [inbound_json(message) for message in found]}


@router.get("/outbound")
async def list_outbound(provider: ProviderHere, contact: str | None = None, after: int = 0) -> dict[str, Any]:
    """List what the API accepted, in the order in which it did."""
    found = provider.store.in_order(direction="outbound-api", contact=contact, after=after)
    return {"messages": [outbound_json(message) for message in found]}


@router.get("/webhooks")
async def list_webhooks(provider: ProviderHere, kind: str | None = None, sid: str | None = None) -> dict[str, Any]:
    """List the webhooks posted since the start, oldest first."""
    attempts = [
        attempt.as_json()
        for attempt in provider.webhooks.attempts
        if kind in {None, attempt.kind} and sid in {None, attempt.message_sid}
    ]
    return {"webhooks": attempts}


@router.get("/faults")
async def list_faults(provider: ProviderHere) -> dict[str, Any]:
    """List the faults still due."""
    return {"faults": [fault.model_dump() for fault in provider.faults.pending()]}


@router.post("/faults", status_code=201)
async def add_fault(fault: Fault, provider: ProviderHere) -> dict[str, Any]:
    """Plan a fault for the next API calls."""
    provider.faults.add(fault)
    return await list_faults(provider)


@router.delete("/faults", status_code=204)
async def clear_faults(provider: ProviderHere) -> None:
    """Plan no fault any more."""
    provider.faults.clear()


@router.get("/behaviour")
async def show_behaviour(provider: ProviderHere) -> Behaviour:
    """Show the habits in force."""
    return provider.behaviour


@router.patch("/behaviour")
async def change_behaviour(changes: dict[str, Any], provider: ProviderHere) -> Behaviour:
    """Change some habits and leave the others."""
    try:
        provider.behaviour = Behaviour.model_validate(provider.behaviour.model_dump() | changes)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    return provider.behaviour


@router.put("/window")
async def set_window(window: Window, provider: ProviderHere) -> dict[str, Any]:
    """Open or close a contact's service window."""
    address = window.contact if window.contact.startswith("whatsapp:") else f"whatsapp:{window.contact}"
    provider.store.set_window(address, time.time() - window.seconds_ago())
    return {"contact": address, "open": provider.window_open(address)}


@router.get("/templates")
async def list_templates(provider: ProviderHere) -> dict[str, Any]:
    """List the templates with their approval, oldest first."""
    found = [
        {"sid": one.sid, "name": one.friendly_name, "language": one.language, "status": one.approval}
        for one in reversed(provider.store.contents())
    ]
    return {"templates": found}


@router.put("/templates")
async def decide(decision: Decision, provider: ProviderHere) -> dict[str, Any]:
    """Approve, reject or take back every template of a name, as WhatsApp does at any time."""
    named = [one for one in provider.store.contents() if one.friendly_name == decision.name]
    if not named:
        raise HTTPException(404, "no such template")
    for one in named:
        provider.store.save_content(replace(one, approval=decision.status))
    return await list_templates(provider)


@router.post("/reset", status_code=204)
async def reset(provider: ProviderHere, *, contents: bool = False) -> None:
    """Forget messages, faults and habits; templates too when ``contents`` is set."""
    await provider.reset(contents=contents)
