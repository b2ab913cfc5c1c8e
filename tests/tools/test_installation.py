"""An installation: every process sees its own variables only, ports can be changed, busy ones are named."""

import socket
from pathlib import Path

import pytest

from tools import credentials, installation
from tools.installation import HOST, PORTS, Installation, busy_ports, free_ports
from tools.steps import StepFailed


@pytest.fixture
def one(tmp_path: Path) -> Installation:
    return Installation(tmp_path, free_ports(), credentials.ensure(tmp_path / "secrets.env"))


def test_a_secret_goes_only_where_it_is_needed(one: Installation) -> None:
    seen = {process.name: process.env for process in one.processes()}
    secret = one.secrets["SAHAYAK_ENCRYPTION_KEYS"]
    assert {name for name, env in seen.items() if secret in env.values()} == {"actions", "gateway", "webhooks"}
    token = one.secrets["WHATSAPP_AUTH_TOKEN"]
    assert {name for name, env in seen.items() if token in env.values()} == {"gateway", "webhooks", "simulators"}
    assert "SAHAYAK_INDEX_KEY" not in seen["rasa"]
    registry = one.secrets["GRIEVANCES_CPGRAMS_SECRET"]
    assert {name for name, env in seen.items() if registry in env.values()} == {"gateway", "simulators"}


def test_the_gateway_is_linked_to_the_stand_in_for_cpgrams(one: Installation) -> None:
    seen = {process.name: process.env for process in one.processes()}
    assert seen["gateway"]["GRIEVANCES_CPGRAMS_URL"] == one.url("simulators")
    assert seen["gateway"]["GRIEVANCES_CPGRAMS_SECRET"] == seen["simulators"]["SIMULATOR_CPGRAMS_SECRET"]


