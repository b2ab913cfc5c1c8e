"""Settings of WhatsApp: complete, and in production nothing but the provider and https."""

import pytest
from pydantic import SecretStr, ValidationError

from channels.whatsapp.channel import make_channel
from channels.whatsapp.settings import WhatsAppSettings
from core.errors import InvalidInput
from core.settings import Profile
from tests.channels.whatsapp.signing import SID, TOKEN, settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WhatsAppSettings.model_fields:
        monkeypatch.delenv(f"WHATSAPP_{name.upper()}", raising=False)


def test_what_production_runs_with() -> None:
    settings().check(Profile.PRODUCTION)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"api_url": "http://127.0.0.1:8090"}, "WHATSAPP_API_URL"),
        ({"api_url": "https://api.twilio.com.evil.example"}, "WHATSAPP_API_URL"),
        ({"content_url": "http://127.0.0.1:8090"}, "WHATSAPP_API_URL"),
        ({"public_url": "http://sahayak.example"}, "WHATSAPP_PUBLIC_URL"),
        ({"auth_token": SecretStr("short")}, "WHATSAPP_AUTH_TOKEN"),
        ({"auth_token": SecretStr("")}, "WHATSAPP_AUTH_TOKEN"),
    ],
)
def test_production_refuses(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidInput, match=named) as refused:
        settings(**wrong).check(Profile.PRODUCTION)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("profile", [Profile.TRY, Profile.TEST])
def test_the_simulator_may_stand_in_elsewhere_but_not_without_a_secret(profile: Profile) -> None:
    local = {"api_url": "http://127.0.0.1:8090/", "content_url": "http://127.0.0.1:8090", "public_url": "http://x/"}
    found = settings(**local)
    found.check(profile)
    assert (found.api_url, found.public_url) == ("http://127.0.0.1:8090", "http://x")
    with pytest.raises(InvalidInput, match="WHATSAPP_AUTH_TOKEN"):
        settings(**local, auth_token=SecretStr("")).check(profile)


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_sid": "AC1"},
        {"account_sid": SID + "\n"},
        {"sender": "whatsapp:+910000000001"},
        {"sender": "910000000001"},
        {"public_url": "sahayak.example"},
        {"public_url": "ftp://sahayak.example"},
        {"api_url": ""},
        {"timeout": 0},
        {"timeout": -1},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(settings()) + settings().model_dump_json()


def test_the_channel_is_made_from_the_environment_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        make_channel(Profile.PRODUCTION)
    given = {"ACCOUNT_SID": SID, "AUTH_TOKEN": TOKEN, "SENDER": "+910000000001", "PUBLIC_URL": "http://127.0.0.1:8080"}
    for name, value in given.items():
        monkeypatch.setenv(f"WHATSAPP_{name}", value)
    assert make_channel(Profile.TRY).manifest.name == "whatsapp"
    with pytest.raises(InvalidInput, match="WHATSAPP_PUBLIC_URL"):
        make_channel(Profile.PRODUCTION)
