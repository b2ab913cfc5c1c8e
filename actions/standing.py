"""How a grievance stands, in the words of its contact's language."""

from datetime import date, datetime

from actions.filing.asking import category_title, day
from actions.ledger import Standing
from core.clock import INDIA
from core.i18n import sentence
from grievances import reference
from grievances.schemas import GrievanceView, Kind, Level, Status
from handoff.control_rooms import service as control_rooms

MOST = 3
"""So many grievances are described; more are counted."""
_REPLIES = (Kind.REPLIED, Kind.INTERIM)
_LONGEST_REPLY = 300


def listing(standings: list[Standing], language: str, now: datetime) -> str:
    """The newest grievances of a contact."""
    parts = [described(standing, language, now) for standing in standings[:MOST]]
    if len(standings) > MOST:
        parts.append(sentence("bot", "standing.more", language, count=len(standings) - MOST))
    return "\n\n".join(parts)


def described(standing: Standing, language: str, now: datetime) -> str:
    """One grievance: what, where, until when, and what was said last."""
    view = standing.view
    lines = [
        _line(
            "head",
            language,
            reference=reference.shown(view.reference),
            category=category_title(view.category, language),
            filed=_day(view.filed_at, language),
        )
    ]
    if view.status is Status.CLOSED:
        lines += _closed(view, language, now)
    else:
        status = sentence("ledger", f"status.{view.status.value}", language)
        lines.append(_line("state", language, status=status, room=owner(view, language)))
        lines += _deadline(view, language, now)
    if view.cpgrams_number:
        lines.append(_line("cpgrams", language, number=view.cpgrams_number))
    reply = last_reply(standing)
    if reply:
        lines.append(_line("reply", language, text=reply))
    return "\n".join(lines)


def owner(view: GrievanceView, language: str) -> str:
    """Who owes the answer."""
    if view.level is Level.APPELLATE:
        return sentence("grievances", "grievances.level_appellate", language)
    if view.level is Level.HUB or view.room == control_rooms.HUB:
        return sentence("grievances", "grievances.room_hub", language)
    room = control_rooms.get(view.room)
    return sentence("grievances", "grievances.room", language, city=room.city_hi if language == "hi" else room.city)


def last_reply(standing: Standing) -> str:
    """What an officer wrote to the contact last."""
    for event in reversed(standing.history):
        if event.kind in _REPLIES and event.details:
            text = str(event.details.get("text") or "")
            return text if len(text) <= _LONGEST_REPLY else text[: _LONGEST_REPLY - 1].rstrip() + "…"
    return ""


def _closed(view: GrievanceView, language: str, now: datetime) -> list[str]:
    outcome = sentence("ledger", f"outcome.{view.outcome.value}", language) if view.outcome else ""
    lines = [_line("closed", language, closed=_day(view.closed_at or view.filed_at, language), outcome=outcome)]
    if view.appeal_until is not None and view.appeal_until > now:
        lines.append(_line("appeal", language, until=_day(view.appeal_until, language)))
    return lines


def _deadline(view: GrievanceView, language: str, now: datetime) -> list[str]:
    if not view.is_open:
        return []
    if view.interim_until is not None:
        return [_line("interim", language, until=day(view.interim_until, language))]
    if view.conclude_by < now:
        return [_line("late", language)]
    conclude_by = _day(view.conclude_by, language)
    if view.attended_at is None:
        return [_line("attend", language, attend_by=_day(view.attend_by, language), conclude_by=conclude_by)]
    return [_line("conclude", language, conclude_by=conclude_by)]


def _line(name: str, language: str, **params: str) -> str:
    return sentence("bot", f"standing.{name}", language, **params)


def _day(moment: datetime | date, language: str) -> str:
    return day(moment.astimezone(INDIA).date() if isinstance(moment, datetime) else moment, language)
