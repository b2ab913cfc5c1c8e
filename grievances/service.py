"""The door to grievances: file, look up, act, list and verify, inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Unpack

from sqlalchemy.ext.asyncio import AsyncSession

from grievances import access, acts, duplicates, filing, ledger, listing, repository, verification
from grievances import attachments as files
from grievances import reference as references
from grievances.listing import COUNT_LIMIT as COUNT_LIMIT
from grievances.schemas import (
    Actor,
    AttachmentView,
    Counts,
    EventView,
    Filed,
    GrievanceView,
    Level,
    Link,
    MoveDetails,
    NewGrievance,
    Page,
    Status,
)
from grievances.status import Move


async def file(session: AsyncSession, new: NewGrievance, *, now: datetime) -> Filed:
    """File a grievance: number, access code, deadlines, due rows, and the first event; its notice is announced.

    The same turn and position give the grievance that was filed first, with `code` None and `created` False.

    Raises:
        InvalidInput: Names the field: ``category``, ``room``, ``happened_on`` (in the future), ``udyam_number``,
            ``follows``, ``media_ids``, ``vector``.
        NotFound: There is no such contact, conversation or address, or no such file of this contact.
    """
    return await filing.file(session, new, now=now)


async def get(session: AsyncSession, grievance_id: str, *, rooms: frozenset[str] | None) -> GrievanceView:
    """The grievance.

    Args:
        session: The caller's transaction.
        grievance_id: Which.
        rooms: Rooms whose grievances may be seen; None for all of them.

    Raises:
        NotFound: There is none in these rooms.
    """
    return repository.view(await repository.find(session, grievance_id, rooms))


async def by_reference(session: AsyncSession, reference: str, *, rooms: frozenset[str] | None) -> GrievanceView | None:
    """The grievance with this reference, however it is grouped and in whatever digits; None if none may be seen.

    Raises:
        InvalidInput: It is no reference: wrong length or check digit (field ``reference``).
    """
    row = await repository.by_reference(session, references.parse(reference), rooms)
    return repository.view(row) if row is not None else None


async def of_contact(session: AsyncSession, contact_id: str, limit: int = 20) -> list[GrievanceView]:
    """A contact's grievances, the newest first."""
    return [repository.view(row) for row in await repository.of_contact(session, contact_id, limit)]


async def prove(session: AsyncSession, reference: str, code: str, *, now: datetime) -> GrievanceView | None:
    """The grievance of a reference, to somebody who knows its access code.

    An unknown reference and a wrong code take the same work and give the same answer. After five wrong codes for a
    reference within an hour, none is accepted for an hour. The transaction must be committed whatever comes back:
    it counts. Asking from one address too often is for the caller to stop.

    Raises:
        InvalidInput: It is no reference at all: wrong length or check digit, which anybody could compute.
    """
    return await access.prove(session, reference, code, now=now)


async def events(session: AsyncSession, grievance_id: str, *, include_private: bool) -> list[EventView]:
    """A grievance's history, the oldest first; what only officers read comes with `include_private`."""
    return await repository.events(session, grievance_id, include_private=include_private)


async def act(
    session: AsyncSession,
    grievance_id: str,
    move: Move,
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None = None,
    text: str = "",
    **details: Unpack[MoveDetails],
) -> GrievanceView:
    """Make a move: the event, the row with its next version, the clock, the notice, and the audit of officers' acts.

    What each move needs (``text`` is the parameter of that name):

    - ``ATTEND``: nothing. ``NOTE``: text, read by officers only. ``REPLY``: text. Replying attends.
    - ``INTERIM``: text, ``until`` (day by which an answer is expected, from today to 90 days ahead).
    - ``TRANSFER``: ``to_room``, text (reasons). The clock stays.
    - ``ESCALATE``: text (reasons), or ``because`` from the system; level up, the clock stays.
    - ``CLOSE``: ``outcome`` (not ``WITHDRAWN``), text of at least 20 characters that says more than "does not pertain
      to this ministry"; with ``NOT_ADMISSIBLE`` optionally ``ground`` (a key of ``categories.grounds()``).
    - ``WITHDRAW``: nothing (contact only).
    - ``REOPEN``: text; until the end of the 30th day after closing, not if linked to CPGRAMS; the second time it also
      escalates. A new clock starts.
    - ``APPEAL``: text, or ``because`` from the system; until the same day; level up; not of a withdrawn grievance. A
      new clock starts.
    - ``ASK_FEEDBACK``: nothing (system only). ``FEEDBACK``: ``rating`` 1 to 3, once per closing; 1 opens the appeal by
      itself where it may be opened.
    - ``MERGE``: ``into`` (id of another grievance of the same contact, seen in the same rooms). ``LINK``: ``other``,
      ``decision``.
    - ``ATTACH``: ``media_ids``. ``REGISTER``: ``registry``, ``number``. ``REMIND``, ``BREACH``:
      ``deadline`` (system only).
    - ``ABSORB`` and ``ERASE`` are made by `MERGE` and by `erase`.

    Any move may carry ``version`` (refused unless the grievance still has it) and ``turn_id`` (the same move with the
    same turn id changes nothing the second time).

    Raises:
        NotFound: There is no such grievance in these rooms.
        NotPermitted: The move is not the actor's to make.
        Conflict: The move is not legal now, or somebody else was first; the message names status and move.
        InvalidInput: Something needed is missing or wrong; names the field (``text`` for reasons).
    """
    return await acts.act(session, grievance_id, move, actor=actor, now=now, rooms=rooms, text=text, details=details)


