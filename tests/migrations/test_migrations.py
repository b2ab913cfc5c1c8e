"""Migrations go up and down with data in the tables, and give exactly the tables of the models."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect, select
from sqlalchemy.types import Boolean, Date, DateTime, Integer, LargeBinary

from tools.steps import ROOT

pytestmark = pytest.mark.thorough

Operator = Callable[..., tuple[int, str]]
BROKEN = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer()))
    op.add_column("contact", sa.Column("half", sa.Integer()))
    raise RuntimeError("stop")
"""
KEYS = {"SAHAYAK_ENCRYPTION_KEYS": f"1:{'ab' * 32}", "SAHAYAK_INDEX_KEY": "cd" * 32, "SAHAYAK_PROFILE": "test"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def async_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def operator(async_url: str, tmp_path: Path) -> Operator:
    """Runs alembic in a process of its own, as an operator does; gives its exit code and what it said."""

    def run(*arguments: str) -> tuple[int, str]:
        env = {**os.environ, **KEYS, "SAHAYAK_DATABASE_URL": async_url, "SAHAYAK_DATA_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def engine(async_url: str) -> Iterator[Engine]:
    engine = create_engine(async_url.replace("+aiosqlite", ""))
    yield engine
    engine.dispose()


def value_for(column: Any, number: int) -> object:
    """Something that fits a column, whatever it is called."""
    kind = column.type
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, DateTime):
        return datetime(2026, 11, 23, 6, 30, number)  # noqa: DTZ001 - as the column is stored
    if isinstance(kind, Date):
        return date(2026, 11, number)
    if isinstance(kind, LargeBinary):
        return bytes([number]) * 32
    return f"r{number}"[: getattr(kind, "length", None) or 9]


def tables(engine: Engine) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(engine)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in tables(engine):
            for number in (1, 2):
                connection.execute(table.insert().values({c.name: value_for(c, number) for c in table.columns}))


def content(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables(engine)}


def configuration() -> Config:
    return Config(str(ROOT / "alembic.ini"))


def script() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def go(engine: Engine, act: Callable[..., None], *arguments: str) -> None:
    """Run an alembic command in this process."""
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        act(config, *arguments)


def test_one_line_of_revisions_numbered_without_gaps() -> None:
    revisions = [revision.revision for revision in script().walk_revisions()][::-1]
    assert len(script().get_heads()) == 1
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert all(Path(revision.path).name.startswith(revision.revision) for revision in script().walk_revisions())


def test_old_migrations_need_none_of_our_classes() -> None:
    for revision in script().walk_revisions():
        text = Path(revision.path).read_text("utf-8")
        for package in ("core", "handoff", "channels"):
            assert f"import {package}" not in text
            assert f"from {package}" not in text


def test_an_operators_upgrade_gives_the_tables_of_the_models(operator: Operator) -> None:
    code, said = operator("upgrade", "head")
    assert code == 0, said
    code, said = operator("check")
    assert (code, "No new upgrade operations detected" in said) == (0, True), said


def test_up_down_and_up_again_with_data(engine: Engine) -> None:
    go(engine, command.upgrade, "head")
    fill(engine)
    before = content(engine)
    assert all(len(rows) == 2 for rows in before.values())
    go(engine, command.upgrade, "head")
    assert content(engine) == before

    for revision in list(script().walk_revisions())[1:]:
        go(engine, command.downgrade, revision.revision)
        kept = content(engine)
        assert 0 < len(kept) <= len(before)
        assert all(len(rows) == 2 for rows in kept.values())
    go(engine, command.upgrade, "head")
    assert all(len(content(engine)[name]) == 2 for name in kept)

    go(engine, command.downgrade, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    go(engine, command.upgrade, "head")
    assert set(content(engine)) == set(before)
    go(engine, command.check)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    operator: Operator, engine: Engine, tmp_path: Path
) -> None:
    go(engine, command.upgrade, "head")
    fill(engine)
    before = content(engine)
    migrations = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", migrations, ignore=shutil.ignore_patterns("__pycache__"))
    head = script().get_heads()[0]
    (migrations / "versions" / "9999_broken.py").write_text(BROKEN.format(head=head))
    ini = configuration().config_file_name
    assert ini is not None
    text = Path(ini).read_text("utf-8").replace("script_location = migrations", f"script_location = {migrations}")
    (tmp_path / "alembic.ini").write_text(text)
    code, said = operator("-c", str(tmp_path / "alembic.ini"), "upgrade", "head")
    assert (code != 0, "RuntimeError: stop" in said) == (True, True), said
    assert content(engine) == before
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [head]
