"""The application's database: engine, transactions, and the base of every table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, MetaData, event
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from core.settings import CoreSettings
from core.sqlite import READ, READ_SHORT, WRITE, connector

_NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so it is dropped there."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back to an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=_NAMING)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is erased is overwritten, not only forgotten
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sahayak_begin", WRITE))


class Database:
    """Opens transactions on the application's database.

    Args:
        url: SQLAlchemy URL with an async driver: ``sqlite+aiosqlite`` or ``postgresql+psycopg``.
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = create_async_engine(url, async_creator=connector(url))
            _prepare_sqlite(self.engine)
        else:
            self.engine = create_async_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
        self._writing = async_sessionmaker(self.engine, expire_on_commit=False)
        self._reading, self._peeking = (
            async_sessionmaker(self.engine.execution_options(sahayak_begin=begin), expire_on_commit=False)
            for begin in (READ, READ_SHORT)
        )

    @classmethod
    def from_settings(cls, settings: CoreSettings) -> "Database":
        """The database that the settings name; the data folder is made if it is missing."""
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(settings.database_url)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a writing transaction: committed at the end, rolled back on an exception."""
        async with self._writing() as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only: it takes no write lock on SQLite."""
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def peeking(self) -> AsyncIterator[AsyncSession]:
        """A session for reading a few rows by an index: on SQLite it holds everything else up for that moment."""
        async with self._peeking() as session:
            yield session

    async def scrub(self) -> bool:
        """Empty SQLite's write-ahead log, where old copies of erased rows lie until they are overwritten.

        Returns:
            Whether it is empty; False when somebody reads or writes just now. PostgreSQL needs no such call.
        """
        if not self.is_sqlite:
            return True
        async with self.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            if raw is None:
                return False
            await raw.execute("PRAGMA busy_timeout=200")  # writers wait while this one waits for readers
            try:
                cursor = await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy, _, _ = await cursor.fetchone()
            finally:
                await raw.execute("PRAGMA busy_timeout=10000")
        return not busy

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
