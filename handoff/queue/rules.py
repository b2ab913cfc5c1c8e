"""When a conversation goes to an officer though nobody asked: words of distress, a category, a large amount."""

import tomllib
import unicodedata
from functools import cache
from pathlib import Path

import regex

from handoff.queue.settings import QueueSettings, settings

DISTRESS = "distress"
AMOUNT = "amount"
CATEGORY = "category"
DISTRESS_PRIORITY = 9
"""Before everybody else."""
RULE_PRIORITY = 1
_FILE = Path(__file__).resolve().parent.parent.parent / "locale" / "distress.toml"
_NUKTA = "\u093c"
_SPELLING = str.maketrans("\u0901", "\u0902", "'’\u200c\u200d")
"""Candrabindu is written as anusvara as often as not; apostrophes and joiners are left out."""


def distress(text: str) -> str | None:
    """In which way of writing a text holds words of somebody who may harm himself or is in danger; None in none."""
    plain = f" {_normal(text)} "
    dangerous, harmless = _phrases("distress"), _phrases("harmless")
    for phrase in harmless:
        plain = plain.replace(phrase, " ")
    return next((language for phrase, language in dangerous.items() if phrase in plain), None)


@cache
def _phrases(part: str) -> dict[str, str]:
    """Phrases as whole words, with their way of writing."""
    listed = tomllib.loads(_FILE.read_text(encoding="utf-8"))[part]
    return {f" {_normal(phrase)} ": language for language, phrases in listed.items() for phrase in phrases}


def _normal(text: str) -> str:
    """Words in small letters with single spaces; apostrophes, joiners and nuktas do not count."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace(_NUKTA, "")
    plain = unicodedata.normalize("NFC", plain.translate(_SPELLING))
    return " ".join(regex.findall(r"[\p{L}\p{M}\p{N}]+", plain))


def for_grievance(category: str, amount_rupees: int | None, chosen: QueueSettings | None = None) -> str | None:
    """Why a grievance that was just filed goes to an officer too, or None."""
    limits = chosen or settings()
    if category in limits.categories.split():
        return CATEGORY
    if limits.amount_rupees and (amount_rupees or 0) >= limits.amount_rupees:
        return AMOUNT
    return None
