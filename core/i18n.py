"""Catalogues of sentences: gettext .po files whose msgid is a key, by language and domain."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polib

LANGUAGES = ("en", "hi", "hi-Latn")
"""Languages that are offered: their catalogues and consent notice are complete and checked."""

_LOCALE = Path(__file__).resolve().parent.parent / "locale"


class MissingSentence(KeyError):
    """A catalogue has no entry for a key."""


@cache
def _entries(language: str, domain: str) -> Mapping[str, str]:
    path = _LOCALE / language / f"{domain}.po"
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)) if entry.msgstr}


def sentence(domain: str, key: str, language: str | None, **params: Any) -> str:
    """The sentence of a catalogue, with its named parameters filled in.

    Args:
        domain: Name of the catalogue, such as ``gateway``.
        key: The entry's msgid.
        language: One of `LANGUAGES`; anything else is answered in English.
        params: Values by parameter name.

    Raises:
        MissingSentence: Neither that language nor English has the key.
    """
    wanted = language if language in LANGUAGES else "en"
    for candidate in (wanted, "en"):
        text = _entries(candidate, domain).get(key)
        if text is not None:
            return text.format_map(params) if params else text
    raise MissingSentence(f"{domain}:{key}")
