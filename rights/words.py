"""What contacts are told about their data, in their language."""

from datetime import datetime
from typing import Any

from babel.dates import format_datetime

from core.clock import INDIA
from core.i18n import sentence
from core.privacy.holdings import Held
from rights.schemas import Summary

_LOCALES = {"en": "en_IN", "hi": "hi_IN", "hi-Latn": "en_IN"}
_WITHOUT_DATES = frozenset({"profile", "addresses"})


def say(key: str, language: str, **params: Any) -> str:
    """A sentence of the catalogue ``privacy``."""
    return sentence("privacy", f"privacy.{key}", language, **params)


def moment(at: datetime, language: str) -> str:
    """A day and a time in India."""
    return _formatted(at, "d MMM y, HH:mm", language)


def day(at: datetime, language: str) -> str:
    """A day in India."""
    return _formatted(at, "d MMM y", language)


def _formatted(at: datetime, pattern: str, language: str) -> str:
    local = at.astimezone(INDIA).replace(tzinfo=None)
    return format_datetime(local, pattern, locale=_LOCALES.get(language, "en_IN"))


def held_line(held: Held, language: str) -> str:
    """A kind with its count and dates."""
    line = say(f"held_{held.kind}", language, count=held.count)
    if held.first is None or held.last is None or held.kind in _WITHOUT_DATES:
        return line
    first, last = day(held.first, language), day(held.last, language)
    if first == last:
        return say("on_day", language, line=line, first=first)
    return say("span", language, line=line, first=first, last=last)


def summary_text(summary: Summary, language: str) -> str:
    """What is held, in plain lines."""
    if not summary.held:
        return say("summary_nothing", language)
    lines = [say("summary_intro", language), *(f"- {held_line(held, language)}" for held in summary.held)]
    lines += [say(f"shared_{registry}", language) for registry in summary.shared_with]
    lines.append(say("shared_provider", language))
    if summary.erasure is not None:
        lines.append(say("erasure_waits", language, when=moment(summary.erasure.due_at, language)))
    else:
        lines.append(say("summary_choices", language))
    return "\n".join(lines)


def confirm_text(when: datetime, open_grievances: int, language: str) -> str:
    """What an erasure means, and the question whether it shall be."""
    asked = say("erase_confirm", language, when=moment(when, language))
    if not open_grievances:
        return asked
    return say("erase_confirm_open", language, count=open_grievances) + "\n" + asked
