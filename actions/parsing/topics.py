"""What a complaint is about, whom it is against, and whether one sentence holds two of them."""

from typing import NamedTuple

import regex

from actions.parsing.phrases import Hit, folded, named_phrases, phrases

_INTENTS = {"delayed_payment": "delayed_payment", "loan_problem": "credit", "registration_problem": "udyam"}
_WEIGHTS = {"bribe": 3, "subsidy": 2}
_SIDES = frozenset({"kvic", "nsic", "coir", "scheme", "policy"})
"""Categories that say whom a matter lies with; behind another one they are no complaint of their own."""
_NEAR = 2
_BEFORE = frozenset({"not", "don't", "dont", "never"})
_MOST_PARTS = 3
_MARKER_WORDS = 5
"""A clause this short with "both" in it only says that there are two."""
# Equal evidence: the more particular one.
_ORDER = (
    "bribe", "subsidy", "delayed_payment", "credit", "procurement", "raw_material", "labour", "permission", "testing",
    "coir", "nsic", "kvic", "udyam", "scheme", "policy",
)  # fmt: skip
_CUTS = regex.compile(r"(?<=[.;!?।\n])\s+|(?<!\d),\s*|,(?!\d)\s*|\n+")


class Complaint(NamedTuple):
    """What one complaint of a message is about, and its words."""

    category: str | None
    text: str


def scores(text: str, intent: str = "") -> dict[str, int]:
    """How much speaks for each category."""
    plain = folded(text)
    found = {
        category: len({hit.phrase for hit in listed.hits(plain)}) * _WEIGHTS.get(category, 1)
        for category, listed in named_phrases("category").items()
    }
    understood = _INTENTS.get(intent)
    if understood:
        found[understood] = found.get(understood, 0) + 2
    return {category: count for category, count in found.items() if count}


def guess_category(text: str, intent: str = "") -> str | None:
    """The likeliest category, or None when nothing speaks for one."""
    found = scores(text, intent)
    if not found:
        return None
    return max(found, key=lambda category: (found[category], -_ORDER.index(category)))


def guess_against(text: str) -> str | None:
    """Whom a text speaks against first, as a kind: buyer, bank, portal, office or other."""
    plain = folded(text)
    firsts = [
        (hits[0].start, kind) for kind, listed in named_phrases("against").items() if (hits := listed.hits(plain))
    ]
    return min(firsts)[1] if firsts else None


def is_question(text: str) -> bool:
    """Whether the contact asks something."""
    return "?" in text or "？" in text or phrases("question").within(text)


def wishes_to_file(text: str) -> bool:
    """Whether a message says that a complaint is to be filed, beside whatever it tells."""
    if not text or is_question(text):
        return False
    plain = folded(text)
    return any(not _is_forbidden(plain, hit) for hit in phrases("filing").hits(plain))


def _is_forbidden(plain: str, hit: Hit) -> bool:
    """Whether "do not" stands in front of it, or "mat" behind it."""
    before = " ".join(plain[: hit.start].split()[-_NEAR:])
    behind = " ".join(plain[hit.end :].split()[:1])
    english = {one.phrase for one in phrases("forbids").hits(before) if one.phrase in _BEFORE}
    return bool(english) or phrases("forbids").within(behind)


def says_unknown(text: str) -> bool:
    """Whether a short answer says "I do not know" or "I have none"."""
    return len(text.split()) <= 6 and phrases("unknown").within(text)


def complaints(text: str, intent: str = "") -> list[Complaint]:
    """The complaints in a message: usually one; several where its clauses complain about different things."""
    groups: list[Complaint] = []
    for clause in _clauses(text):
        category = guess_category(clause) if phrases("trouble").within(clause) else None
        at = _place(groups, category, clause)
        if at is None:
            groups.append(Complaint(category, _without_join(clause)))
        else:
            kept = groups[at]
            stronger = category if category == "bribe" else kept.category or category
            groups[at] = Complaint(stronger, f"{kept.text} {clause}")
    if len([group for group in groups if group.category]) < 2:
        return [Complaint(_of_the_whole(text, intent), text)]
    return [group for group in groups if group.category][:_MOST_PARTS]


def _of_the_whole(text: str, intent: str) -> str | None:
    """The category of a text; what stands before "because" or "so" tells more than what follows from it."""
    plain = folded(text)
    cause = next((hit for hit in phrases("because").hits(plain) if hit.start), None)
    before = guess_category(plain[: cause.start]) if cause and not intent else None
    return before or guess_category(text, intent)


def _place(groups: list[Complaint], category: str | None, clause: str) -> int | None:
    """Which group a clause belongs to; None for one of its own."""
    if not groups:
        return None
    if category is None or groups[-1].category is None or category in _SIDES:
        return len(groups) - 1
    if "bribe" in (category, groups[-1].category):
        both = {guess_against(groups[-1].text), guess_against(clause)} - {None}
        if len(both) < 2:  # one party that wants money and does not do its work
            return len(groups) - 1
    return next((at for at, group in enumerate(groups) if group.category == category), None)


def _clauses(text: str) -> list[str]:
    """A text cut at full stops, commas and "and"; what begins with "because" stays with what it explains."""
    found: list[str] = []
    for piece in _CUTS.split(text):
        for part in _at_joins(piece):
            if found and _begins_with(part, "because"):
                found[-1] = f"{found[-1]} {part}"
            elif part.strip() and not (phrases("both").within(part) and len(part.split()) <= _MARKER_WORDS):
                found.append(part.strip())
    return found


def _begins_with(text: str, name: str) -> bool:
    hits = phrases(name).hits(folded(text))
    return bool(hits) and hits[0].start == 0


def _at_joins(piece: str) -> list[str]:
    words = piece.split()
    parts: list[list[str]] = [[]]
    for word in words:
        if parts[-1] and phrases("join").within(word):
            parts.append([])
        parts[-1].append(word)
    return [" ".join(part) for part in parts if part]


def _without_join(clause: str) -> str:
    first, _, rest = clause.partition(" ")
    return rest if rest and phrases("join").within(first) else clause
