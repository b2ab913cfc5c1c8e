"""`make register-templates`: prints how each template stands, explains what is wrong, and may be run again."""

from collections.abc import Iterator

import pytest

from channels.whatsapp.definitions import definitions
from channels.whatsapp.settings import WhatsAppSettings
from core.errors import FinalDelivery, UncertainDelivery
from tests.simulators.conftest import PUBLIC, SID, TOKEN, Gateway, Running, run_simulator, settings_for
from tools import register_templates


@pytest.fixture
def simulator() -> Iterator[Running]:
    running = run_simulator(settings_for(Gateway(url="http://127.0.0.1:9")))
    yield running
    running.stop()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "SAHAYAK_PROFILE": "test",
        "SAHAYAK_ENCRYPTION_KEYS": f"1:{bytes(32).hex()}",
        "SAHAYAK_INDEX_KEY": bytes(32).hex(),
        "WHATSAPP_ACCOUNT_SID": SID,
        "WHATSAPP_AUTH_TOKEN": TOKEN,
        "WHATSAPP_SENDER": "+910000000001",
        "WHATSAPP_PUBLIC_URL": PUBLIC,
        "WHATSAPP_API_URL": "http://127.0.0.1:9",
        "WHATSAPP_CONTENT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_it_shows_name_language_and_status(
    environment: pytest.MonkeyPatch, simulator: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("WHATSAPP_CONTENT_URL", simulator.url)
    assert register_templates.run() == 0
    shown = capsys.readouterr().out
    for one in definitions():
        assert any(line.split() == [one.name, one.language, "received"] for line in shown.splitlines())
    assert register_templates.run(quiet=True) == 0
    assert capsys.readouterr().out == f"{len(definitions())} templates: {len(definitions())} approved.\n"


def test_a_rejection_comes_with_its_reason(
    environment: pytest.MonkeyPatch, simulator: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("WHATSAPP_CONTENT_URL", simulator.url)
    name = definitions()[0].name
    document = {"friendly_name": name, "language": "en", "types": {"twilio/text": {"body": "{{1}}"}}}
    sid = simulator.api.post("/v1/Content", json=document).json()["sid"]
    simulator.api.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json={"name": name, "category": "UTILITY"})
    assert register_templates.run() == 0
    assert "rejected     Variables can't be at the start" in capsys.readouterr().out


def test_a_provider_in_trouble_loses_nothing(
    environment: pytest.MonkeyPatch, simulator: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("WHATSAPP_CONTENT_URL", simulator.url)
    simulator.fault("500", target="any")
    assert register_templates.run() == 1
    assert "Nothing is lost: run this again later." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({}, 1, "Nothing answers at http://127.0.0.1:9"),
        ({"WHATSAPP_ACCOUNT_SID": "AC1"}, 2, "account_sid"),
        ({"WHATSAPP_AUTH_TOKEN": "short"}, 2, "WHATSAPP_AUTH_TOKEN"),
        ({"SAHAYAK_PROFILE": "production"}, 2, "WHATSAPP_API_URL"),
    ],
)
def test_what_is_wrong_is_said(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    code: int,
    said: str,
) -> None:
    environment.setenv("WHATSAPP_CONTENT_URL", "http://127.0.0.1:9")
    for name, value in changes.items():
        environment.setenv(name, value)
    assert register_templates.run() == code
    assert said in capsys.readouterr().err


def test_a_wrong_password(
    environment: pytest.MonkeyPatch, simulator: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("WHATSAPP_CONTENT_URL", simulator.url)
    environment.setenv("WHATSAPP_AUTH_TOKEN", "another-token-of-nobody")
    assert register_templates.run() == 1
    assert "WHATSAPP_AUTH_TOKEN" in capsys.readouterr().err


def test_other_answers_are_explained(environment: pytest.MonkeyPatch) -> None:
    settings = WhatsAppSettings()
    assert "20003" not in register_templates.explain(FinalDelivery("20003"), settings)
    assert "63005" in register_templates.explain(UncertainDelivery("63005"), settings)
