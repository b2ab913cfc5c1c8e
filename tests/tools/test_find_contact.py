"""The search for a contact: every table, PostgreSQL databases of others, and how the address is given."""

import io
from pathlib import Path

import psycopg
import pytest

from tools import find_contact
from tools.find_contact import Found, needles_of, search_files, search_server
from tools.installation import Installation, free_ports

ROOT = Path(__file__).resolve().parents[2]
NUMBER = "+910000047110"


def test_every_folder_with_tables_is_searched() -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for feature in ("core", "grievances", "handoff", "knowledge", "rights", "channels", "actions")
        for path in (ROOT / feature).rglob("models.py")
    }
    assert found == set(find_contact._MODELS)


def test_a_number_is_looked_for_with_and_without_its_country() -> None:
    assert needles_of(NUMBER) == [NUMBER, "0000047110"]
    assert needles_of("someone@id") == ["someone@id"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_text_is_found_across_the_pieces_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(find_contact, "_PIECE", 16)
    content = ("x" * 13 + "मार्कर" + "y" * 40).encode(encoding)
    (tmp_path / "trackers.db").write_bytes(content)
    assert search_files(tmp_path, ["मार्कर"]) == [Found("trackers.db", 1)]
    (tmp_path / "trackers.db").write_text('{"text": "\\u092e\\u093e\\u0930\\u094d\\u0915\\u0930"}', "utf-8")
    assert search_files(tmp_path, ["मार्कर"]) == [Found("trackers.db", 1)]
    assert search_files(tmp_path, ["something else"]) == []


@pytest.mark.integration
def test_databases_of_others_are_searched_whoever_made_the_tables(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            'CREATE SCHEMA dbos; CREATE TABLE dbos."Odd name" (inputs text); CREATE TABLE plain (b bytea)'
        )
        connection.execute('INSERT INTO dbos."Odd name" VALUES (%s), (%s)', ['["50% of 1_2"]', "50 of 112"])
        connection.execute("INSERT INTO plain VALUES (%s)", [NUMBER.encode()])
    url = postgres_url.replace("postgresql", "postgresql+psycopg", 1)
    assert search_server(url, ["50% of 1_2"]) == [Found("dbos.Odd name", 1)]
    assert search_server(url, [NUMBER]) == [Found("public.plain", 1)]
    assert search_server(url, ["nowhere"]) == []


def test_only_what_is_no_file_is_asked_by_url(tmp_path: Path) -> None:
    secrets = {"WHATSAPP_AUTH_TOKEN": "x", "WHATSAPP_ACCOUNT_SID": "x", "BOT_TOKEN": "x"}
    secrets["GRIEVANCES_CPGRAMS_SECRET"] = "x"
    url = "postgresql+psycopg://somewhere/durable"
    one = Installation(tmp_path, free_ports(), secrets, {"SAHAYAK_DURABLE_URL": url})
    assert find_contact.servers(one) == [url]


def test_the_address_is_taken_from_the_variable_or_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDRESS", f" {NUMBER} ")
    assert find_contact.asked_for() == NUMBER
    monkeypatch.setenv("ADDRESS", "")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NUMBER}\n"))
    assert find_contact.asked_for() == NUMBER


def test_without_an_address_nothing_is_searched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["find_contact"])
    monkeypatch.delenv("ADDRESS", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert find_contact.main() == 1
    assert "No address was given" in capsys.readouterr().out
