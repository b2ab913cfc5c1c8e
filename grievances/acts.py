"""Making moves: the row with its next version, the events, what comes due, and what the contact is told."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.dues import service as dues
from core.dues.service import NewDue
from core.errors import Conflict, NotPermitted
from grievances import attachments, deadlines, duplicates, ledger, messages, repository, status
from grievances.ledger import Changes, Draft
from grievances.models import Grievance, GrievanceEvent, GrievanceTerm, GrievanceVector
from grievances.moves import APPLY, Scene, due_at, escalates_again, may_be_appealed
from grievances.schemas import (
    PRIVATE_KINDS,
    SYSTEM,
    Actor,
    GrievanceView,
    Kind,
    MoveDetails,
    Status,
)
from grievances.status import KIND_OF, Move
from handoff.control_rooms.calendar import calendars

_SILENT_KINDS = PRIVATE_KINDS | {Kind.ABSORBED, Kind.ERASED}
"""Events of which the contact is never told."""
_POOR = 1
_ANSWERING = frozenset({Move.ATTEND, Move.REPLY, Move.INTERIM})
_ON_THE_OTHER = {Move.MERGE: Move.ABSORB, Move.LINK: Move.LINK}
"""What a move that concerns two grievances does to the second."""
_ONLY_BY_OTHERS = frozenset({Move.ABSORB, Move.ERASE})


@dataclass
class Story:
    """What happens in one act: events in order, each with the view that it left behind."""

    session: AsyncSession
    now: datetime
    drafts: list[Draft] = field(default_factory=list)
    views: list[GrievanceView] = field(default_factory=list)

    def tell(self, draft: Draft, view: GrievanceView) -> None:
        """Add an event."""
        self.drafts.append(draft)
        self.views.append(view)

    async def end(self, *, code: str | None = None) -> None:
        """Announce the events, put them into the chain, and officers' acts into the audit."""
        await self.session.flush()
        # Announcing locks a conversation, the chain locks out every other writer: the chain comes last.
        for draft, view in zip(self.drafts, self.views, strict=True):
            if draft.kind not in _SILENT_KINDS:
                await messages.announce(self.session, view, draft.view(), now=self.now, code=code)
        await ledger.append(self.session, self.drafts)
        for draft in self.drafts:
            if draft.actor.officer_id is not None:
                await audit.record(
                    self.session,
                    actor=draft.actor.officer_id,
                    act=f"grievance.{draft.kind.value}",
                    subject=draft.grievance_id,
                    now=self.now,
                    detail={"seq": draft.seq},
                )
        await self.session.flush()


async def act(
    session: AsyncSession,
    grievance_id: str,
    move: Move,
    *,
    actor: Actor,
    now: datetime,
    rooms: frozenset[str] | None,
    text: str,
    details: MoveDetails,
) -> GrievanceView:
    """Make a move; see `service.act`."""
    if move in _ONLY_BY_OTHERS:
        raise NotPermitted(f"{move} follows from another call")
    status.check_maker(move, actor.kind)
    another = {Move.MERGE: details.get("into"), Move.LINK: details.get("other")}.get(move)
    found = await repository.lock(session, [grievance_id, another] if another else [grievance_id], rooms)
    row, other = found[0], found[1] if len(found) > 1 else None
    turn_id = details.get("turn_id")
    if turn_id is not None and await repository.was_made(session, row.id, KIND_OF[move], turn_id):
        return repository.view(row)
    version = details.get("version")
    if version is not None and version != row.version:
        raise Conflict(f"a grievance that is {row.status} was changed before this {move}")
    if other is not None:
        status.after(Status(other.status), _ON_THE_OTHER[move])
    story = Story(session, now)
    scene = Scene(session, row, actor, now, text.strip(), details, other)
    await step(story, move, scene)
    await follow(story, move, scene)
    await _come_due(session, row, {draft.kind for draft in story.drafts if draft.grievance_id == row.id}, now)
    await story.end()
    return repository.view(row)


