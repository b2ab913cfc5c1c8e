"""SQLite without a hop to another thread for every call of a short transaction.

aiosqlite runs each call (make a cursor, execute, fetch, close) on a thread of the connection's own. A call inside a
writing transaction takes tens of microseconds, the two hops around it several times as long, and a message makes a few
hundred of them. Nothing can block there: the write lock is taken by BEGIN IMMEDIATE and the disk is waited for by
COMMIT, so only these two, and everything in a reading session that is not declared short, still go to the thread.
docs/decisions/0005-async-sqlalchemy.md has the figures.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite
from sqlalchemy.engine import make_url

WRITE = "BEGIN IMMEDIATE"
READ = "BEGIN"
READ_SHORT = "BEGIN DEFERRED"
"""The same to SQLite as `READ`; here it says that every statement to come finds its few rows by an index."""


class DirectConnection(aiosqlite.Connection):
    """A connection that makes the calls of a short transaction where it is asked."""

    _short = False

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        name = getattr(fn, "__name__", "")
        if self._connection is not None and name == "rollback" and not self._connection.in_transaction:
            return fn()  # the pool does so with every connection that comes back
        if name in {"commit", "rollback"}:
            self._short = False
        elif name == "execute" and args[0] == WRITE:
            result = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
            self._short = True
            return result
        elif name == "execute" and args[0] == READ_SHORT:
            self._short = True
        if self._connection is not None and (self._short or name == "cursor"):
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def connector(url: str) -> Callable[[], DirectConnection]:
    """What opens connections to the file that a URL names.

    Args:
        url: SQLAlchemy URL of a SQLite file.
    """
    path = make_url(url).database or ""

    def open_file() -> sqlite3.Connection:
        # Calls come from the event loop and from the connection's thread, one at a time.
        return sqlite3.connect(path, check_same_thread=False)

    def connect() -> DirectConnection:
        connection = DirectConnection(open_file, 64)
        connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does with its own
        return connection

    return connect
