"""A running stand-in for CPGRAMS, and a client of it that knows the protocol only from its description."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from simulators.app import create_app
from simulators.cpgrams.settings import CpgramsSettings
from tests.simulators.conftest import CONTROL, Gateway, Served, free_port, settings_for

SECRET = "secret-of-the-tests-that-nobody-else-has"
CLIENT = "sahayak"
ORGANISATION = "DMSME"
COMPLAINANT = {"name": "Meera Kulkarni", "state": "MH", "pincode": "411001", "mobile": "+910000000101"}


def filing(**changes: Any) -> dict[str, Any]:
    return {
        "organisation": ORGANISATION,
        "category": "delayed_payment",
        "description": "Buyer has not paid an invoice of 50,000 rupees for seven months.",
        "language": "en",
        "complainant": COMPLAINANT,
        **changes,
    }


def registration(reference: str, **changes: Any) -> dict[str, Any]:
    return {**filing(), "client_reference": reference, "received_at": "2026-11-23T06:30:00+00:00", **changes}


@dataclass
class Signed:
    """Signs calls by the description in simulators/cpgrams/README.md."""

    url: str
    secret: str = SECRET
    client_id: str = CLIENT
    skew: float = 0

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        timeout: float = 10,
    ) -> httpx.Response:
        target = "/cpgrams/v1" + path + (f"?{urlencode(query)}" if query else "")
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        nonce, stamp = uuid.uuid4().hex, str(int(time.time() + self.skew))
        lines = "\n".join((method, target, stamp, nonce, hashlib.sha256(content).hexdigest()))
        signed = {
            "X-Client-Id": self.client_id,
            "X-Nonce": nonce,
            "X-Timestamp": stamp,
            "X-Signature": hmac.new(self.secret.encode(), lines.encode(), hashlib.sha256).hexdigest(),
            "Content-Type": "application/json",
            **(headers or {}),
        }
        return httpx.request(
            method, self.url + target, content=content, headers=signed, timeout=timeout, trust_env=False
        )

    def is_signed(self, answer: httpx.Response) -> bool:
        nonce, stamp = answer.request.headers["X-Nonce"], answer.headers.get("X-Timestamp", "")
        lines = "\n".join((nonce, str(answer.status_code), stamp, hashlib.sha256(answer.content).hexdigest()))
        right = hmac.new(SECRET.encode(), lines.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(answer.headers.get("X-Signature", ""), right)


@dataclass
class RunningCpgrams:
    """The stand-in with the ways into it."""

    url: str
    control: httpx.Client
    signed: Signed

    def file(self, **changes: Any) -> str:
        """File a grievance as a citizen."""
        answer = self.control.post("/control/cpgrams/grievances", json=filing(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["registration_number"])

    def held(self, origin: str | None = None) -> list[dict[str, Any]]:
        """What is on the books."""
        found = self.control.get("/control/cpgrams/grievances").json()["grievances"]
        return [one for one in found if origin in {None, one["origin"]}]

    def move(self, number: str, status: str, **more: str) -> None:
        body = {"registration_number": number, "status": status, **more}
        self.control.put("/control/cpgrams/grievances/status", json=body).raise_for_status()

    def fault(self, kind: str, **more: Any) -> None:
        self.control.post("/control/cpgrams/faults", json={"kind": kind, **more}).raise_for_status()

    def behave(self, **changes: Any) -> None:
        self.control.patch("/control/cpgrams/behaviour", json=changes).raise_for_status()

    def calls(self, name: str | None = None) -> list[dict[str, Any]]:
        found = self.control.get("/control/cpgrams/calls").json()["calls"]
        return [one for one in found if name in {None, one["call"]}]

    def reset(self) -> None:
        self.control.post("/control/cpgrams/reset").raise_for_status()


@contextmanager
def running(**more: Any) -> Iterator[RunningCpgrams]:
    """Serve the stand-in in the simulators' process."""
    settings = settings_for(Gateway(url=f"http://127.0.0.1:{free_port()}"), **more)
    served = Served(create_app(settings, CpgramsSettings(secret=SECRET)), settings.port)
    control = httpx.Client(base_url=served.url, headers={"X-Control-Token": CONTROL}, trust_env=False, timeout=20)
    try:
        yield RunningCpgrams(served.url, control, Signed(served.url))
    finally:
        control.close()
        served.stop()
