"""What may become of a grievance: plans with their shares, and the steps of each at times when people work."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any, Literal

from core.clock import INDIA
from grievances.deadlines import india_day
from grievances.schemas import ActorKind, Decision, Outcome
from grievances.status import Move
from handoff.control_rooms.calendar import calendars

_FAR = timedelta(days=400)


@dataclass(frozen=True)
class Act:
    """A step as a plan has it: so many days after the one before, working days for officers."""

    days: int
    move: Move
    said: str = ""
    by: ActorKind = ActorKind.OFFICER
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A step at its moment."""

    at: datetime
    act: Act


@dataclass(frozen=True)
class Plan:
    """What becomes of a grievance.

    Attributes:
        name: For tests and for what is printed.
        share: How often, among all plans.
        acts: The steps.
        twin: Whether another grievance about the same matter follows: of the same person, or of a neighbour.
        days_ago: Days before the present moment on which it is filed; None for any day of the year.
        decision: What an officer says about two that look alike; None when nobody has looked yet.
    """

    name: str
    share: int
    acts: tuple[Act, ...] = ()
    twin: Literal["", "same", "neighbour"] = ""
    days_ago: int | None = None
    decision: Decision | None = None

    def second(self) -> "Plan":
        """The plan of the second one of two."""
        if self.twin == "same":
            return replace(self, twin="", acts=(Act(1, Move.MERGE, "note"),))
        acts: tuple[Act, ...] = (Act(1, Move.ATTEND), Act(1, Move.REPLY, "reply"))
        if self.decision is not None:
            acts = (Act(1, Move.LINK, details={"decision": self.decision}), *acts, _DONE)
        return replace(self, twin="", acts=acts)


def _closed(days: int, outcome: Outcome, **details: Any) -> Act:
    return Act(days, Move.CLOSE, outcome.value, details={"outcome": outcome, **details})


def _contact(days: int, move: Move, said: str = "", **details: Any) -> Act:
    return Act(days, move, said, ActorKind.CONTACT, details)


def _told(rating: int, said: str = "") -> Act:
    return _contact(3, Move.FEEDBACK, said, rating=rating)


_ATTEND = Act(1, Move.ATTEND)
_REPLY = Act(1, Move.REPLY, "reply")
_NOTE = Act(0, Move.NOTE, "note")
_DONE = _closed(2, Outcome.REDRESSED)
_NOT_DONE = _closed(2, Outcome.NOT_REDRESSED)
_REOPEN = _contact(5, Move.REOPEN, "reopen")
_REGISTER = Act(1, Move.REGISTER, by=ActorKind.SYSTEM)

PLANS = (
    Plan("kept", 26, (_ATTEND, _REPLY, _DONE, _told(3, "good"))),
    Plan("kept, no feedback", 16, (_ATTEND, _NOTE, _REPLY, _DONE)),
    Plan("partly", 8, (_ATTEND, _REPLY, _closed(3, Outcome.PARTLY_REDRESSED), _told(2))),
    Plan("attended late", 7, (replace(_ATTEND, days=5), _REPLY, replace(_DONE, days=1))),
    Plan("concluded late", 6, (_ATTEND, _NOTE, replace(_REPLY, days=6), replace(_DONE, days=4))),
    Plan("interim", 6, (_ATTEND, Act(4, Move.INTERIM, "interim", details={"until": 20}), replace(_DONE, days=9))),
    Plan("transferred", 6, (_ATTEND, Act(1, Move.TRANSFER, "transfer"), _REPLY, _DONE)),
    Plan("escalated", 3, (_ATTEND, Act(2, Move.ESCALATE, "escalate"), _REPLY, replace(_DONE, days=3))),
    Plan("poor feedback", 4, (_ATTEND, _NOT_DONE, _told(1, "poor"), replace(_REPLY, days=2),
                              _closed(3, Outcome.PARTLY_REDRESSED), _told(2))),
    Plan("appealed", 3, (_ATTEND, _NOT_DONE, _contact(6, Move.APPEAL, "appeal"), _ATTEND, replace(_DONE, days=4))),
    Plan("reopened", 3, (_ATTEND, _DONE, _REOPEN, _ATTEND, replace(_DONE, days=3), _told(3))),
    Plan("reopened twice", 1, (_ATTEND, _DONE, _REOPEN, _ATTEND, _DONE, _REOPEN, _ATTEND, _DONE)),
    Plan("withdrawn", 2, (_ATTEND, _contact(2, Move.WITHDRAW, "withdraw"))),
    Plan("not taken up", 2, (_ATTEND, _closed(2, Outcome.NOT_ADMISSIBLE, ground="sub_judice"))),
    Plan("registered", 3, (_REGISTER, _ATTEND, _REPLY, _DONE)),
    Plan("forgotten", 3, (replace(_ATTEND, days=21), _NOTE, replace(_DONE, days=3))),
    Plan("told twice", 2, (_ATTEND, _REPLY, replace(_DONE, days=4)), twin="same"),
    Plan("neighbours", 1, (_ATTEND, _REPLY, _DONE), twin="neighbour", decision=Decision.CONFIRMED),
    Plan("look-alikes", 1, (_ATTEND, _REPLY, _DONE), twin="neighbour", decision=Decision.REJECTED),
)  # fmt: skip
PRESENT = (
    Plan("reopened now", 0, (_ATTEND, _DONE, replace(_REOPEN, days=1)), days_ago=8),
    Plan("appealed now", 0, (_ATTEND, _NOT_DONE, _contact(1, Move.APPEAL, "appeal")), days_ago=8),
    Plan("told twice now", 0, (_ATTEND,), twin="same", days_ago=5),
    Plan("alike now", 0, (_ATTEND,), twin="neighbour", days_ago=4),
    Plan("attended now", 0, (_ATTEND, _REPLY), days_ago=6),
    Plan("waiting", 0, days_ago=1),
    Plan("overdue", 0, days_ago=9),
)
"""What every country has at its present moment, however small it is."""
_PRESENT_SHARE = 60


def deal(count: int, draw: random.Random) -> Iterator[Plan]:
    """Plans for so many grievances: first what every country has, then by their shares."""
    for _ in range(max(1, count // (_PRESENT_SHARE * len(PRESENT)))):
        yield from PRESENT
    shares = [plan.share for plan in PLANS]
    for _ in range(count):
        yield draw.choices(PLANS, shares)[0]


def steps_of(plan: Plan, filed_at: datetime, state: str, draw: random.Random) -> tuple[Step, ...]:
    """The steps of a plan at their moments, one after the other."""
    at, found = filed_at, []
    calendar = calendars().of_state(state)
    for act in plan.acts:
        day = india_day(at)
        if act.by is ActorKind.CONTACT:
            moment = datetime.combine(day + timedelta(days=act.days), _hour(draw, 8, 20), INDIA)
        else:
            if act.days:
                day = calendar.working_day(day, act.days, day + _FAR)
            moment = datetime.combine(day, _hour(draw, 10, 17), INDIA)
        at = max(moment, at + timedelta(minutes=draw.randrange(3, 50)))
        found.append(Step(at, act))
    return tuple(found)


def _hour(draw: random.Random, first: int, last: int) -> time:
    return time(draw.randrange(first, last), draw.randrange(60), draw.randrange(60))
