"""One whole stack for the run, and a contact's telephone on the simulated provider."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tools.stack import Stack

_NUMBERS = itertools.count(1000)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything: knowledge, actions, Rasa, gateway with desk, simulated provider."""
    overrides = {
        "GATEWAY_RECONCILE_EVERY": "3",
        "GATEWAY_UNANSWERED_AFTER": "8",
        "GATEWAY_SWEEP_EVERY": "1",
        "GATEWAY_TAKEOVER_AFTER": "5",
    }
    with Stack(overrides=overrides) as running:
        yield running


@pytest.fixture(scope="session")
def provider(stack: Stack) -> Iterator[httpx.Client]:
    """The control interface of the simulated provider."""
    token = stack.secrets["SIMULATOR_CONTROL_TOKEN"]
    with httpx.Client(base_url=stack.url("simulators"), headers={"X-Control-Token": token}, timeout=30) as client:
        yield client


@dataclass
class Phone:
    """A contact with a telephone of its own."""

    provider: httpx.Client
    number: str
    seen: int = 0
    received: list[dict[str, Any]] = field(default_factory=list)

    def say(self, text: str = "", **order: Any) -> dict[str, Any]:
        """Send a message and return the provider's record of it, with the gateway's answer."""
        body = {"sender": self.number, "profile_name": "Asha Example", "kind": "text", "text": text, "wait": True}
        response = self.provider.post("/control/inbound", json=body | order)
        response.raise_for_status()
        record: dict[str, Any] = response.json()
        return record

    def press(self, message: dict[str, Any], title: str) -> None:
        """Tap a button of a message that was received."""
        button = next(b for b in message["card"]["buttons"] if b["title"] == title)
        self.say(kind="button", button={"payload": button["id"], "text": title}, replied_sid=message["sid"])

    def messages(self) -> list[dict[str, Any]]:
        """Everything received so far, in the provider's order."""
        listed = self.provider.get("/control/outbound", params={"contact": f"whatsapp:{self.number}"})
        return sorted(listed.json()["messages"], key=lambda message: int(message["sequence"]))

    def hears(self, what: Callable[[dict[str, Any]], bool], within: float = 30.0) -> dict[str, Any]:
        """Wait for a new message of a kind and return it; those before it count as heard."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            messages = self.messages()
            for position in range(self.seen, len(messages)):
                if what(messages[position]):
                    self.seen = position + 1
                    return messages[position]
            time.sleep(0.1)
        raise AssertionError(f"not heard within {within} s; new: {[m['body'] for m in self.messages()[self.seen :]]}")

    def hears_text(self, *parts: str, within: float = 30.0) -> dict[str, Any]:
        """Wait for a new message with all of these parts."""
        return self.hears(lambda message: all(part in message["body"] for part in parts), within)

    def hears_nothing(self, seconds: float = 2.5) -> None:
        """Nothing new comes."""
        time.sleep(seconds)
        assert [message["body"] for message in self.messages()[self.seen :]] == []


@pytest.fixture
def phone(provider: httpx.Client) -> Phone:
    """A contact who never wrote before."""
    return Phone(provider, f"+9100000{next(_NUMBERS):05d}")


@pytest.fixture
def another(provider: httpx.Client) -> Callable[[], Phone]:
    """Further contacts who never wrote before."""
    return lambda: Phone(provider, f"+9100000{next(_NUMBERS):05d}")


@pytest.fixture
def agreed(phone: Phone) -> Phone:
    """A contact who has agreed that personal data is kept, and writes English."""
    phone.say("hello")
    phone.press(phone.hears(lambda m: "WITHDRAW CONSENT" in m["body"]), "I agree")
    phone.hears_text("Thank you")
    return phone
