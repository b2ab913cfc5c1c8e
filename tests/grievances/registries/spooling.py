"""What the tests of the spool share."""

import pytest

LATER = 400.0
"""Seconds after which the registry would no longer take a request that is still under way."""
BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)], indirect=True
)


class Killed(BaseException):
    """The process dies here."""
