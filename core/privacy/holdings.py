"""What a feature keeps about contacts: how its rows are found, counted, emptied, and looked through for leftovers.

Each feature with a table that leads to a contact has a module `holdings` with a `Holding`; `rights.stores` lists them
all, and a test compares that list with every table of the database (docs/decisions/0013-erasure.md).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    and_,
    delete,
    false,
    func,
    inspect,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from core.db import Base
from core.privacy.encryption import EncryptedJson

Column = InstrumentedAttribute[Any]
Plain = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A contact, and the ids under which rows are found.

    Attributes:
        contact_id: The contact.
        address_ids: Its addresses.
        conversation_ids: Its conversations.
        grievance_ids: Its grievances.
        attached_ids: Its files that grievances name.
        message_ids: A query of the numbers of its conversations' lines.
    """

    contact_id: str
    address_ids: tuple[str, ...]
    conversation_ids: tuple[str, ...]
    grievance_ids: tuple[str, ...]
    attached_ids: tuple[str, ...]
    message_ids: Select[int]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id under which an act may have been recorded."""
        return (self.contact_id, *self.address_ids, *self.conversation_ids, *self.grievance_ids)


class Held(BaseModel):
    """How much of a kind is held, and from when to when."""

    model_config = ConfigDict(frozen=True)

    kind: str
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Rows:
    """The rows of one table that belong to contacts.

    Attributes:
        model: The table.
        owned: Which of its rows are a subject's.
        personal: Columns that hold words, names or numbers of a person; nothing is in them after an erasure.
        at: When a row came about; None if the table does not say.
        kind: As what the contact is told of them; empty for what is not worth a line.
        counted: Which of the rows the contact is told of; None is all of them.
        hidden: Columns that an export leaves out, beside digests and indexes.
        removed: Whether an erasure takes the whole rows.
        stays: Whether the last bare rows may stay for good (the chain of acts would break without them).
    """

    model: type[Base]
    owned: Callable[[Subject], ColumnElement[bool]]
    personal: tuple[Column, ...] = ()
    at: Column | None = None
    kind: str = ""
    counted: ColumnElement[bool] | None = None
    hidden: frozenset[str] = frozenset()
    removed: bool = False
    stays: bool = False

    @property
    def table(self) -> str:
        """The table's name."""
        return str(self.model.__tablename__)

    def filled(self) -> ColumnElement[bool]:
        """Rows in which something personal is left; where whole rows go, every row is."""
        if self.removed:
            return true()
        return or_(*(column.is_not(None) for column in self.personal)) if self.personal else false()


class Holding:
    """What one feature holds."""

    rows: ClassVar[tuple[Rows, ...]] = ()

    async def count(self, session: AsyncSession, subject: Subject) -> list[Held]:
        """How much of each kind is held."""
        return [await _count(session, rows, subject) for rows in self.rows if rows.kind]

    async def export(self, session: AsyncSession, subject: Subject) -> Mapping[str, list[Plain]]:
        """Everything that the contact may have, by kind."""
        return {rows.kind: await _shown(session, rows, subject) for rows in self.rows if rows.kind}

    async def erase(self, session: AsyncSession, subject: Subject, *, now: datetime) -> None:
        """Take out everything personal; ids, digests and moments stay."""
        for rows in self.rows:
            await empty(session, rows, subject)

    async def left(self, session: AsyncSession, subject: Subject) -> dict[str, int]:
        """How many rows still hold something personal, by table; empty when none do."""
        found = {}
        for rows in self.rows:
            owned = select(func.count()).select_from(rows.model).where(rows.owned(subject), rows.filled())
            if number := await session.scalar(owned):
                found[rows.table] = int(number)
        return found

    async def purge(self, session: AsyncSession, subject: Subject) -> None:
        """Remove the bare rows as well, a year after the erasure."""
        for rows in self.rows:
            if not rows.stays:
                await session.execute(
                    delete(rows.model).where(rows.owned(subject)).execution_options(synchronize_session=False)
                )


async def empty(session: AsyncSession, rows: Rows, subject: Subject) -> None:
    """Empty the personal columns of a subject's rows, or remove the rows."""
    if rows.removed:
        await session.execute(
            delete(rows.model).where(rows.owned(subject)).execution_options(synchronize_session=False)
        )
    elif rows.personal:
        await session.execute(
            update(rows.model)
            .where(rows.owned(subject), rows.filled())
            .values({column.key: null() for column in rows.personal})
            .execution_options(synchronize_session=False)
        )


async def _count(session: AsyncSession, rows: Rows, subject: Subject) -> Held:
    moments = (func.min(rows.at), func.max(rows.at)) if rows.at is not None else (null(), null())
    told = true() if rows.counted is None else rows.counted
    present = and_(rows.owned(subject), told, rows.filled() if rows.personal else true())
    number, first, last = (await session.execute(select(func.count(), *moments).where(present))).one()
    return Held(kind=rows.kind, count=int(number), first=first, last=last)


async def _shown(session: AsyncSession, rows: Rows, subject: Subject) -> list[Plain]:
    mapped = inspect(rows.model)
    names = [one.key for one in mapped.column_attrs if one.key not in rows.hidden and _readable(one.columns[0])]
    columns = [getattr(rows.model, name) for name in names]
    order = [rows.at] if rows.at is not None else []
    found = await session.execute(select(*columns).where(rows.owned(subject)).order_by(*order, *mapped.primary_key))
    return [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in found]


def _readable(column: Any) -> bool:
    """Whether a column says anything to a person: digests and blind indexes do not."""
    return isinstance(column.type, EncryptedJson) or not isinstance(column.type, LargeBinary)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value


def any_of(column: Column, ids: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column holds one of the ids."""
    return column.in_(tuple(ids))
