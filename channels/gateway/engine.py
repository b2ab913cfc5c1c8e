"""The durable engine: lanes of turns that survive the death of any process (DBOS).

The engine holds ids only. It promises one turn at a time in a lane and that a started turn is finished by some living
process; what a turn does is made repeatable by our own rows. Names of workflows and steps, and the application
version, are stored with running turns: they are never changed (docs/decisions/0002-durable-turns.md).
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, SetEnqueueOptions, SetWorkflowID, WorkflowSerializationFormat
from sqlalchemy import event
from sqlalchemy.engine import Engine

from channels.gateway.settings import GatewaySettings
from core import log
from core.errors import Conflict

_LOG = log.get(__name__)
QUEUE = "turns"
_VERSION = "1"
_ENQUEUE_TIMEOUT = 3.0
_BATCH = 200
_UNFINISHED = frozenset({"PENDING", "ENQUEUED", "DELAYED"})


def _durable(url: str) -> str:
    """The engine's spelling of a database's URL."""
    return url.replace("postgresql+psycopg", "postgresql")


class TurnSteps:
    """What the workflow calls; filled in when the engine is launched.

    Args:
        gather: Waits for more text.
        answer: Claims, asks and posts.
        deliver: Sends what is due.
        give_up: Makes the turn a dead letter.
    """

    def __init__(
        self,
        gather: Callable[[str], Awaitable[None]],
        answer: Callable[[str, str], Awaitable[None]],
        deliver: Callable[[str], Awaitable[None]],
        give_up: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self.gather, self.answer, self.deliver, self.give_up = gather, answer, deliver, give_up


_steps: list[TurnSteps] = []


@event.listens_for(Engine, "connect")
def _write_ahead(connection: Any, _record: Any) -> None:
    """Give the engine's own SQLite file a write-ahead log, which it does not ask for itself.

    A power cut may lose the newest entries; the sweep finds their turns by our own rows.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("PRAGMA secure_delete=ON")


@DBOS.step(name="answer", retries_allowed=True, max_attempts=5, interval_seconds=0.3)
async def _answer(conversation_id: str, turn_id: str) -> None:
    await _steps[0].gather(conversation_id)
    await _steps[0].answer(conversation_id, turn_id)


@DBOS.step(name="give_up", retries_allowed=True, max_attempts=5, interval_seconds=0.5)
async def _give_up(turn_id: str, error: str) -> None:
    await _steps[0].give_up(turn_id, error)


@DBOS.step(name="deliver", retries_allowed=True, max_attempts=5, interval_seconds=0.3)
async def _deliver(conversation_id: str) -> None:
    await _steps[0].deliver(conversation_id)


@DBOS.workflow(name="turn", serialization_type=WorkflowSerializationFormat.PORTABLE)
async def _turn(conversation_id: str, turn_id: str) -> None:
    with structlog.contextvars.bound_contextvars(turn_id=turn_id, conversation_id=conversation_id):
        try:
            await _answer(conversation_id, turn_id)
        except Exception as error:
            await _give_up(turn_id, type(error).__name__)
        await _deliver(conversation_id)


@DBOS.workflow(name="deliver_lane", serialization_type=WorkflowSerializationFormat.PORTABLE)
async def _deliver_lane(conversation_id: str) -> None:
    await _deliver(conversation_id)


