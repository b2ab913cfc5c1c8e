"""Says where something of a contact is held: takes an address, looks everywhere, prints places and counts.

It prints no words. The address comes from the variable ADDRESS or is asked for; it is not read from the command line,
where other people of the machine could see it.
"""

import argparse
import asyncio
import importlib
import json
import os
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import LargeBinary, Table, select, type_coerce
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.conversations import service as conversations
from core.db import Base, Database
from core.errors import SahayakError
from core.events import AddressRef
from core.media.service import MediaStore
from core.privacy.encryption import EncryptedJson, Keyring, Undecipherable, install, keyring
from core.settings import CoreSettings
from rights import service as rights
from rights.stores import stores, subject_of
from tools.installation import Installation, local

KINDS = ("whatsapp", "telegram", "phone")
"""Kinds of addresses; the same number may be several."""
ADDRESS = "ADDRESS"
_PIECE = 1 << 20
_RAW = ("*.db", "*.db-wal", "log/**/*", "simulator/**/*", "cache/**/*.db", "backups/*.jsonl")
_MODELS = (
    "core.audit", "core.conversations", "core.dues", "core.media", "core.outbox", "core.turns", "grievances",
    "grievances.drafts", "grievances.registries", "handoff.officers", "handoff.queue", "rights",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Something was found at a place, so many times."""

    place: str
    count: int


def tables() -> list[Table]:
    """Every table of ours."""
    for feature in _MODELS:
        importlib.import_module(f"{feature}.models")
    return list(Base.metadata.sorted_tables)


def spellings(needle: str) -> list[bytes]:
    """A text as it may lie in a file: as it is, as JSON escapes it, and as UTF-16."""
    escaped = json.dumps(needle)[1:-1]
    return list(dict.fromkeys([needle.encode(), escaped.encode(), needle.encode("utf-16-le")]))


def needles_of(value: str) -> list[str]:
    """How an address may be written: as it is, and a number's last ten digits."""
    digits = re.sub(r"\D", "", value)
    return [value, digits[-10:]] if len(digits) >= 10 else [value]


# --- tables -------------------------------------------------------------------------------------------------


def _as_stored(table: Table) -> list[Any]:
    return [
        type_coerce(column, LargeBinary).label(column.name) if isinstance(column.type, EncryptedJson) else column
        for column in table.columns
    ]


async def rows_of(db: Database, table: Table) -> AsyncIterator[dict[str, bytes]]:
    """The rows of a table as bytes by column, decrypted; what cannot be decrypted is shown as it is stored."""
    sealed = {column.name: column.type.label for column in table.columns if isinstance(column.type, EncryptedJson)}
    async with db.reading() as session:
        found = await session.stream(select(*_as_stored(table)))
        async for row in found.mappings():
            yield {name: _opened(value, sealed.get(name)) for name, value in row.items() if value is not None}


def _opened(value: Any, label: str | None) -> bytes:
    if label is None:
        return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    try:
        plain = keyring().decrypt(bytes(value), label)
    except Undecipherable:
        return bytes(value)
    try:
        return json.dumps(json.loads(plain), ensure_ascii=False).encode()
    except ValueError:
        return plain


async def search_tables(db: Database, needles: Iterable[str | bytes]) -> list[Found]:
    """Columns in which one of the texts stands, with the number of rows."""
    wanted = [needle.encode() if isinstance(needle, str) else needle for needle in needles]
    found: Counter[str] = Counter()
    for table in tables():
        async for row in rows_of(db, table):
            for name, content in row.items():
                if any(needle in content for needle in wanted):
                    found[f"{table.name}.{name}"] += 1
    return [Found(place, count) for place, count in sorted(found.items())]


# --- files --------------------------------------------------------------------------------------------------


def search_files(folder: Path, needles: Iterable[str | bytes], patterns: Sequence[str] = _RAW) -> list[Found]:
    """Files in which one of the texts stands, byte by byte, whatever the file is."""
    wanted = [one for needle in needles for one in ([needle] if isinstance(needle, bytes) else spellings(needle))]
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    counts = {path: sum(_count(path, needle) for needle in wanted) for path in paths}
    return [Found(str(path.relative_to(folder)), count) for path, count in counts.items() if count]


def _count(path: Path, needle: bytes) -> int:
    total, rest = 0, b""
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            window = rest + piece
            total += window.count(needle)
            rest = window[max(len(window) - len(needle) + 1, 0) :]
    return total


def search_media(folder: Path, needles: Iterable[str | bytes]) -> list[Found]:
    """Kept files whose content has one of the texts, under the names of their rows."""
    wanted = [one for needle in needles for one in ([needle] if isinstance(needle, bytes) else spellings(needle))]
    store = MediaStore(folder)
    return [
        Found(f"media/{name}", 1)
        for name, content in _contents(store, folder)
        if any(needle in content for needle in wanted)
    ]


def _contents(store: MediaStore, folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob("*/*")):
        try:
            yield path.name, store.read(path.name)
        except SahayakError:
            yield path.name, path.read_bytes()


# --- databases of others ------------------------------------------------------------------------------------


def search_server(url: str, needles: Iterable[str]) -> list[Found]:
    """Tables of a PostgreSQL database, whoever made them, with rows in which one of the texts stands.

    Args:
        url: SQLAlchemy URL of the assistant's trackers or of the durable engine.
        needles: What is looked for.
    """
    wanted = [f"%{_literal(form)}%" for needle in needles for form in (needle, needle.encode().hex())]
    found = []
    with psycopg.connect(re.sub(r"^postgresql\+\w+", "postgresql", url)) as connection:
        listed = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        ).fetchall()
        for schema, name in listed:
            query = sql.SQL("SELECT count(*) FROM {} AS one WHERE one::text LIKE ANY(%s)")
            row = connection.execute(query.format(sql.Identifier(schema, name)), [wanted]).fetchone()
            if row and row[0]:
                found.append(Found(f"{schema}.{name}", int(row[0])))
    return found


