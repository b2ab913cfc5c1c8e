"""What is stored cannot be read, moved or altered unnoticed; keys can be rotated."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import LargeBinary, MetaData, String, select, text, type_coerce
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.db import Database
from core.errors import InvalidInput
from core.privacy import encryption
from core.privacy.encryption import EncryptedJson, Keyring, Undecipherable, install
from core.settings import CoreSettings

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = Keyring({1: OLD}, b"index key of the tests")


@given(st.binary(max_size=300), st.text(max_size=30))
def test_what_was_encrypted_is_decrypted(plain: bytes, label: str) -> None:
    stored = RING.encrypt(plain, label)
    assert RING.decrypt(stored, label) == plain
    assert len(stored) == len(plain) + 1 + 12 + 16
    if len(plain) >= 8:
        assert plain not in stored


def test_equal_values_look_different() -> None:
    assert len({RING.encrypt(b"+910000000101", "a.b") for _ in range(100)}) == 100


@given(st.binary(max_size=60), st.integers(min_value=0), st.integers(1, 255))
def test_any_altered_byte_is_found(plain: bytes, place: int, by: int) -> None:
    stored = bytearray(RING.encrypt(plain, "a.b"))
    stored[place % len(stored)] ^= by
    with pytest.raises(Undecipherable):
        RING.decrypt(bytes(stored), "a.b")


@given(st.binary(max_size=40), st.integers(0, 60))
def test_any_truncation_is_found(plain: bytes, length: int) -> None:
    stored = RING.encrypt(plain, "a.b")
    with pytest.raises(Undecipherable):
        RING.decrypt(stored[: min(length, len(stored) - 1)], "a.b")


def test_a_value_moved_to_another_column_is_found() -> None:
    with pytest.raises(Undecipherable):
        RING.decrypt(RING.encrypt(b"x", "contact.name"), "address.value")


def test_after_a_rotation_old_values_are_read_and_new_ones_use_the_new_key() -> None:
    before = RING.encrypt(b"x", "a.b")
    both = Keyring({2: NEW, 1: OLD}, b"")
    assert both.decrypt(before, "a.b") == b"x"
    after = both.encrypt(b"x", "a.b")
    assert after[0] == 2
    assert Keyring({2: NEW}, b"").decrypt(after, "a.b") == b"x"
    with pytest.raises(Undecipherable, match="no key"):
        Keyring({2: NEW}, b"").decrypt(before, "a.b")


def test_another_key_under_the_same_id_reads_nothing() -> None:
    with pytest.raises(Undecipherable):
        Keyring({1: NEW}, b"").decrypt(RING.encrypt(b"x", "a.b"), "a.b")


def test_without_a_keyring_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_installed", [])
    with pytest.raises(Undecipherable, match="no keyring"):
        encryption.keyring()


@given(st.text(max_size=40), st.text(max_size=40))
def test_blind_index_finds_the_exact_value_only(one: str, other: str) -> None:
    index = RING.blind_index(one, "address.whatsapp")
    assert len(index) == 16
    assert index == RING.blind_index(one, "address.whatsapp")
    assert (index == RING.blind_index(other, "address.whatsapp")) == (one == other)
    assert index != RING.blind_index(one, "address.telegram")
    assert index != Keyring({1: OLD}, b"another").blind_index(one, "address.whatsapp")


def settings(keys: str) -> CoreSettings:
    return CoreSettings(encryption_keys=SecretStr(keys), index_key=SecretStr("0" * 64))


def test_the_first_key_of_the_settings_encrypts() -> None:
    ring = Keyring.from_settings(settings(f" 7:{'ab' * 32} , 1:{OLD.hex()}"))
    assert ring.encrypt(b"", "a.b")[0] == 7
    assert ring.decrypt(RING.encrypt(b"x", "a.b"), "a.b") == b"x"


@pytest.mark.parametrize(
    "keys",
    [
        *("", "1", "1:", f"0:{'00' * 32}", f"256:{'00' * 32}", f"-1:{'00' * 32}", f"x:{'00' * 32}"),
        *(f"1:{'00' * 31}", f"1:{'00' * 33}", f"1:{'0g' * 32}", f"1:{'00' * 32},", f"1:{'00' * 32},1:{'11' * 32}"),
    ],
)
def test_wrong_keys_are_refused_by_name_and_not_shown(keys: str) -> None:
    with pytest.raises(InvalidInput, match="SAHAYAK_ENCRYPTION_KEYS") as refused:
        Keyring.from_settings(settings(keys))
    assert "0000" not in str(refused.value)


class Base(DeclarativeBase):
    metadata = MetaData()


class Note(Base):
    __tablename__ = "note"
    id: Mapped[str] = mapped_column(String(4), primary_key=True)
    content: Mapped[Any] = mapped_column(EncryptedJson("note.content"), nullable=True)


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Database]:
    install(RING)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'notes.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


async def test_a_column_is_unreadable_in_the_file_and_readable_through_us(notes: Database, tmp_path: Path) -> None:
    values = [{"text": "मेरा खरीदार पैसे नहीं दे रहा"}, "+910000000101", ["a", 1, None], 0, False, ""]
    async with notes.transaction() as session:
        session.add_all([Note(id=str(number), content=value) for number, value in enumerate(values)])
    async with notes.reading() as session:
        assert list(await session.scalars(select(Note.content).order_by(Note.id))) == values
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"+910000000101" not in stored
    assert "खरीदार".encode() not in stored


async def test_nothing_stays_nothing(notes: Database) -> None:
    async with notes.transaction() as session:
        session.add(Note(id="1", content=None))
    async with notes.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM note WHERE content IS NULL")) == 1
        assert await session.scalar(select(Note.id).where(Note.content.is_(None))) == "1"


async def test_a_value_copied_into_another_row_of_the_column_is_still_the_same_value(notes: Database) -> None:
    """A known limit: the column is bound, the row is not."""
    async with notes.transaction() as session:
        session.add_all([Note(id="1", content="a"), Note(id="2", content="b")])
    async with notes.transaction() as session:
        await session.execute(text("UPDATE note SET content = (SELECT content FROM note WHERE id='1') WHERE id='2'"))
        stored = await session.scalar(select(type_coerce(Note.content, LargeBinary)).where(Note.id == "2"))
    assert stored is not None
    assert RING.decrypt(stored, "note.content") == b'"a"'


@pytest.mark.parametrize(
    "compare",
    [
        lambda: Note.content == "a",
        lambda: Note.content != "a",
        lambda: Note.content.in_(["a"]),
        lambda: Note.content.like("a"),
        lambda: Note.content < "a",
        lambda: Note.content == None,  # noqa: E711 - that is the point
        lambda: Note.content.desc(),
    ],
)
def test_comparing_ciphertexts_is_refused(compare: Any) -> None:
    with pytest.raises(TypeError, match="blind index"):
        compare()
