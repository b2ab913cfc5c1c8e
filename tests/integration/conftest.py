"""The independent peers, installed once."""

import pytest

from tests.conftest import missing
from tests.integration.peers import Peers, PeersMissing, install


@pytest.fixture(scope="session")
def peers() -> Peers:
    """Prism, emulate, Twilio's OpenAPI documents and its signer for Node.js."""
    try:
        return install()
    except PeersMissing as absent:
        missing(str(absent))
        raise
