"""Runs the migrations on the database that the settings name."""

import asyncio
import importlib
from typing import Any

from alembic import context
from sqlalchemy import Connection

from core.db import Base, Database, UtcDateTime
from core.privacy.encryption import EncryptedJson, Keyring, install
from core.settings import CoreSettings

_TABLES = (
    "core.audit.models",
    "core.conversations.models",
    "core.dues.models",
    "core.media.models",
    "core.outbox.models",
    "core.turns.models",
    "grievances.drafts.models",
    "grievances.models",
    "grievances.registries.models",
    "handoff.officers.models",
    "handoff.queue.models",
    "rights.models",
)
for module in _TABLES:
    importlib.import_module(module)


def _plain_type(type_: str, obj: Any, _context: Any) -> str | bool:
    """Write a column's storage type into a migration, so that old migrations need none of our classes."""
    if type_ == "type" and isinstance(obj, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if type_ == "type" and isinstance(obj, EncryptedJson):
        return "sa.LargeBinary()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _online(settings: CoreSettings) -> None:
    db = Database.from_settings(settings)
    async with db.engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await db.close()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    core_settings = CoreSettings()
    install(Keyring.from_settings(core_settings))
    asyncio.run(_online(core_settings))
