"""What an officer does to a grievance: each act is one transaction, then the delivery of what the contact is told."""

from collections.abc import Awaitable, Callable

from core.audit import service as audit
from core.clock import Clock
from core.db import Database
from core.errors import InvalidInput, NotFound, NotPermitted
from core.ids import is_id
from grievances import service
from grievances.letters.content import LetterKind
from grievances.schemas import Actor, GrievanceView
from grievances.status import Move
from handoff.desk.grievances import forms
from handoff.desk.grievances.filters import Filter
from handoff.desk.grievances.forms import Typed
from handoff.officers.schemas import OfficerView, Role

EXPORTING = frozenset({Role.SUPERVISOR, Role.HUB, Role.ADMIN, Role.AUDITOR})
"""Who may take a list away."""


class GrievanceActs:
    """Carries out what officers do to grievances, and records what they look at.

    Args:
        db: The application's database.
        clock: Tells the time.
        wake: Starts the delivery of what is queued in a conversation.
    """

    def __init__(self, db: Database, clock: Clock, wake: Callable[[str], Awaitable[None]]) -> None:
        self._db, self._clock, self._wake = db, clock, wake

    async def act(self, officer: OfficerView, grievance_id: str, move: Move, form: Typed) -> GrievanceView:
        """Make a move; the same form sent twice makes it once.

        Raises:
            NotPermitted: The officer's role does not act.
            NotFound: There is no such grievance in the officer's rooms.
            InvalidInput: Something in the form cannot be used; names the field.
            Conflict: The move is not legal now, or somebody changed the grievance first.
        """
        if not officer.may_answer:
            raise NotPermitted("this role does not act on grievances")
        if not is_id(form.key):
            raise InvalidInput("key", "an identifier of 26 characters")
        given = forms.details(move, form)
        async with self._db.transaction() as session:
            if move is Move.LINK:
                other = await service.by_reference(session, form.other, rooms=officer.rooms) if form.other else None
                if other is None:
                    raise InvalidInput("other", "the reference of another grievance")
                given["other"] = other.id
            view = await service.act(
                session,
                grievance_id,
                move,
                actor=Actor.officer(officer.id),
                now=self._clock.now(),
                rooms=officer.rooms,
                text=forms.clean(form.text),
                **given,
            )
        if view.conversation_id is not None:
            await self._wake(view.conversation_id)
        return view

    async def note_opened(self, officer: OfficerView, grievance_id: str) -> None:
        """Keep in the audit chain that an officer opened a grievance."""
        await self._record(officer, "grievance.open", grievance_id)

    async def letter(self, officer: OfficerView, grievance_id: str, kind: LetterKind, language: str) -> GrievanceView:
        """The grievance that a letter is about; that it was taken is kept in the audit chain.

        Raises:
            NotFound: There is no such grievance in the officer's rooms.
        """
        async with self._db.reading() as session:
            view = await service.get(session, grievance_id, rooms=officer.rooms)
        await self._record(officer, "grievance.letter", grievance_id, {"letter": kind.value, "language": language})
        return view

    async def file(self, officer: OfficerView, grievance_id: str, media_id: str) -> None:
        """Check that a file is attached to a grievance that the officer may see, and record that it is opened.

        Raises:
            NotFound: It is not.
        """
        async with self._db.reading() as session:
            await service.get(session, grievance_id, rooms=officer.rooms)
            attached = await service.attachments(session, grievance_id)
        if media_id not in {file.media_id for file in attached}:
            raise NotFound("file")
        await self._record(officer, "file.open", grievance_id, {"file": media_id})

    async def export(self, officer: OfficerView, chosen: Filter, form: str, *, personal: bool) -> None:
        """Record that a list is taken away.

        Raises:
            NotPermitted: The officer's role takes no list away.
        """
        if officer.role not in EXPORTING:
            raise NotPermitted("this role does not export")
        detail = {**chosen.told(), "form": form, "personal": "yes" if personal else "no"}
        await self._record(officer, "grievance.export", officer.room or "all", detail)

    async def _record(self, officer: OfficerView, act: str, subject: str, detail: dict[str, str] | None = None) -> None:
        async with self._db.transaction() as session:
            await audit.record(
                session, actor=officer.id, act=act, subject=subject, now=self._clock.now(), detail=detail
            )
