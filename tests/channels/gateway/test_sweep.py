"""The sweep: what was left lying is found."""

from datetime import timedelta

from channels.gateway.sweep import Sweep
from core.turns import heartbeats
from core.turns.service import first_turn_id
from tests.channels.gateway.conftest import World


class _Engine:
    def __init__(self) -> None:
        self.woken: list[str] = []
        self.restarted: list[tuple[str, str]] = []
        self.taken: list[str] = []

    async def wake(self, conversation_id: str, _tag: str) -> None:
        self.woken.append(conversation_id)

    async def restart_turn(self, conversation_id: str, turn_id: str, _tag: str) -> None:
        self.restarted.append((conversation_id, turn_id))

    async def take_over(self, executor_ids: list[str]) -> None:
        self.taken += executor_ids

    async def purge(self) -> int:
        return 0


def _sweep(world: World) -> tuple[Sweep, _Engine]:
    engine = _Engine()
    made = Sweep(
        world.db,
        world.clock,
        engine,  # type: ignore[arg-type]
        world.delivery,
        world.intake,
        {"whatsapp": world.sender},
        world.keeper,
        world.settings,
    )
    return made, engine


async def test_a_message_that_was_never_enqueued_gets_a_turn(world: World) -> None:
    sweep, engine = _sweep(world)
    accepted = await world.accept()
    await sweep.unanswered()
    assert engine.restarted == []
    world.pass_time(seconds=world.settings.unanswered_after + 1)
    await sweep.unanswered()
    assert engine.restarted[0][0] == accepted.conversation_id


async def test_a_turn_that_was_claimed_and_lost_is_run_under_its_own_id(world: World) -> None:
    sweep, engine = _sweep(world)
    accepted = await world.accept()
    world.rasa.meanwhile = _die
    turn_id = first_turn_id(accepted.message_id)
    try:
        await world.runner.answer(accepted.conversation_id, turn_id)
    except RuntimeError:
        world.pass_time(seconds=world.settings.unanswered_after + 1)
    await sweep.unanswered()
    assert engine.restarted == [(accepted.conversation_id, turn_id)]


async def _die() -> None:
    raise RuntimeError("power cut")


async def test_a_lane_with_a_row_that_is_due_is_woken(world: World) -> None:
    sweep, engine = _sweep(world)
    lane = (await world.accept()).conversation_id
    await sweep.lanes()
    assert engine.woken == []
    await world.post(lane, "from the desk")
    await sweep.lanes()
    assert engine.woken == [lane]


async def test_a_silent_process_is_taken_over_once(world: World) -> None:
    sweep, engine = _sweep(world)
    async with world.db.transaction() as session:
        await heartbeats.beat(session, "gateway-2", world.clock.now())
    await sweep.heartbeat()
    assert engine.taken == []
    world.pass_time(seconds=world.settings.takeover_after + 1)
    await sweep.heartbeat()
    await sweep.heartbeat()
    assert engine.taken == ["gateway-2"]


async def test_what_only_the_provider_has_is_taken_in_once(world: World) -> None:
    sweep, _ = _sweep(world)
    known, missing = world.event("known"), world.event("missing", number=2)
    await world.intake.accept(known)
    world.sender.inbound = [known, missing]
    await sweep.reconcile()
    await sweep.reconcile()
    assert len(world.started) == 2


async def test_what_was_written_without_consent_is_forgotten_after_a_day(world: World) -> None:
    sweep, _ = _sweep(world)
    await world.turn("my secret")
    await sweep.purge()
    lane = world.started[0][0]
    assert await _texts(world, lane) == ["my secret"]
    world.clock.at += timedelta(hours=25)
    await sweep.purge()
    assert await _texts(world, lane) == [None]


async def _texts(world: World, lane: str) -> list[str | None]:
    from core.conversations import service as conversations

    async with world.db.reading() as session:
        lines = await conversations.transcript(session, lane)
    return [(line.content or {}).get("text") for line in lines if line.author == "contact"]
