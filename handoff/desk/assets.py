"""The files that pages load: our own style and script, and htmx out of the installed wheel, checked by hash."""

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from core.errors import SahayakError

_OWN = Path(__file__).resolve().parent / "static"
_WHEEL = "django-htmx"
_WHEEL_FOLDER = "django_htmx/static/django_htmx/"
VENDORED = {
    "htmx.js": ("htmx-2.min.js", "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"),
    "sse.js": ("ext/hx-sse-2.min.js", "98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136"),
}
"""Served name -> (name in the wheel django-htmx 1.29.0, SHA-256): htmx 2.0.10 and its SSE extension."""
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class AssetMissing(SahayakError):
    """A file that pages need is not installed, or is not the one that was checked."""


@dataclass(frozen=True)
class Asset:
    """A file that pages load.

    Attributes:
        content: Its bytes.
        media_type: What it is.
        version: Part of its hash, for the address.
    """

    content: bytes
    media_type: str
    version: str


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, _TYPES[Path(name).suffix], hashlib.sha256(content).hexdigest()[:12])


def _vendored(name: str) -> bytes:
    original, digest = VENDORED[name]
    try:
        content = Path(str(metadata.distribution(_WHEEL).locate_file(_WHEEL_FOLDER + original))).read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        raise AssetMissing(f"{name}: install {_WHEEL} at the version that requirements.lock names") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise AssetMissing(f"{name}: {_WHEEL} is of another version than requirements.lock names")
    return content


def load() -> dict[str, Asset]:
    """Every file by the name under which it is served.

    Raises:
        AssetMissing: htmx is not installed in the version that was checked.
    """
    own = {path.name: _asset(path.name, path.read_bytes()) for path in _OWN.iterdir() if path.suffix in _TYPES}
    return own | {name: _asset(name, _vendored(name)) for name in VENDORED}
