"""Columns that are encrypted at rest, and blind indexes to find a row by an encrypted value.

A stored value is one byte of key id, a 12-byte nonce and the AES-256-GCM ciphertext with its tag; the column's
name is associated data, so that a value cannot be moved to another column unnoticed.
"""

import hashlib
import hmac
import json
import os
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
        self._current = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_key = index_key

    @classmethod
    def from_settings(cls, settings: CoreSettings) -> "Keyring":
        """Read the keys from the settings.

        Raises:
            InvalidInput: An entry is not ``<id>:<64 hex digits>``, or an id comes twice.
        """
        keys: dict[int, bytes] = {}
        for entry in settings.encryption_keys.get_secret_value().split(","):
            key_id, _, secret = entry.strip().partition(":")
            try:
                key = bytes.fromhex(secret)
                number = int(key_id)
            except ValueError:
                number, key = 0, b""
            if not 1 <= number <= 255 or len(key) != 32 or number in keys:
                raise InvalidInput(
                    "SAHAYAK_ENCRYPTION_KEYS", "<id 1-255>:<64 hexadecimal digits>, comma-separated, no id twice"
                )
            keys[number] = key
        return cls(keys, bytes.fromhex(settings.index_key.get_secret_value()))

    def encrypt(self, plain: bytes, label: str) -> bytes:
        """Encrypt under the current key; the label must be given again to decrypt."""
        nonce = os.urandom(12)
        return bytes([self._current]) + nonce + self._ciphers[self._current].encrypt(nonce, plain, label.encode())

    def decrypt(self, stored: bytes, label: str) -> bytes:
        """Decrypt what `encrypt` gave.

        Raises:
            Undecipherable: The key is missing, or the value or its label was altered.
        """
        cipher = self._ciphers.get(stored[0]) if stored else None
        if cipher is None:
            raise Undecipherable(f"{label}: no key for this value")
        try:
            return cipher.decrypt(stored[1:13], stored[13:], label.encode())
        except (InvalidTag, ValueError) as error:
            raise Undecipherable(f"{label}: altered, or encrypted under another key") from error

    def blind_index(self, value: str, label: str) -> bytes:
        """16 bytes of HMAC-SHA256 by which an exact value is found without being stored in the clear."""
        return hmac.digest(self._index_key, f"{label}\0{value}".encode(), hashlib.sha256)[:16]


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
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
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
