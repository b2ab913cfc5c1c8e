"""The private PostgreSQL server gives each test a database of its own."""

import psycopg
import pytest

from tools import postgres


@pytest.mark.integration
def test_each_database_is_new_and_gone_afterwards(postgres_server: str) -> None:
    with postgres.database(postgres_server) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE t (x int)")
        name = url.rsplit("/", 1)[1]
    with psycopg.connect(postgres_server) as connection:
        row = connection.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name]).fetchone()
    assert row == (0,)


def test_a_machine_without_postgres_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.VARIABLE, raising=False)
    monkeypatch.setattr(postgres, "programs", lambda: None)
    with pytest.raises(postgres.PostgresMissing, match="install `postgresql`"), postgres.server():
        pass
