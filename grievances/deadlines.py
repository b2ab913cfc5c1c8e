"""When a grievance must be attended to and concluded, and what comes due on the way.

The rules: whoever owes a grievance attends within 3 days and it does not remain inconclusive after 7 (launch note of
CHAMPIONS by the Secretary MSME, 2020, as told by perfectsourcing.net and the Financial Express of 2021-11-30 and
2023-01-31); no grievance takes longer than 21 days, and an interim reply says why when one does (DARPG, OM
S-15/21/2021-(PG)-DARPG(e-7085) of 2024-08-23). Three and seven are read as working days of the room that owed the
grievance first, twenty-one as calendar days; the day of filing is day 0, and a day ends for an office at 18:00. These
readings are assumed: the published texts say neither.

Everything here is pure: nothing reads a clock or a database.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.clock import INDIA
from handoff.control_rooms.calendar import Calendar

ATTEND_WORKING_DAYS = 3
CONCLUDE_WORKING_DAYS = 7
OUTER_CALENDAR_DAYS = 21
OPENING = time(10)
CLOSING = time(18)
FEEDBACK_AFTER = timedelta(days=1)

PREFIX = "grievance."
"""How the kinds of due rows of grievances begin."""
REMIND_ATTEND = "grievance.remind_attend"
ATTEND = "grievance.attend"
REMIND_CONCLUDE = "grievance.remind_conclude"
CONCLUDE = "grievance.conclude"
REMIND_OUTER = "grievance.remind_outer"
OUTER = "grievance.outer"
ASK_FEEDBACK = "grievance.ask_feedback"
REMINDERS = frozenset({REMIND_ATTEND, REMIND_CONCLUDE, REMIND_OUTER})


@dataclass(frozen=True)
class Clock:
    """The deadlines of a grievance, in UTC.

    Attributes:
        started: When the clock began to run.
        attend_by: Close of business on the third working day after that day.
        conclude_by: Close of business on the seventh.
        outer_by: Close of business on the twenty-first calendar day; neither of the others is later.
        reminders: By kind of due row, the morning of the last working day before a deadline; none where there is no
            such day after the day of filing.
    """

    started: datetime
    attend_by: datetime
    conclude_by: datetime
    outer_by: datetime
    reminders: tuple[tuple[str, datetime], ...]

    def dues(self) -> list[tuple[str, datetime]]:
        """Everything that comes due, as (kind, moment), in due order."""
        deadlines = ((ATTEND, self.attend_by), (CONCLUDE, self.conclude_by), (OUTER, self.outer_by))
        return sorted((*self.reminders, *deadlines), key=lambda due: (due[1], due[0]))


def clock_for(calendar: Calendar, started: datetime) -> Clock:
    """The clock of a grievance that is owed from a moment on.

    Args:
        calendar: Of the State whose room owes it first; a transfer does not change it.
        started: Filing, reopening or appeal; an aware moment.

    Raises:
        ValueError: The moment has no time zone.
    """
    day = india_day(started)
    last = day + timedelta(days=OUTER_CALENDAR_DAYS)
    attend = calendar.working_day(day, ATTEND_WORKING_DAYS, last)
    conclude = calendar.working_day(day, CONCLUDE_WORKING_DAYS, last)
    reminders = ((REMIND_ATTEND, attend), (REMIND_CONCLUDE, conclude), (REMIND_OUTER, last))
    return Clock(
        started=started.astimezone(UTC),
        attend_by=_moment(attend, CLOSING),
        conclude_by=_moment(conclude, CLOSING),
        outer_by=_moment(last, CLOSING),
        reminders=tuple(
            (kind, _moment(before, OPENING))
            for kind, deadline in reminders
            if (before := calendar.working_day_before(deadline, after=day)) is not None
        ),
    )


def limit_for(outer_by: datetime, interim_until: date | None) -> datetime:
    """The outer limit, or close of business on the day that an interim reply promised, if that is later."""
    return outer_by if interim_until is None else max(outer_by, _moment(interim_until, CLOSING))


def feedback_due(closed: datetime) -> datetime:
    """When a contact is asked how a closed grievance was dealt with."""
    return closed.astimezone(UTC) + FEEDBACK_AFTER


def india_day(moment: datetime) -> date:
    """The day that a moment belongs to in India.

    Raises:
        ValueError: The moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone belongs to no day")
    return moment.astimezone(INDIA).date()


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, INDIA).astimezone(UTC)
