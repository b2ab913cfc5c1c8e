"""Reads rows as they are stored, for those who check them: nothing is decrypted, and no bad value stops the reading."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    LargeBinary,
    Row,
    Select,
    Text,
    and_,
    func,
    or_,
    true,
    type_coerce,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator

from core.privacy.encryption import EncryptedJson

BELOW_ALL = -(2**31)
"""Below every number of a chain, also of one that was put in before the first."""
_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_MOMENT = f"{_DAY} [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]"
_UNREADABLE = (SQLAlchemyError, TypeError, ValueError)


def as_stored(column: ColumnElement[Any]) -> Any:
    """The column, undecrypted if it is encrypted."""
    return type_coerce(column, LargeBinary).label(column.key) if isinstance(column.type, EncryptedJson) else column


def as_written(session: AsyncSession, columns: Iterable[ColumnElement[Any]]) -> ColumnElement[bool]:
    """Whether every moment, day and sequence of bytes of a row stands in the form in which we write it.

    SQLite keeps moments as text and sorts them as such, but reads one of another form as the same moment: without this
    a row could be moved in every list, and no comparison of what was read would tell. PostgreSQL knows one form only.

    Args:
        session: The caller's transaction.
        columns: Of one table; those of other kinds are passed over.
    """
    if session.get_bind().dialect.name != "sqlite":
        return true()
    return and_(true(), *(or_(column.is_(None), form) for column in columns if (form := _form(column)) is not None))


def _form(column: ColumnElement[Any]) -> ColumnElement[bool] | None:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, LargeBinary):
        return func.typeof(type_coerce(column, LargeBinary)) == "blob"
    if isinstance(kind, Date | DateTime):
        return type_coerce(column, Text).op("GLOB")(_MOMENT if isinstance(kind, DateTime) else _DAY)
    return None


async def readable(session: AsyncSession, query: Select[*tuple[Any, ...]], key: Any) -> tuple[list[Row[Any]], Any]:
    """Rows in the order of their keys up to the first that cannot be read, and that one's key, or None.

    Args:
        session: The caller's transaction.
        query: Which rows, without an order.
        key: Their key.
    """
    try:
        return list(await session.execute(query.order_by(key))), None
    except _UNREADABLE:
        rows: list[Row[Any]] = []
        for one in list(await session.scalars(query.with_only_columns(key).order_by(key))):
            try:
                rows.extend(await session.execute(query.where(key == one)))
            except _UNREADABLE:
                return rows, one
        return rows, None
