"""The page's words, from the catalogues."""

from pathlib import Path

import polib

LANGUAGES = ("en", "hi", "hi-Latn")


class Words:
    """The words of one language."""

    def __init__(self, entries: dict[str, str]) -> None:
        self._entries = entries

    def __call__(self, key: str) -> str:
        """The text of a key.

        Raises:
            KeyError: When the catalogue lacks it.
        """
        return self._entries[key]

    def under(self, prefix: str) -> dict[str, str]:
        """All texts whose key begins with a prefix, by the rest of the key."""
        return {key.removeprefix(prefix): text for key, text in self._entries.items() if key.startswith(prefix)}


def load(folder: Path) -> dict[str, Words]:
    """Read the catalogues of all languages."""
    return {
        language: Words({entry.msgid: entry.msgstr for entry in polib.pofile(str(folder / language / "simulator.po"))})
        for language in LANGUAGES
    }


def preferred(header: str) -> str:
    """The first language of an Accept-Language header that the page has; English when there is none."""
    for part in header.split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("hi-latn"):
            return "hi-Latn"
        if tag[:2] in {"hi", "en"}:
            return tag[:2]
    return "en"
