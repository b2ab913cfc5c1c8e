"""A rig for each channel: its provider's simulator, webhooks as the provider makes them, and ways to break both."""

import base64
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytest

from channels.base import Channel, Sender
from channels.registry import make_channels
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.sender import TwilioSender
from core.events import DeliveryState
from core.settings import Profile
from tests.channels.whatsapp.signing import FORM, encoded, signature
from tests.simulators.conftest import (
    BUSINESS,
    CONTACT,
    PUBLIC,
    SID,
    TOKEN,
    Gateway,
    Served,
    gateway_app,
    run_simulator,
    settings_for,
)


@dataclass(frozen=True)
class Hook:
    """A webhook request."""

    path: str
    body: bytes
    headers: Mapping[str, str]

    def with_headers(self, **headers: str) -> "Hook":
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


class Rig(Protocol):
    """What the contract needs to know of a channel; a new channel brings one and adds it to `RIGS`."""

    channel: Channel
    contact: str

    def ready(self) -> None:
        """As new: nothing kept, nothing broken, and the contact may be written to."""
        ...

    def message(self, text: str, number: int = 1) -> Hook:
        """A genuine message of the contact; the same number is the same message of the provider."""
        ...

    def receipt(self, state: DeliveryState, provider_id: str, outbound_id: str) -> Hook:
        """A genuine receipt."""
        ...

    def provider_id(self, number: int) -> str:
        """An id as the provider gives them."""
        ...

    def forged(self, hook: Hook) -> dict[str, Hook]:
        """The same request in ways that do not prove the provider."""
        ...

    def unreadable(self, number: int) -> dict[str, Hook]:
        """Requests that are as genuine as can be, and cannot be read: wrong charset, wrong type, too long."""
        ...

    def break_next(self, fault: str, seconds: float) -> None:
        """Let a fault of `simulators.faults` happen to the next sending."""
        ...

    def taken(self) -> list[str]:
        """The texts that the provider took, in its order."""
        ...

    def senders(self, timeout: float) -> dict[str, Callable[[], Sender]]:
        """Every way in which the channel sends to its simulator."""
        ...

    def sender_at(self, url: str) -> Sender:
        """A sender whose provider is at another address."""
        ...

    def write_unreported(self, text: str) -> str:
        """Have the contact write something that no webhook tells us of; the provider's id of it."""
        ...

    def file(self, content: bytes) -> str:
        """Have the contact send a picture; where the provider keeps it."""
        ...

    def stop(self) -> None:
        """End it."""
        ...


