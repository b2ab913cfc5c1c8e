"""Replaces the key that encrypts personal data, while everything runs.

A new key is put before the old one in the file of secrets, which the processes follow. Then every encrypted column and
every kept file is encrypted anew, in small transactions, until twice in a row nothing is found under an old key; every
value is read once more; then the old key goes. Where it stands can be told from the file of secrets and from the values
themselves: whatever moment it is interrupted at, the next call goes on from there.

The key of the blind indexes stays (docs/decisions/0013-erasure.md).
"""

import argparse
import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    LargeBinary,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.media import service as media
from core.media.service import MediaStore
from core.privacy.encryption import EncryptedJson, Keyring, Undecipherable, install, keyring, parse_keys
from core.settings import CoreSettings
from tools import credentials
from tools.find_contact import tables
from tools.installation import Installation, local
from tools.steps import StepFailed, shown

KEYS, RETIRING, FILE = "SAHAYAK_ENCRYPTION_KEYS", "SAHAYAK_RETIRED_KEYS", "SAHAYAK_KEYS_FILE"
SETTLE = 3.0
"""Seconds after a change of the file in which every process has seen it, with room to spare."""
BATCH = 200
_PASSES = 20


@dataclass(frozen=True)
class Sealed:
    """An encrypted column of a table."""

    table: Table
    column: Column[Any]

    @property
    def name(self) -> str:
        """As ``table.column``."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def label(self) -> str:
        """The associated data of its values."""
        return str(self.column.type.label)  # type: ignore[attr-defined]

    @property
    def stored(self) -> Any:
        """The column, undecrypted."""
        return type_coerce(self.column, LargeBinary)

    def not_under(self, key_id: int) -> Any:
        """Values under another key: the first byte is the key's id."""
        return and_(self.column.is_not(None), func.substr(self.stored, 1, 1) != literal(bytes([key_id]), LargeBinary))


def sealed_columns() -> list[Sealed]:
    """Every encrypted column there is, found from the tables themselves."""
    return [
        Sealed(table, column)
        for table in tables()
        for column in table.columns
        if isinstance(column.type, EncryptedJson)
    ]


@dataclass
class Rotation:
    """One change of the key.

    Args:
        db: The application's database.
        files: Where the files of contacts are.
        secrets_file: Where the keys are.
        index_key: Key of the blind indexes; it stays.
        settle: Seconds in which every process sees a change of the file.
        say: Tells how far it is.
    """

    db: Database
    files: MediaStore
    secrets_file: Path
    index_key: bytes
    settle: float = SETTLE
    say: Callable[[str], None] = print
    unreadable: list[str] = field(default_factory=list)

    async def run(self) -> int:
        """Change the key, or go on where an earlier call was interrupted.

        Returns:
            How many values were encrypted anew.

        Raises:
            StepFailed: Something cannot be read, or somebody still encrypts under the old key; nothing was retired.
        """
        self._begin()
        self._install()
        await asyncio.sleep(self.settle)
        total = await self._until_nothing_is_left()
        await self._read_everything()
        await self._retire()
        return total

    # --- the file -------------------------------------------------------------------------------------------

    def _values(self) -> dict[str, str]:
        return credentials.read(self.secrets_file)

    def _begin(self) -> None:
        """Put a new key first, unless there is more than one already: then an earlier call began."""
        values = self._values()
        present = parse_keys(values[KEYS])
        if len(present) > 1 or RETIRING in values:
            self.say(f"Going on with key {next(iter(present))}.")
            return
        number = next(one for one in [*range(max(present) + 1, 256), *range(1, 256)] if one not in present)
        self._save({**values, KEYS: f"{number}:{secrets.token_hex(32)},{values[KEYS]}"})
        self.say(f"Key {number} encrypts from now on.")

    def _install(self) -> None:
        """Use every key that the file has, retired ones too."""
        values = self._values()
        every = ",".join(values[name] for name in (KEYS, RETIRING) if values.get(name))
        install(Keyring(parse_keys(every), self.index_key))

    @property
    def _target(self) -> int:
        return next(iter(parse_keys(self._values()[KEYS])))

    def _save(self, values: Mapping[str, str]) -> None:
        credentials.save(self.secrets_file, values)

    async def _retire(self) -> None:
        """Take the old keys away from the processes, look once more, and only then forget them."""
        values = self._values()
        present = values[KEYS].split(",")
        if len(present) > 1:
            self._save({**values, KEYS: present[0], RETIRING: ",".join(present[1:])})
            await asyncio.sleep(self.settle)
        if await self._pass():
            values = self._values()
            self._save({**_without(values, RETIRING), KEYS: f"{values[KEYS]},{values[RETIRING]}"})
            raise StepFailed(
                "A process still encrypts under the old key: it does not follow the file of secrets "
                "(SAHAYAK_KEYS_FILE). Start it again, then call this again; the old key is still there."
            )
        self._save(_without(self._values(), RETIRING))
        self.say(f"Only key {self._target} is left.")

    # --- the values -----------------------------------------------------------------------------------------

    async def _until_nothing_is_left(self) -> int:
        total = clean = 0
        for _ in range(_PASSES):
            changed = await self._pass()
            total += changed
            clean = 0 if changed else clean + 1
            if clean == 2:
                return total
            await asyncio.sleep(self.settle)
        raise StepFailed("New values keep coming under the old key: a process does not follow the file of secrets.")

    async def _pass(self) -> int:
        """Encrypt anew whatever is under another key; return how many values that were."""
        self.unreadable.clear()
        target = self._target
        total = 0
        for sealed in sealed_columns():
            if changed := await self._column(sealed, target):
                self.say(f"{sealed.name}: {changed:,} values")
            total += changed
        if changed := await self._all_files():
            self.say(f"media: {changed:,} files")
        self._refuse_unreadable()
        return total + changed

    async def _column(self, sealed: Sealed, target: int) -> int:
        """One column, in the order of its primary key, a small transaction at a time."""
        changed = 0
        after: tuple[Any, ...] | None = None
        while True:
            async with self.db.transaction() as session:
                rows = list(await session.execute(_page(sealed, target, after)))
                changed += await self._rewrite(session, sealed, rows)
            if len(rows) < BATCH:
                return changed
            after = tuple(rows[-1])[:-1]

    async def _rewrite(self, session: AsyncSession, sealed: Sealed, rows: list[Row[Any]]) -> int:
        keys = list(sealed.table.primary_key.columns)
        changes = []
        for row in rows:
            old = bytes(row[-1])
            try:
                new = keyring().encrypt(keyring().decrypt(old, sealed.label), sealed.label)
            except Undecipherable:
                self.unreadable.append(f"{sealed.name} of {', '.join(map(str, row[:-1]))}")
                continue
            changes.append({"new": new, "old": old, **_named(row[:-1])})
        if not changes:
            return 0
        # Only if nobody has changed the value since: PostgreSQL lets others write meanwhile.
        where = [key == bindparam(f"key_{n}", type_=key.type) for n, key in enumerate(keys)]
        statement = (
            update(sealed.table)
            .where(*where, sealed.stored == bindparam("old", type_=LargeBinary))
            .values({sealed.column: bindparam("new", type_=LargeBinary)})
        )
        await (await session.connection()).execute(statement, changes)
        return len(changes)

    async def _all_files(self) -> int:
        changed, after = 0, ""
        while True:
            async with self.db.reading() as session:
                ids = await media.kept_after(session, after, BATCH)
            for media_id in ids:
                try:
                    async with self.db.transaction() as session:
                        changed += await media.rewrite(session, self.files, media_id)
                except Undecipherable:
                    self.unreadable.append(f"media file {media_id}")
            if len(ids) < BATCH:
                return changed
            after = ids[-1]

    async def _read_everything(self) -> None:
        """Read every value once more, under the keys that are left."""
        self.unreadable.clear()
        count = 0
        for sealed in sealed_columns():
            async with self.db.reading() as session:
                query = select(*sealed.table.primary_key.columns, sealed.stored).where(sealed.column.is_not(None))
                async for row in await session.stream(query):
                    count += 1
                    try:
                        keyring().decrypt(bytes(row[-1]), sealed.label)
                    except Undecipherable:
                        self.unreadable.append(f"{sealed.name} of {', '.join(map(str, row[:-1]))}")
        self._refuse_unreadable()
        self.say(f"{count:,} values read under key {self._target}.")

    def _refuse_unreadable(self) -> None:
        if self.unreadable:
            some = "; ".join(self.unreadable[:5])
            raise StepFailed(
                f"{len(self.unreadable)} values cannot be decrypted by any key: {some}. "
                "They were altered, or their key was lost before. The old key stays until they are put right."
            )


