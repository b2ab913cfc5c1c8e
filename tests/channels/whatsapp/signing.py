"""Webhooks as the provider makes them: invented parameters, signed with the tests' own secret."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from channels.whatsapp.settings import WhatsAppSettings

FIXTURES = Path(__file__).parent / "fixtures"
SID = "AC" + "0123456789abcdef" * 2
TOKEN = "auth-token-of-the-tests-0001"
PUBLIC = "https://sahayak.example/front"
FORM = "application/x-www-form-urlencoded"


def fixture(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return found


def settings(**more: object) -> WhatsAppSettings:
    values: dict[str, object] = {
        "account_sid": SID,
        "auth_token": SecretStr(TOKEN),
        "sender": "+910000000001",
        "public_url": PUBLIC,
        **more,
    }
    return WhatsAppSettings.model_validate(values)


def form_of(pairs: list[tuple[str, str]]) -> ImmutableMultiDict[str, str]:
    return ImmutableMultiDict(pairs)


def signature(path: str, pairs: list[tuple[str, str]], token: str = TOKEN, public_url: str = PUBLIC) -> str:
    found: str = RequestValidator(token).compute_signature(public_url + path, form_of(pairs))
    return found


def encoded(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs).encode()