def _literal(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


# --- one contact --------------------------------------------------------------------------------------------


async def report(
    db: Database, data_dir: Path, value: str, *, kinds: Sequence[str] = KINDS, others: Iterable[str] = ()
) -> list[str]:
    """Lines that say where something of whoever has this address is held; that somebody looked is recorded.

    Args:
        db: The application's database.
        data_dir: The data folder.
        value: The address, a number with its plus sign.
        kinds: As what the address may be known.
        others: URLs of further databases, outside the data folder.
    """
    lines: list[str] = []
    ids: list[str] = []
    contacts: list[str] = []
    async with db.transaction() as session:
        for kind in kinds:
            lines += await _erasures(session, kind, value)
            address = await conversations.find_address(session, AddressRef(kind=kind, value=value))
            if address is not None and address.contact_id not in contacts:
                contacts.append(address.contact_id)
        for contact_id in contacts or ["nobody"]:
            await audit.record(
                session, actor="operator", act="privacy.searched", subject=contact_id, now=datetime.now(UTC)
            )
    async with db.reading() as session:
        for contact_id in contacts:
            subject = await subject_of(session, contact_id)
            ids += subject.conversation_ids
            lines.append(f"known as       contact {contact_id}")
            held = [one for store in stores() for one in await store.count(session, subject) if one.count]
            lines += [f"held           {one.kind}: {one.count}" for one in held]
    if not contacts:
        lines.append("known as       nobody: this address leads to no contact")
    needles = needles_of(value)
    places = await search_tables(db, needles)
    places += await asyncio.to_thread(_outside, data_dir, needles, others)
    places += await asyncio.to_thread(search_media, data_dir / "media", needles)
    lines += [f"address in     {found.place}: {found.count}" for found in places]
    if ids:
        by_id = await asyncio.to_thread(_outside, data_dir, ids, others)
        lines += [f"ids in         {found.place}: {found.count}" for found in by_id]
    lines += [f"may be in      backups/{name}" for name in _copies(data_dir / "backups")]
    if not places and not contacts:
        lines.append("The address itself was found nowhere.")
    return lines


def _copies(folder: Path) -> list[str]:
    """Back-ups, and what a restore moved aside: nothing looks into them."""
    return sorted(path.name for pattern in ("sahayak-*.tar.gz", "before-restore-*") for path in folder.glob(pattern))


async def _erasures(session: AsyncSession, kind: str, value: str) -> list[str]:
    return [
        f"erased         {one.erased_at:%Y-%m-%d %H:%M} UTC, request {one.id}; bare log rows stay for a year"
        for one in await rights.erasures_of_address(session, kind, value)
    ]


def _outside(data_dir: Path, needles: Sequence[str], others: Iterable[str]) -> list[Found]:
    return search_files(data_dir, needles) + [found for url in others for found in search_server(url, needles)]


def servers(installation: Installation) -> list[str]:
    """URLs of the trackers and of the durable engine where these are no files in the data folder."""
    given = installation.variables()
    urls = [given.get(name, "") for name in ("BOT_TRACKER_URL", "SAHAYAK_DURABLE_URL")]
    return [url for url in dict.fromkeys(urls) if url.startswith("postgresql")]


async def run(installation: Installation, value: str) -> int:
    """Search the local installation; return the exit code."""
    settings = CoreSettings()
    install(Keyring.from_settings(settings))
    database = Database.from_settings(settings)
    try:
        lines = await report(database, installation.data_dir, value, others=servers(installation))
    except OperationalError:
        print("The database has no tables yet: start Sahayak once with `make run`.")
        return 1
    finally:
        await database.close()
    print("\n".join(lines))
    return 0


def asked_for() -> str:
    """The address, from the environment or from the person at the terminal."""
    given = os.environ.pop(ADDRESS, "").strip()
    if given:
        return given
    try:
        return input("Address, a number with its plus sign: ").strip()
    except EOFError:
        return ""


def main() -> int:
    """Ask for the address and search."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    value = asked_for()
    if not value:
        print("No address was given: make find-contact address=NUMBER, or make find-contact, which asks.")
        return 1
    installation = local()
    os.environ.update(installation.env("SAHAYAK_"))
    return asyncio.run(run(installation, value))


if __name__ == "__main__":
    sys.exit(main())
