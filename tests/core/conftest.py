"""A database with our tables, on SQLite and on PostgreSQL; a keyring; a clock that stands still."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, event

from core.audit import models as _audit  # noqa: F401 - registers the table
from core.clock import FixedClock
from core.db import Base, Database
from core.dues import service as _dues  # noqa: F401 - registers the table
from core.outbox import service as _outbox  # noqa: F401 - registers the table
from core.privacy.encryption import Keyring, install
from core.turns import service as _turns  # noqa: F401 - registers the tables
from tools import postgres

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def tables() -> list[str]:
    return [table.name for table in Base.metadata.sorted_tables]


def create_tables(url: str) -> None:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture(autouse=True)
def ring() -> Keyring:
    keyring = Keyring({1: bytes(range(32))}, bytes(32))
    install(keyring)
    return keyring


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: str) -> Iterator[str]:
    with postgres.database(postgres_server) as url:
        create_tables(url.replace("postgresql://", "postgresql+psycopg://"))
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database with every table."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_with_tables")
    with psycopg.connect(url, autocommit=True) as connection:
        names = sql.SQL(", ").join(map(sql.Identifier, tables()))
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    if database.is_sqlite:

        @event.listens_for(database.engine.sync_engine, "connect")
        def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")

    yield database
    await database.close()
