"""Columns that are encrypted at rest, and blind indexes to find a row by an encrypted value.

A stored value is one byte of key id, a 12-byte nonce and the AES-256-GCM ciphertext with its tag; the column's
name is associated data, so that a value cannot be moved to another column unnoticed.
"""

import hashlib
import hmac
import json
import math
import os
import time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnClause, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core.errors import InvalidInput, SahayakError
from core.settings import CoreSettings


class Undecipherable(SahayakError):
    """A stored value cannot be decrypted: its key is missing or it was altered."""


class Keyring:
    """The encryption keys by id, and the key of the blind indexes.

    Args:
        keys: 32-byte keys by id (1 to 255), the encrypting one first.
        index_key: Key of the blind indexes.
    """

    def __init__(self, keys: dict[int, bytes], index_key: bytes) -> None:
        self._take(keys)
        self._index_key = index_key

    def _take(self, keys: dict[int, bytes]) -> None:
        # One assignment: files are encrypted in other threads.
        self._in_use = next(iter(keys)), {key_id: AESGCM(key) for key_id, key in keys.items()}

    @classmethod
    def from_settings(cls, settings: CoreSettings) -> "Keyring":
        """The keys that the settings give; where they name a file, a keyring that follows it.

        Raises:
            InvalidInput: An entry is not ``<id>:<64 hex digits>``, or an id comes twice.
        """
        keys = parse_keys(settings.encryption_keys.get_secret_value())
        index_key = bytes.fromhex(settings.index_key.get_secret_value())
        if settings.keys_file is not None:
            return FollowingKeyring(settings.keys_file, keys, index_key)
        return Keyring(keys, index_key)

    @property
    def current(self) -> int:
        """Id of the key that encrypts."""
        return self._in_use[0]

    def encrypt(self, plain: bytes, label: str) -> bytes:
        """Encrypt under the current key; the label must be given again to decrypt."""
        nonce, (current, ciphers) = os.urandom(12), self._in_use
        return bytes([current]) + nonce + ciphers[current].encrypt(nonce, plain, label.encode())

    def decrypt(self, stored: bytes, label: str) -> bytes:
        """Decrypt what `encrypt` gave.

        Raises:
            Undecipherable: The key is missing, or the value or its label was altered.
        """
        cipher = self._in_use[1].get(stored[0]) if stored else None
        if cipher is None:
            raise Undecipherable(f"{label}: no key for this value")
        try:
            return cipher.decrypt(stored[1:13], stored[13:], label.encode())
        except (InvalidTag, ValueError) as error:
            raise Undecipherable(f"{label}: altered, or encrypted under another key") from error

    def blind_index(self, value: str, label: str) -> bytes:
        """16 bytes of HMAC-SHA256 by which an exact value is found without being stored in the clear."""
        return hmac.digest(self._index_key, f"{label}\0{value}".encode(), hashlib.sha256)[:16]


class FollowingKeyring(Keyring):
    """A keyring that follows a file, so that keys are rotated while processes run.

    The file is looked at once a second at most before something is encrypted, and at once when a value comes under a
    key that is not known yet. While it cannot be read, the keys stay as they are.

    Args:
        file: Lines ``NAME=value``; the keys are under ``SAHAYAK_ENCRYPTION_KEYS``.
        keys: What to begin with if the file says nothing.
        index_key: Key of the blind indexes.
    """

    def __init__(self, file: Path, keys: dict[int, bytes], index_key: bytes) -> None:
        super().__init__(keys, index_key)
        self._file, self._seen, self._looked_at = file, 0, -math.inf
        self._look()

    def encrypt(self, plain: bytes, label: str) -> bytes:
        """Encrypt under the key that the file names first."""
        if time.monotonic() - self._looked_at >= FOLLOWS_WITHIN:
            self._look()
        return super().encrypt(plain, label)

    def decrypt(self, stored: bytes, label: str) -> bytes:
        """Decrypt what `encrypt` gave, in this process or in one that knows a newer key.

        Raises:
            Undecipherable: The key is missing, or the value or its label was altered.
        """
        if stored and stored[0] not in self._in_use[1]:
            self._look()
        return super().decrypt(stored, label)

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            changed_at = self._file.stat().st_mtime_ns
            if changed_at != self._seen:
                self._take(parse_keys(_line_of(self._file.read_text("utf-8"))))
                self._seen = changed_at
        except (OSError, InvalidInput):
            return


FOLLOWS_WITHIN = 1.0
"""Seconds after which a process uses a key that was put into the file."""
_NAME = "SAHAYAK_ENCRYPTION_KEYS"


def _line_of(text: str) -> str:
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == _NAME:
            return value.strip().strip("'\"")
    return ""


def parse_keys(text: str) -> dict[int, bytes]:
    """Keys by id, the encrypting one first.

    Raises:
        InvalidInput: An entry is not ``<id>:<64 hex digits>``, or an id comes twice.
    """
    keys: dict[int, bytes] = {}
    for entry in text.split(","):
        key_id, _, secret = entry.strip().partition(":")
        try:
            key = bytes.fromhex(secret)
            number = int(key_id)
        except ValueError:
            number, key = 0, b""
        if not 1 <= number <= 255 or len(key) != 32 or number in keys:
            raise InvalidInput(_NAME, "<id 1-255>:<64 hexadecimal digits>, comma-separated, no id twice")
        keys[number] = key
    return keys


_installed: list[Keyring] = []


def install(keyring: Keyring) -> None:
    """Make the keyring the one that encrypted columns of this process use."""
    _installed[:] = [keyring]


def keyring() -> Keyring:
    """The installed keyring.

    Raises:
        Undecipherable: None was installed.
    """
    if not _installed:
        raise Undecipherable("no keyring is installed in this process")
    return _installed[0]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class EncryptedJson(TypeDecorator[Any]):
    """A JSON value, encrypted.

    Args:
        label: ``table.column``, the associated data.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        if value is None:
            return None
        plain = _ENCODER.encode(value).encode()
        return keyring().encrypt(plain, self.label)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Decrypt on the way out."""
        if value is None:
            return None
        return json.loads(keyring().decrypt(bytes(value), self.label))

    class Comparator(TypeDecorator.Comparator[Any]):
        """Refuses comparisons: equal values have different ciphertexts."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Only ``IS NULL`` makes sense; SQLAlchemy itself asks whether two columns are the same one."""
            if op.__name__ in {"is_", "is_not"} or (other and isinstance(other[0], ColumnClause)):
                return super().operate(op, *other, **kwargs)
            raise TypeError("an encrypted column cannot be compared: use its blind index")

    comparator_factory = Comparator
