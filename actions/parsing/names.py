"""The name of the other party where a sentence tells it: `mera buyer Gupta Stores ne`, `Punjab National Bank`."""

import regex

from actions.parsing.phrases import aligned, phrases
from actions.parsing.text import fold, listed, plain

_MOST_WORDS = 5
_MOST_BEFORE = 3
_PARTY = {
    "buyer": r"buyer|customer|client|party|company|khareedar|kharidar|kharidaar|khariddar|grahak"
    r"|खरीदार|खरीददार|ग्राहक|पार्टी|कंपनी",
    "bank": r"bank|baink|बैंक",
    "office": r"office|department|vibhag|karyalay|कार्यालय|विभाग",
}
_CAPITALISED = r"(?:\p{Lu}[\p{L}\p{M}\d&.'\-]*|&|and|of|ke|ki)"
_STOP = listed(
    "manager wale wala walo log ne ka ke ki se ko hai mera mere meri my our the a an has have had is was not nahi "
    "paisa paise payment loan maine usne unhone bhi jo jis is us ek do kisi koi and aur or sarkari private owner malik "
    "मैनेजर प्रबंधक वाले वाला ने का के की से को है मेरा मेरे नहीं पैसा पैसे भुगतान लोन मैंने उसने भी जो एक किसी कोई और मालिक"
)
_PARTIES = listed(
    "buyer customer client party khareedar kharidar kharidaar khariddar grahak from by to with against mujhe se "
    "खरीदार खरीददार ग्राहक पार्टी मुझे हमें हमारे हमारी yeh ye wo woh paas pass naam name firm फर्म"
)
_WORDS = regex.compile(r"[^\s,;:()]+")
_PLACE = regex.compile(r"\s*(?:me|mein|में|hai|है|se|से|in)(?![\p{L}\p{M}])", regex.IGNORECASE)
"""What follows a place rather than a name."""
_BRANCH = regex.compile(
    r",?\s+(?:ki\s+|की\s+)?(?:[\p{L}\p{M}\d\-]+\s+){1,3}?(?:branch|shakha|शाखा)(?![\p{L}\p{M}])", regex.IGNORECASE
)


def find_name(text: str, kind: str) -> str | None:
    """The name of a buyer, a bank or an office; None where the sentence does not tell one plainly."""
    party = _PARTY.get(kind)
    if party is None:
        return None
    text = plain(text)
    by_kind = _firm(text) if kind == "buyer" else _bank(text, party) if kind == "bank" else _headed(text, party)
    for found in (by_kind, _capitalised(text, party), _before_ne(text, party)):
        if found is not None:
            return found
    return None


def _firm(text: str) -> str | None:
    """`ABC traders ke paas`, `शर्मा ट्रेडर्स ने`: up to three words in front of one that ends the name of a firm."""
    to_search, places = aligned(text)
    hits = phrases("firm").hits(to_search)
    if not hits:
        return None
    start, end = places[hits[0].start], hits[0].end
    for after in hits[1:]:  # "Verma Trading Company"
        if to_search[end : after.start].strip(" ."):
            break
        end = after.end
    name: list[str] = []
    for word in reversed(_WORDS.findall(text[:start])[-_MOST_BEFORE:]):
        if fold(word) in _STOP or fold(word) in _PARTIES or not word[0].isalnum():
            break
        name.insert(0, word)
    return f"{' '.join(name)} {text[start : places[end]].strip()}" if name else None


def _capitalised(text: str, party: str) -> str | None:
    """Words with capitals behind the party: `buyer Gupta Stores has not paid`."""
    match = regex.search(rf"(?<![\p{{L}}])(?i:{party})[\s,:]+((?:{_CAPITALISED}\s*){{1,{_MOST_WORDS}}})", text)
    if match is None or _PLACE.match(text, match.end()):
        return None
    return _clean(match[1])


def _bank(text: str, party: str) -> str | None:
    """A bank that everybody knows, with its branch: `SBI Noida branch`, `पंजाब नेशनल बैंक`."""
    to_search, places = aligned(text)
    known = phrases("bank").hits(to_search)
    if known:
        start, end = places[known[0].start], places[known[0].end]
        branch = _BRANCH.match(text, end)
        return text[start : branch.end() if branch else end].strip()
    return _headed(text, party)


def _headed(text: str, party: str) -> str | None:
    """`Kaveri Grameen Bank`, `DIC office`: the name stands before the word."""
    match = regex.search(rf"((?:\p{{Lu}}[\p{{L}}&.]*\s+){{1,4}})(?i:{party})(?![\p{{L}}\p{{M}}])", text)
    if match and (name := _clean(match[1])):
        return f"{name} {text[match.end(1) : match.end()].strip()}"
    return None


def _before_ne(text: str, party: str) -> str | None:
    """`खरीदार गुप्ता ट्रेडर्स ने`, `buyer gupta traders ne`: the subject's mark closes the name."""
    match = regex.search(
        rf"(?<![\p{{L}}\p{{M}}])(?i:{party})\s+((?:[\p{{L}}\p{{M}}\d&.]+\s+){{1,4}}?)(?i:ne|ने)(?![\p{{L}}\p{{M}}])",
        text,
    )
    return _clean(match[1]) if match else None


def _clean(name: str) -> str | None:
    """A name without the words around it; None when nothing of it is a name."""
    words = name.strip(" ,.:;-").split()
    while words and fold(words[-1]) in _STOP:
        words.pop()
    while words and fold(words[0]) in _STOP:
        words.pop(0)
    if not words or any(fold(word) in _STOP for word in words[1:-1]):
        return None
    return " ".join(words)
