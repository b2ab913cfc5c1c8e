"""Hashes of the files that a built thing depends on, so that it is built again only when one of them changes.

Standard library only and Python 3.8 syntax, because set-up runs before any environment exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

SKIPPED_FOLDERS = {".venv", "__pycache__", ".pytest_cache", ".mypy_cache", "node_modules"}


def files_under(root: Path, patterns: Iterable[str]) -> Iterable[Path]:
    """List, sorted, the files below a folder that the glob patterns name, without environments and caches."""
    found = set()
    for pattern in patterns:
        for path in root.glob(pattern):
            if path.is_file() and not SKIPPED_FOLDERS & set(path.relative_to(root).parts):
                found.add(path)
    return sorted(found)


def fingerprint(
    root: Path,
    patterns: Iterable[str],
    *extra: str,
    part: Callable[[bytes], bytes] | None = None,
) -> str:
    """Hash names and contents of files (or the part of each that matters), and some more words, into hex."""
    digest = hashlib.sha256()
    for path in files_under(root, patterns):
        content = path.read_bytes()
        if part is not None:
            content = part(content)
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(content).digest())
    for word in extra:
        digest.update(b"\0" + word.encode())
    return digest.hexdigest()


def front_matter(content: bytes) -> bytes:
    """Return only the YAML head of a Markdown file."""
    parts = content.split(b"\n---", 1)
    return parts[0] if content.startswith(b"---") and len(parts) == 2 else b""