async def attach(
    session: AsyncSession,
    grievance_id: str,
    media_ids: Sequence[str],
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None = None,
) -> GrievanceView:
    """Add kept files of the contact's messages; those that are attached already stay as they are.

    Raises:
        InvalidInput: A type or size is not accepted, or there are too many (field ``media_ids``).
        NotFound: No such grievance in these rooms, or no such file of its contact.
        Conflict: The grievance is closed or merged.
    """
    present = {file.media_id for file in await files.of(session, grievance_id)}
    new = tuple(media_id for media_id in media_ids if media_id not in present)
    if not new:
        return await get(session, grievance_id, rooms=rooms)
    return await act(session, grievance_id, Move.ATTACH, actor=actor, now=now, rooms=rooms, media_ids=new)


async def attachments(session: AsyncSession, grievance_id: str) -> list[AttachmentView]:
    """The files of a grievance, the oldest first."""
    return await files.of(session, grievance_id)


async def links(session: AsyncSession, grievance_id: str) -> list[Link]:
    """What officers decided about grievances that look like this one."""
    return await duplicates.links(session, grievance_id)


async def list_page(
    session: AsyncSession,
    *,
    rooms: frozenset[str] | None,
    status: Status | Sequence[Status] | None = None,
    level: Level | None = None,
    category: str | None = None,
    state: str | None = None,
    overdue: bool | None = None,
    query: str | None = None,
    sort: Literal["due", "filed"] = "due",
    after: str | None = None,
    limit: int = 50,
    now: datetime,
) -> Page:
    """A page of a list.

    Args:
        session: The caller's transaction.
        rooms: Rooms whose grievances may be seen; None for all of them.
        status: One status or several.
        level: Who owes the answer.
        category: Id of a category.
        state: Two-letter code of the contact's State.
        overdue: True for those whose next deadline has passed, False for the others.
        query: A reference, a number of another registry, a telephone number, a Udyam number, a PIN code, or words of
            names and districts; each word must be found.
        sort: ``due``: the next deadline first, what owes nothing last; ``filed``: the newest first.
        after: `next_cursor` of the page before.
        limit: Rows of a page, 1 to 200.
        now: When.

    Raises:
        InvalidInput: The cursor or the limit is none.
    """
    statuses = (status,) if isinstance(status, Status) else tuple(status or ())
    filters = listing.Filters(rooms, statuses, level, category, state, overdue, query)
    return await listing.page(session, filters, sort=sort, after=after, limit=limit, now=now)


async def counts(session: AsyncSession, *, rooms: frozenset[str] | None, now: datetime) -> Counts:
    """How many grievances stand where."""
    return await listing.counts(session, rooms, now)


async def erase(session: AsyncSession, grievance_id: str, *, actor: Actor, now: datetime) -> None:
    """Remove every word of the contact from a grievance, its history, its search words and its registrations.

    What happened when, and that it was erased, stays; the files themselves are for `core.media` to erase.

    Raises:
        NotFound: There is no such grievance.
    """
    await acts.erase(session, grievance_id, actor=actor, now=now)


async def verify(session: AsyncSession) -> tuple[str, int] | None:
    """The first broken event as (grievance id, seq); seq 0 is a row that its events do not explain. None if all fit."""
    return await verification.first_broken(session)


async def verify_events(session: AsyncSession) -> tuple[str, int] | None:
    """The first event, as (grievance id, seq), that does not follow from the one before it; None if all do."""
    return await verification.first_broken_event(session)


async def verify_rows(session: AsyncSession) -> str | None:
    """Id of the first grievance whose row, files, links or search words are not what its events made them."""
    broken = await verification.first_broken_row(session)
    return broken[0] if broken else None


async def extent(session: AsyncSession) -> dict[str, int]:
    """How many rows of each table `verify` looks at."""
    return await verification.extent(session)


async def head(session: AsyncSession) -> tuple[int, bytes]:
    """How many events there are, and the digest of the last one: noted elsewhere, they betray a rewritten ledger."""
    return await ledger.head(session)


async def digest_at(session: AsyncSession, number: int) -> bytes | None:
    """The digest of an event of the ledger, to be compared with one that was noted elsewhere; None if it is gone."""
    return await ledger.digest_at(session, number)
