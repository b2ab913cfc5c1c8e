"""Secrets of a local installation: generated once, kept in one private file, never defaults in code."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

HEADER = "# Generated for this folder only. Keep it private: with it the stored data can be read.\n"

GENERATED: Mapping[str, Callable[[], str]] = {
    "SAHAYAK_ENCRYPTION_KEYS": lambda: "1:" + secrets.token_hex(32),
    "SAHAYAK_INDEX_KEY": lambda: secrets.token_hex(32),
    "WHATSAPP_ACCOUNT_SID": lambda: "AC" + secrets.token_hex(16),
    "WHATSAPP_AUTH_TOKEN": lambda: secrets.token_hex(16),
    "SIMULATOR_CONTROL_TOKEN": lambda: secrets.token_urlsafe(24),
    "GRIEVANCES_CPGRAMS_SECRET": lambda: secrets.token_hex(32),
    "BOT_TOKEN": lambda: secrets.token_urlsafe(24),
    "DESK_SESSION_KEY": lambda: secrets.token_hex(32),
    "DESK_DEMO_PASSWORD": lambda: "-".join(secrets.token_hex(2) for _ in range(3)),
}


def read(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines; comments and blank lines are skipped, a missing file is empty."""
    values: dict[str, str] = {}
    if not path.exists():
        return values
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            values[name.strip()] = value.strip().strip("'\"")
    return values


def ensure(path: Path) -> dict[str, str]:
    """Return the secrets, generating those that the file lacks; what is there is never changed."""
    values = read(path)
    missing = [name for name in GENERATED if name not in values]
    if missing:
        values.update({name: GENERATED[name]() for name in missing})
        save(path, values)
    return values


def save(path: Path, values: Mapping[str, str]) -> None:
    """Write the secrets, wholly or not at all, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".new")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(HEADER + "".join(f"{name}={value}\n" for name, value in values.items()))
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)
