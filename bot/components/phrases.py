"""Finds listed phrases in a text, word by word, the longest first."""

from typing import Dict, Iterable, List, NamedTuple, Set, Tuple

from bot.components.text import WORD, fold

_BESIDE = {
    "scheme", "schemes", "yojana", "yojna", "portal", "certificate", "certification", "registration", "fund",
    "programme", "program", "initiative", "policy", "platform", "योजना", "स्कीम", "पोर्टल", "प्रमाणपत्र",
    "सर्टिफिकेट", "रजिस्ट्रेशन", "पंजीकरण", "कोष", "फंड", "कार्यक्रम", "नीति",
}  # fmt: skip


class Word(NamedTuple):
    """One word of a text with its place."""

    raw: str
    folded: str
    start: int
    end: int


class Match(NamedTuple):
    """One phrase that was found: what it stands for, and where."""

    value: str
    start: int
    end: int


def split(text: str) -> List[Word]:
    """The words of a text with their places."""
    return [Word(m.group(), fold(m.group()), m.start(), m.end()) for m in WORD.finditer(text)]


class PhraseTable:
    """Phrases and what each stands for.

    A guarded phrase also has an everyday meaning ("team", "lean", "gem"): it counts only when it is written in
    capitals inside a text that is not, or beside a word such as "scheme".
    """

    def __init__(self) -> None:
        self._by_first: Dict[str, Dict[Tuple[str, ...], str]] = {}
        self._guarded: Set[Tuple[str, ...]] = set()

    def add(self, value: str, phrases: Iterable[str], guarded: bool = False, replace: bool = True) -> None:
        """Let each phrase stand for the value; without `replace` an earlier meaning stays."""
        for phrase in phrases:
            key = tuple(word.folded for word in split(str(phrase)))
            if not key:
                continue
            known = self._by_first.setdefault(key[0], {})
            if key in known and not replace:
                continue
            known[key] = value
            if guarded:
                self._guarded.add(key)

    def find(self, text: str) -> List[Match]:
        """All phrases of the text, the longest at each place, without overlaps."""
        found_words = split(text)
        shouting = text.isupper()
        matches: List[Match] = []
        at = 0
        while at < len(found_words):
            length, value = self._longest(found_words, at, shouting)
            if length:
                matches.append(Match(value, found_words[at].start, found_words[at + length - 1].end))
            at += max(length, 1)
        return matches

    def _longest(self, found_words: List[Word], at: int, shouting: bool) -> Tuple[int, str]:
        best, value = 0, ""
        for key, meaning in self._by_first.get(found_words[at].folded, {}).items():
            piece = found_words[at : at + len(key)]
            if len(key) <= best or tuple(word.folded for word in piece) != key:
                continue
            if key in self._guarded and not self._stands_out(found_words, at, len(key), shouting):
                continue
            best, value = len(key), meaning
        return best, value

    @staticmethod
    def _stands_out(found_words: List[Word], at: int, length: int, shouting: bool) -> bool:
        raw = found_words[at].raw
        if not shouting and raw.isupper() and len(raw) > 1:
            return True
        around = found_words[max(at - 1, 0) : at] + found_words[at + length : at + length + 1]
        return any(word.folded in _BESIDE for word in around) or len(found_words) == length