def test_what_a_person_sets_wins_and_other_variables_of_ours_stay_out(
    one: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWLEDGE_EMBEDDER", "leaked")
    assert "KNOWLEDGE_EMBEDDER" not in one.env("KNOWLEDGE_")
    given = Installation(one.data_dir, one.ports, one.secrets, {"KNOWLEDGE_EMBEDDER": "chosen"})
    assert given.env("KNOWLEDGE_")["KNOWLEDGE_EMBEDDER"] == "chosen"
    assert given.env("KNOWLEDGE_")["OMP_NUM_THREADS"] == "1"


def test_free_ports_differ_and_are_free() -> None:
    ports = free_ports()
    assert set(ports) == set(PORTS)
    assert len(set(ports.values())) == len(PORTS)
    assert busy_ports(ports) == []


def test_a_busy_port_is_one_sentence_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        (sentence,) = busy_ports({"gateway": port})
    assert f"Port {port} (gateway) is taken" in sentence
    assert "GATEWAY_PORT=" in sentence


def test_local_takes_ports_and_data_folder_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("GATEWAY_PORT=9080\nKNOWLEDGE_PORT=9100\nGATEWAY_WEBHOOK_PORT=9082\n")
    monkeypatch.setenv("GATEWAY_PORT", "9081")
    monkeypatch.setenv("SAHAYAK_DATA_DIR", "elsewhere")
    here = installation.local()
    assert here.ports["gateway"] == 9081
    assert here.ports["knowledge"] == 9100
    assert here.data_dir == tmp_path / "elsewhere"
    assert here.variables()["SIMULATOR_GATEWAY_URL"] == "http://127.0.0.1:9082"
    monkeypatch.setenv("GATEWAY_PORT", "many")
    with pytest.raises(StepFailed, match="GATEWAY_PORT"):
        installation.local()


def test_an_own_file_of_holidays_reaches_whoever_computes_deadlines(one: Installation) -> None:
    given = {"GRIEVANCES_HOLIDAYS_FILE": "own.csv", "GRIEVANCES_SWEEP_EVERY": "5"}
    here = Installation(one.data_dir, one.ports, one.secrets, given)
    seen = {process.name: process.env for process in here.processes()}
    assert {name for name, env in seen.items() if "GRIEVANCES_HOLIDAYS_FILE" in env} == {"actions", "gateway"}
    assert {name for name, env in seen.items() if "GRIEVANCES_SWEEP_EVERY" in env} == {"gateway"}


def test_a_file_of_holidays_named_in_the_file_of_settings_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("GRIEVANCES_HOLIDAYS_FILE=own.csv\n")
    monkeypatch.setenv("SAHAYAK_DATA_DIR", "elsewhere")
    assert installation.local().variables()["GRIEVANCES_HOLIDAYS_FILE"] == "own.csv"


# --- production ---------------------------------------------------------------------------------------------

REAL = {
    "SAHAYAK_PROFILE": "production",
    "WHATSAPP_ACCOUNT_SID": "AC" + "0" * 32,
    "WHATSAPP_AUTH_TOKEN": "f" * 32,
    "WHATSAPP_SENDER": "+910000000002",
    "WHATSAPP_PUBLIC_URL": "https://sahayak.example",
}


def in_production(one: Installation, **changes: str) -> Installation:
    given = {name: value for name, value in {**REAL, **changes}.items() if value}
    return Installation(one.data_dir, one.ports, one.secrets, given)


def test_in_production_nothing_is_simulated_and_nobody_gets_a_demo_sign_in(one: Installation) -> None:
    real = in_production(one)
    assert "simulators" not in {process.name for process in real.processes()}
    assert "simulators" not in real.listening()
    for process in real.processes():
        assert one.secrets["WHATSAPP_AUTH_TOKEN"] not in process.env.values()
        assert not [name for name in process.env if name.startswith(("SIMULATOR_", "DESK_DEMO_"))]
        assert "WHATSAPP_API_URL" not in process.env
        assert "GRIEVANCES_CPGRAMS_URL" not in process.env
    seen = {process.name: process.env for process in real.processes()}
    assert seen["gateway"]["SAHAYAK_PROFILE"] == "production"
    assert seen["actions"]["RIGHTS_PUBLIC_URL"] == "https://sahayak.example"
    assert real.lacking() == []


@pytest.mark.parametrize("name", [name for name in REAL if name != "SAHAYAK_PROFILE"])
def test_what_production_lacks_is_named_before_anything_starts(one: Installation, name: str) -> None:
    (sentence,) = in_production(one, **{name: ""}).lacking()
    assert sentence.startswith(f"{name} is not set: ")
    assert one.lacking() == []


def test_copies_have_names_and_ports_of_their_own(one: Installation) -> None:
    three = Installation(one.data_dir, one.ports, one.secrets, copies=3)
    seen = {process.name: process for process in three.processes()}
    assert {"gateway", "gateway-2", "gateway-3", "webhooks-2", "webhooks-3"} <= set(seen)
    assert "rasa-2" not in seen
    assert seen["gateway-3"].port == one.ports["gateway"] + 200
    assert seen["gateway-3"].env["GATEWAY_PORT"] == str(one.ports["gateway"] + 200)
    assert seen["gateway-3"].env["GATEWAY_EXECUTOR_ID"] == "gateway-3"
    assert seen["webhooks-2"].env["GATEWAY_WEBHOOK_PORT"] == str(one.ports["webhooks"] + 100)
    ports = list(three.listening().values())
    assert set(ports) == {*one.ports.values(), *(seen[name].port for name in seen if "-" in name)}


@pytest.mark.parametrize("given", ["0", "-1", "many", "10", "2.5"])
def test_an_impossible_number_of_copies_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    monkeypatch.setenv("LAUNCHER_GATEWAYS", given)
    with pytest.raises(StepFailed, match="LAUNCHER_GATEWAYS must be a number from 1 to 9"):
        installation.local()


def test_copies_need_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    monkeypatch.setenv("LAUNCHER_GATEWAYS", "2")
    with pytest.raises(StepFailed, match="SAHAYAK_DATABASE_URL"):
        installation.local()
    monkeypatch.setenv("SAHAYAK_DATABASE_URL", "postgresql+psycopg:///sahayak")
    with pytest.raises(StepFailed, match="SAHAYAK_DURABLE_URL"):
        installation.local()
    monkeypatch.setenv("SAHAYAK_DURABLE_URL", "postgresql:///sahayak_durable")
    assert installation.local().copies == 2