class TurnEngine:
    """Starts and takes over turns.

    Args:
        durable_url: SQLAlchemy URL of the engine's own database.
        settings: The gateway's settings.
    """

    def __init__(self, durable_url: str, settings: GatewaySettings) -> None:
        self._settings = settings
        self._config: DBOSConfig = {
            "name": "sahayak",
            "system_database_url": _durable(durable_url),
            "executor_id": settings.executor_id,
            "application_version": _VERSION,
            "log_level": "WARNING",
            "max_executor_threads": 16,
            "enable_otlp": False,
        }

    async def launch(self, steps: TurnSteps) -> None:
        """Open the database, take up what this process left unfinished, and start working the lanes."""
        _steps[:] = [steps]
        DBOS(config=self._config)
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=self._settings.workers,
            partition_concurrency=1,
            polling_interval_sec=self._settings.polling,
            on_conflict="always_update",
        )

    async def start_turn(self, conversation_id: str, turn_id: str) -> None:
        """Start a turn in its conversation's lane; a failure is logged and left to the sweep."""
        await self._enqueue(f"turn-{turn_id}", _turn, conversation_id, turn_id, conversation_id)

    async def restart_turn(self, conversation_id: str, turn_id: str, tag: str) -> None:
        """Run a turn again under its own id, although the engine may have ended or lost its workflow.

        Args:
            conversation_id: Which conversation.
            turn_id: Which turn.
            tag: Two restarts with the same tag are one.
        """
        await self._enqueue(f"turn-{conversation_id}-{tag}", _turn, conversation_id, turn_id, conversation_id)

    async def wake(self, conversation_id: str, tag: str) -> None:
        """Have what is queued in a conversation delivered.

        Args:
            conversation_id: Which conversation.
            tag: Two wakes with the same tag are one.
        """
        await self._enqueue(f"wake-{conversation_id}-{tag}", _deliver_lane, conversation_id, conversation_id)

    async def _enqueue(self, workflow_id: str, workflow: Any, *arguments: str) -> None:
        *args, lane = arguments
        try:
            with SetWorkflowID(workflow_id), SetEnqueueOptions(queue_partition_key=lane):
                pending = DBOS.enqueue_workflow_async(QUEUE, workflow, *args)
                await asyncio.wait_for(pending, _ENQUEUE_TIMEOUT)
        except Exception as error:
            _LOG.warning("engine.enqueue_failed", error=type(error).__name__, conversation_id=lane)

    async def take_over(self, executor_ids: list[str]) -> None:
        """Run the unfinished turns of processes that gave no sign of life."""
        await asyncio.to_thread(DBOS._recover_pending_workflows, executor_ids)  # noqa: SLF001 - no public way; pinned

    async def purge(self, older_than: timedelta = timedelta(hours=1)) -> int:
        """Forget finished workflows; idempotence rests on our own rows.

        Returns:
            How many were forgotten.
        """
        end = (datetime.now(UTC) - older_than).isoformat()
        total = 0
        for status in ("SUCCESS", "ERROR"):
            done = await DBOS.list_workflows_async(status=status, end_time=end, limit=5000)
            if done:
                await DBOS.delete_workflows_async([workflow.workflow_id for workflow in done])
                total += len(done)
        return total

    async def forget(self, conversation_ids: Sequence[str], turn_ids: Sequence[str]) -> None:
        """Forget the workflows of conversations and turns, which hold ids only.

        Raises:
            Conflict: One of them is not done yet.
        """
        found: list[Any] = []
        for start in range(0, len(turn_ids), _BATCH):
            ids = [f"turn-{turn_id}" for turn_id in turn_ids[start : start + _BATCH]]
            found += await DBOS.list_workflows_async(workflow_ids=ids, load_input=False, load_output=False)
        for start in range(0, len(conversation_ids), _BATCH):
            some = conversation_ids[start : start + _BATCH]
            prefixes = [f"{what}-{one}-" for one in some for what in ("turn", "wake")]
            found += await DBOS.list_workflows_async(workflow_id_prefix=prefixes, load_input=False, load_output=False)
        if any(one.status in _UNFINISHED for one in found):
            raise Conflict("a turn is not done")
        for start in range(0, len(found), _BATCH):
            await DBOS.delete_workflows_async([one.workflow_id for one in found[start : start + _BATCH]])

    async def close(self) -> None:
        """Let running turns end, then stop."""
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=10)


class TurnStarter:
    """Starts turns from a process that runs none.

    Args:
        durable_url: SQLAlchemy URL of the engine's own database; a gateway has made its tables.
    """

    def __init__(self, durable_url: str) -> None:
        self._client = DBOSClient(system_database_url=_durable(durable_url), lazy=True, retry_connection_errors=False)

    async def start_turn(self, conversation_id: str, turn_id: str) -> None:
        """Start a turn in its conversation's lane; a failure is logged and left to the sweep."""
        try:
            pending: Awaitable[object] = self._client.enqueue_async(
                {
                    "queue_name": QUEUE,
                    "workflow_name": "turn",
                    "workflow_id": f"turn-{turn_id}",
                    "app_version": _VERSION,
                    "queue_partition_key": conversation_id,
                    "serialization_type": WorkflowSerializationFormat.PORTABLE,
                },
                conversation_id,
                turn_id,
            )
            await asyncio.wait_for(pending, _ENQUEUE_TIMEOUT)
        except Exception as error:
            _LOG.warning("engine.enqueue_failed", error=type(error).__name__, conversation_id=conversation_id)

    async def close(self) -> None:
        """Close connections."""
        await asyncio.to_thread(self._client.destroy)
