"""Fixtures for every kind of test: a PostgreSQL server, a database, Chromium, Node; missing programs are named."""

import os
import shutil
from collections.abc import Iterator

import pytest
import structlog

from tools import postgres


def missing(sentence: str) -> None:
    """Skip with the sentence on a person's machine, fail where every program has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A test that turns logs up or down leaves them as they were; no logger remembers how they were in one test."""
    before = structlog.get_config()
    structlog.configure(cache_logger_on_first_use=False)
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server for this run."""
    try:
        with postgres.server() as url:
            yield url
    except postgres.PostgresMissing as absent:
        missing(str(absent))


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Plain `postgresql://` URL of an empty database of this test's own."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium for headless tests."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found:
        missing("Chromium is missing: install `chromium`")
    return found