class WhatsAppRig:
    """WhatsApp by way of Twilio."""

    contact = CONTACT

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ignored = Gateway()
        self._gateway = Served(gateway_app(lambda: self._ignored))
        self._provider = run_simulator(settings_for(Gateway(url=self._gateway.url)))
        environment = {
            "ACCOUNT_SID": SID,
            "AUTH_TOKEN": TOKEN,
            "SENDER": BUSINESS.removeprefix("whatsapp:"),
            "PUBLIC_URL": PUBLIC,
            "API_URL": self._provider.url,
            "CONTENT_URL": self._provider.url,
        }
        for name, value in environment.items():
            monkeypatch.setenv(f"WHATSAPP_{name}", value)
        self.channel = make_channels(Profile.TEST)["whatsapp"]

    def ready(self) -> None:
        self._provider.control.post("/control/reset", params={"contents": True}).raise_for_status()
        self._provider.write()

    def provider_id(self, number: int) -> str:
        return f"SM{number:032x}"

    def _signed(self, path: str, pairs: list[tuple[str, str]], **headers: str) -> Hook:
        given = {"content-type": FORM, "x-twilio-signature": signature(path, pairs, TOKEN, PUBLIC)}
        return Hook(path, encoded(pairs), given).with_headers(**headers)

    def _pairs(self, text: str, number: int) -> list[tuple[str, str]]:
        return [
            ("MessageSid", self.provider_id(number)),
            ("AccountSid", SID),
            ("From", f"whatsapp:{self.contact}"),
            ("To", BUSINESS),
            ("Body", text),
            ("NumMedia", "0"),
            ("ProfileName", "Meera"),
        ]

    def message(self, text: str, number: int = 1) -> Hook:
        return self._signed("/webhooks/whatsapp/inbound", self._pairs(text, number))

    def receipt(self, state: DeliveryState, provider_id: str, outbound_id: str) -> Hook:
        pairs = [("MessageSid", provider_id), ("MessageStatus", state.value), ("AccountSid", SID)]
        return self._signed(f"/webhooks/whatsapp/status?outbound={outbound_id}", pairs)

    def forged(self, hook: Hook) -> dict[str, Hook]:
        unsigned = {name: value for name, value in hook.headers.items() if name != "x-twilio-signature"}
        return {
            "unsigned": replace(hook, headers=unsigned),
            "empty signature": hook.with_headers(x_twilio_signature=""),
            "wrong signature": hook.with_headers(x_twilio_signature=base64.b64encode(b"x" * 20).decode()),
            "changed": replace(hook, body=hook.body.replace(b"%2B91", b"%2B92") + b"&More=1"),
            "led elsewhere": replace(hook, path=hook.path + ("&" if "?" in hook.path else "?") + "x=1"),
            "cut short": replace(hook, body=hook.body[: len(hook.body) // 2].rpartition(b"&")[0]),
        }

    def unreadable(self, number: int) -> dict[str, Hook]:
        hook = self.message("नमस्ते", number)
        return {
            "utf-16": hook.with_headers(content_type=f"{FORM}; charset=utf-16"),
            "not UTF-8": replace(hook, body=hook.body.replace(b"%E0%A4%A8", b"%E0%A4", 1)),
            "json": hook.with_headers(content_type="application/json"),
            "no type": hook.with_headers(content_type=""),
            "raw bytes": replace(hook, body=b"Body=\xff\xfe"),
            "too long": self._signed(hook.path, [*self._pairs("x" * 1_000_001, number)]),
            "no id": self._signed(hook.path, [("From", f"whatsapp:{self.contact}"), ("Body", "x")]),
            "no address": self._signed(hook.path, [("MessageSid", self.provider_id(number)), ("Body", "x")]),
        }

    def break_next(self, fault: str, seconds: float) -> None:
        self._provider.fault(fault, seconds=seconds)

    def taken(self) -> list[str]:
        return [str(message["body"]) for message in self._provider.outbound()]

    def _settings(self, **more: object) -> WhatsAppSettings:
        return WhatsAppSettings().model_copy(update=more)

    def senders(self, timeout: float) -> dict[str, Callable[[], Sender]]:
        def making(quick: bool) -> Callable[[], Sender]:
            return lambda: TwilioSender(self._settings(timeout=timeout, quick_replies=quick))

        return {"templates": making(True), "numbered text": making(False)}

    def sender_at(self, url: str) -> Sender:
        return TwilioSender(self._settings(api_url=url, content_url=url, timeout=3.0))

    def write_unreported(self, text: str) -> str:
        order = {"sender": self.contact, "text": text, "deliver": False}
        answer = self._provider.control.post("/control/inbound", json=order)
        answer.raise_for_status()
        return str(answer.json()["sid"])

    def file(self, content: bytes) -> str:
        media = [{"content_type": "image/png", "data": base64.b64encode(content).decode()}]
        found: dict[str, Any] = self._provider.write("", kind="media", media=media)
        return str(found["parameters"]["MediaUrl0"])

    def stop(self) -> None:
        self._provider.stop()
        self._gateway.stop()


RIGS: dict[str, Callable[[pytest.MonkeyPatch], Rig]] = {"whatsapp": WhatsAppRig}
"""One entry for each channel of `channels.registry`."""

numbers = itertools.count(1000)
"""Numbers of messages that no other test uses."""