def _named(key: Sequence[Any]) -> dict[str, Any]:
    return {f"key_{number}": value for number, value in enumerate(key)}


def _page(sealed: Sealed, target: int, after: tuple[Any, ...] | None) -> Select[Any]:
    keys = list(sealed.table.primary_key.columns)
    query = select(*keys, sealed.stored).where(sealed.not_under(target)).order_by(*keys).limit(BATCH)
    if after is None:
        return query
    if len(keys) == 1:
        return query.where(keys[0] > after[0])
    # SQLite and PostgreSQL both compare row values.
    return query.where(tuple_(*keys) > tuple_(*after))


def _without(values: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if key != name}


def keys_file(installation: Installation) -> Path:
    """The file whose keys the processes follow.

    Raises:
        StepFailed: They follow none, or it has no keys.
    """
    given = installation.overrides
    file = Path(given.get(FILE) or installation.data_dir / "secrets.env")
    if KEYS in given and not given.get(FILE):
        raise StepFailed(
            f"The keys come from the environment ({KEYS}), not from a file. Put them into a file of lines NAME=value, "
            f"name it in {FILE}, start the processes again, and call this again (docs/privacy.md)."
        )
    if KEYS not in credentials.read(file):
        raise StepFailed(f"{shown(file)} has no line {KEYS}=..., so there is no key to replace.")
    return file


async def run(installation: Installation) -> int:
    """Change the key of the local installation; return the exit code.

    Raises:
        StepFailed: No key can be changed, and why.
    """
    settings = CoreSettings()
    index_key = bytes.fromhex(settings.index_key.get_secret_value())
    database = Database.from_settings(settings)
    files = MediaStore(installation.data_dir / "media")
    try:
        total = await Rotation(database, files, keys_file(installation), index_key, SETTLE).run()
    except OperationalError as error:
        raise StepFailed("The database cannot be read: start Sahayak once with `make run`.") from error
    finally:
        await database.close()
    print(f"{total:,} values and files were encrypted anew. Older back-ups keep the keys they were made with.")
    return 0


def main() -> int:
    """Change the key."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    try:
        installation = local()
        os.environ.update(installation.env("SAHAYAK_"))
        return asyncio.run(run(installation))
    except StepFailed as failure:
        print(failure)
        return 1


if __name__ == "__main__":
    sys.exit(main())
