"""What the list of grievances shows, gathered from the ledger for one officer."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from grievances import categories, reference, service
from grievances.schemas import Counts, GrievanceSummary, Level, Status
from handoff.control_rooms import service as control_rooms
from handoff.desk.grievances import words
from handoff.desk.grievances.acts import EXPORTING
from handoff.desk.grievances.filters import ALL_STATUS, OPEN_STATUS, ROWS, Filter, owed_level, quick
from handoff.desk.grievances.words import Due
from handoff.desk.pages import Reader

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """A grievance in the list."""

    id: str
    reference: str
    category: str
    status: str
    level: str
    priority: str
    room: str
    state: str
    filed: str
    due: Due


@dataclass(frozen=True)
class Quick:
    """A list that is one click away."""

    name: str
    address: str
    count: int | None
    current: bool


@dataclass(frozen=True)
class Listed:
    """The list, and what can be chosen in its filter."""

    rows: list[Row]
    total: str
    quick: list[Quick]
    chosen: Filter
    choices: dict[str, Choices]
    next_address: str
    first_address: str
    is_filtered: bool
    may_export: bool
    has_room: bool


async def listed(session: AsyncSession, reader: Reader, chosen: Filter) -> Listed:
    """A page of the list.

    Raises:
        InvalidInput: The place in the list is none.
    """
    officer, say = reader.officer, reader.say
    page = await service.list_page(session, **chosen.asked(officer, reader.now), after=chosen.after or None, limit=ROWS)
    counts = await service.counts(session, rooms=officer.rooms, now=reader.now)
    more = page.total_estimate >= service.COUNT_LIMIT
    return Listed(
        rows=[_row(reader, one) for one in page.rows],
        total=say("grievances_count_more" if more else "grievances_count", count=page.total_estimate),
        quick=_quick(reader, chosen, counts),
        chosen=chosen,
        choices=_choices(reader),
        next_address=chosen.address(after=page.next_cursor) if page.next_cursor else "",
        first_address=chosen.address(),
        is_filtered=chosen.is_chosen(),
        may_export=officer.role in EXPORTING,
        has_room=officer.rooms is None or bool(officer.rooms),
    )


def _row(reader: Reader, one: GrievanceSummary) -> Row:
    language = reader.officer.language
    return Row(
        id=one.id,
        reference=reference.shown(one.reference),
        category=words.name("category", one.category, language),
        status=words.name("status", one.status, language),
        level=words.name("level", one.level, language),
        priority=words.priority(one.priority, language),
        room=words.room(one.room, language),
        state=words.state(one.state, language),
        filed=words.day(one.filed_at, language),
        due=words.due(reader.say, one, reader.now, language),
    )


def _quick(reader: Reader, chosen: Filter, counts: Counts) -> list[Quick]:
    mine = owed_level(reader.officer)
    known = {
        "quick_open": sum(counts.open_by_level.values()),
        "quick_mine": counts.open_by_level[mine] if mine else None,
        "quick_overdue": counts.overdue,
        "quick_not_attended": counts.by_status[Status.FILED],
        "quick_appealed": counts.by_status[Status.APPEALED],
    }
    return [
        Quick(name=reader.say(key), address=one.address(), count=known[key], current=one.address() == chosen.address())
        for key, one in quick(reader.officer)
    ]


def _choices(reader: Reader) -> dict[str, Choices]:
    """What each choice of the filter offers, as (value, name)."""
    officer, say, language = reader.officer, reader.say, reader.officer.language
    statuses = [(OPEN_STATUS, say("filter_status_open")), (ALL_STATUS, say("filter_status_all"))]
    found: dict[str, Choices] = {
        "status": statuses + [(one.value, words.name("status", one, language)) for one in Status],
        "overdue": [("", say("filter_any")), ("yes", say("filter_overdue_yes")), ("no", say("filter_overdue_no"))],
        "level": [("", say("filter_any")), *((one.value, words.name("level", one, language)) for one in Level)],
        "category": [
            ("", say("filter_any")),
            *((one, words.name("category", one, language)) for one in categories.all_categories()),
        ],
        "state": [("", say("filter_any")), *((code, words.state(code, language)) for code in control_rooms.states())],
        "sort": [("due", say("filter_sort_due")), ("filed", say("filter_sort_filed"))],
    }
    if officer.rooms is None:
        rooms = ((one.id, words.room(one.id, language)) for one in control_rooms.all_rooms())
        found["room"] = [("", say("filter_any")), *rooms]
    return found
