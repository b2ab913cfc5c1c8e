"""Catalogues of sentences: `locale/<language>/bot.po`, msgid = key, named parameters in braces."""

from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import polib
import regex

from bot.components.sources import ROOT

LOCALE = ROOT / "locale"
LANGUAGES = ("en", "hi", "hi-Latn")
DEFAULT_LANGUAGE = "en"
BUTTON_TITLE_LIMIT = 20
_PARAMETER = regex.compile(r"\{([a-z][a-z0-9_]*)\}")


def fill(template: str, params: Mapping[str, Any]) -> str:
    """Put the parameters in, once: a brace inside a value is shown, never read as a parameter."""
    return _PARAMETER.sub(lambda match: str(params.get(match.group(1), "")), template)


class Catalogue:
    """The sentences of every language, read once."""

    def __init__(self, folder: Path = LOCALE, domain: str = "bot") -> None:
        self._sentences: Dict[str, Dict[str, str]] = {}
        for language in LANGUAGES:
            path = folder / language / f"{domain}.po"
            entries = polib.pofile(str(path), encoding="utf-8") if path.exists() else []
            self._sentences[language] = {entry.msgid: entry.msgstr for entry in entries if entry.msgstr}

    def template(self, key: str, language: str) -> Optional[str]:
        """The sentence of a key, in English where the language lacks it; None when nobody knows the key."""
        for choice in (language, DEFAULT_LANGUAGE):
            sentence = self._sentences.get(choice, {}).get(key)
            if sentence is not None:
                return sentence
        return None

    def keys(self, language: str) -> Dict[str, str]:
        """All sentences of one language by key."""
        return dict(self._sentences.get(language, {}))
