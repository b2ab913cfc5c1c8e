"""Identifiers that sort by time and carry no personal data."""

import os
import re
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHAPE = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_id() -> str:
    """A new ULID: 48 bits of milliseconds and 80 random bits as 26 Crockford base-32 characters.

    Source: https://github.com/ulid/spec
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def is_id(text: str) -> bool:
    """Whether the text has the shape of an identifier of ours."""
    return _SHAPE.fullmatch(text) is not None
