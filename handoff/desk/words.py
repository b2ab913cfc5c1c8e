"""What the pages say: catalogue sentences, times, waiting times, names half hidden."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import regex
from babel.dates import format_datetime

from core.clock import INDIA
from core.i18n import MissingSentence, sentence

Say = Callable[..., str]
_LOCALES = {"en": "en_IN", "hi": "hi_IN", "hi-Latn": "en_IN"}
_MEDIA = {"image", "audio", "video"}


def speaker(language: str) -> Say:
    """A function that gives the sentences of desk and queue in a language: ``say("claim")``."""

    def say(key: str, **params: Any) -> str:
        try:
            return sentence("desk", f"desk.{key}", language, **params)
        except MissingSentence:
            return sentence("queue", f"queue.{key}", language, **params)

    return say


def reason(say: Say, code: str) -> str:
    """Why an officer was asked for, in words."""
    try:
        return say(f"reason_{code}")
    except MissingSentence:
        return say("reason_other", reason=code)


def language_name(say: Say, language: str | None) -> str:
    """The name of a contact's language."""
    return say("language_" + (language or "unknown").replace("-", "_").lower())


def channel_name(say: Say, channel: str) -> str:
    """The name of a channel."""
    try:
        return say(f"channel_{channel}")
    except MissingSentence:
        return channel


def wait(say: Say, since: datetime, now: datetime) -> str:
    """How long somebody has been waiting."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return say("wait_days", days=hours // 24, hours=hours % 24)
    if hours:
        return say("wait_hours", hours=hours, minutes=minutes)
    return say("wait_minutes", minutes=minutes) if minutes else say("wait_now")


def clock_time(moment: datetime, now: datetime, language: str) -> str:
    """A moment in India: the time, and the day unless it is today's."""
    local = moment.astimezone(INDIA)
    pattern = "HH:mm" if local.date() == now.astimezone(INDIA).date() else "d MMM, HH:mm"
    return format_datetime(local.replace(tzinfo=None), pattern, locale=_LOCALES[language])


def masked_name(name: str | None, fallback: str) -> str:
    """A name of which only the first letter of each word can be read, such as ``R•• K••``."""
    words = [regex.findall(r"\X", word)[0] + "••" for word in (name or "").split()[:3]]
    return " ".join(words) or fallback


def masked_address(kind: str, value: str) -> str:
    """The last four characters of an address; what it is comes before them."""
    return f"{kind} •••• {value[-4:]}" if len(value) > 6 else f"{kind} ••••"


def short_code(identifier: str) -> str:
    """The end of an identifier, to tell two apart."""
    return identifier[-4:]


def place_text(place: dict[str, Any] | None) -> str:
    """A contact's place as one line; empty when nothing is known."""
    parts: Iterable[Any] = (place or {}).get("district"), (place or {}).get("state"), (place or {}).get("pincode")
    return ", ".join(str(part) for part in parts if part)


def media_kind(say: Say, declared_type: str) -> str:
    """What kind of file it is said to be."""
    family = declared_type.partition("/")[0]
    return say(f"media_{family if family in _MEDIA else 'document'}")