async def step(story: Story, move: Move, scene: Scene) -> None:
    """Make one move and tell it."""
    row = scene.row
    before, from_status = ledger.snapshot(row), Status(row.status)
    to_status = status.after(from_status, move)
    told = await APPLY[move](scene)
    row.status = to_status
    if move in _ANSWERING and row.attended_at is None:
        row.attended_at = scene.now
    row.due_at = due_at(row)
    row.version += 1
    draft = Draft(
        grievance_id=row.id,
        seq=row.version,
        at=scene.now,
        actor=scene.actor,
        kind=KIND_OF[move],
        from_status=from_status,
        to_status=to_status,
        changes=ledger.changed(before, ledger.snapshot(row)) | await _beside(story.session, move, row),
        details=told,
        turn_id=scene.given.get("turn_id"),
    )
    story.tell(draft, repository.view(row))


async def _beside(session: AsyncSession, move: Move, row: Grievance) -> Changes:
    """What a move changed in tables beside the row, as digests."""
    if move is Move.ATTACH:
        return {"attached": ledger.digest_of_rows(await attachments.of(session, row.id))}
    if move is Move.LINK:
        return {"linked": ledger.digest_of_rows(await duplicates.links(session, row.id))}
    if move is Move.ERASE:
        return {"content_seal": None}
    return {}


async def follow(story: Story, move: Move, scene: Scene) -> None:
    """What follows by itself from a move."""
    row, other, now = scene.row, scene.other, scene.now
    if move is Move.REOPEN and escalates_again(row):
        by_system = Scene(scene.session, row, SYSTEM, now, details={"because": "reopened_again"})
        await step(story, Move.ESCALATE, by_system)
    elif move is Move.FEEDBACK and row.feedback == _POOR and may_be_appealed(row, now):
        by_system = Scene(scene.session, row, SYSTEM, now, details={"because": "poor_feedback"})
        await step(story, Move.APPEAL, by_system)
    elif move in _ON_THE_OTHER and other is not None:
        # Both histories show it.
        other_side = Scene(scene.session, other, scene.actor, now, scene.text, scene.details, row)
        await step(story, _ON_THE_OTHER[move], other_side)


async def _come_due(session: AsyncSession, row: Grievance, kinds: set[Kind], now: datetime) -> None:
    """Take back what need not happen any more, and have done what must."""
    if kinds & {Kind.REOPENED, Kind.APPEALED}:
        await dues.cancel(session, row.id, deadlines.PREFIX)
        clock = deadlines.clock_for(calendars().of_room(row.owed_room), row.clock_started_at)
        await dues.schedule_many(session, [NewDue(what, row.id, at) for what, at in clock.dues()])
    elif kinds & {Kind.CLOSED, Kind.WITHDRAWN, Kind.MERGED}:
        await dues.cancel(session, row.id, deadlines.PREFIX)
        if Kind.CLOSED in kinds:
            await dues.schedule(session, deadlines.ASK_FEEDBACK, row.id, deadlines.feedback_due(now))
    elif kinds & {Kind.ATTENDED, Kind.REPLIED, Kind.INTERIM}:
        await dues.cancel(session, row.id, deadlines.ATTEND)
        await dues.cancel(session, row.id, deadlines.REMIND_ATTEND)
    elif Kind.FEEDBACK in kinds:
        await dues.cancel(session, row.id, deadlines.ASK_FEEDBACK)


async def erase(session: AsyncSession, grievance_id: str, *, actor: Actor, now: datetime) -> None:
    """Remove every word; see `service.erase`."""
    status.check_maker(Move.ERASE, actor.kind)
    (row,) = await repository.lock(session, [grievance_id], None)
    story = Story(session, now)
    await step(story, Move.ERASE, Scene(session, row, actor, now))
    await session.execute(
        update(GrievanceEvent)
        .where(GrievanceEvent.grievance_id == row.id)
        .values(details=None)
        .execution_options(synchronize_session=False)
    )
    for table in (GrievanceTerm, GrievanceVector):
        await session.execute(
            delete(table).where(table.grievance_id == row.id).execution_options(synchronize_session=False)
        )
    await story.end()
