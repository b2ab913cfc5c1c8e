"""The door to officers: create, sign in and out, and tell who a session belongs to."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit import service as audit
from core.clock import Clock
from core.db import Database
from core.errors import Conflict, InvalidInput
from core.i18n import LANGUAGES
from core.ids import new_id
from handoff.officers import presence, repository
from handoff.officers.errors import NotSignedIn, SignInRefused
from handoff.officers.models import Officer, OfficerSession
from handoff.officers.passwords import Passwords
from handoff.officers.schemas import NewSession, OfficerView, Role, SignedIn

ATTEMPTS = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
IDLE_LIFE = timedelta(minutes=60)
_TOUCH_EVERY = timedelta(seconds=60)
_SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 200
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


def normal_login(login: str) -> str:
    """A login as it is stored: composed, without surrounding space, in small letters."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _check_password(password: str) -> None:
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise InvalidInput("password", f"{_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")


async def names(session: AsyncSession, officer_ids: Iterable[str]) -> dict[str, str]:
    """Names of officers by id."""
    return {row.id: row.name for row in await repository.by_ids(session, officer_ids)}


class Officers:
    """Creates officers and leads their sessions.

    Args:
        db: The application's database.
        clock: Tells the time.
        passwords: Hashes and checks passwords.
    """

    def __init__(self, db: Database, clock: Clock, passwords: Passwords | None = None) -> None:
        self._db, self._clock = db, clock
        self._passwords = passwords or Passwords()

    async def create(
        self,
        *,
        login: str,
        name: str,
        role: Role,
        password: str,
        room: str | None = None,
        language: str = "en",
        speaks: str | None = None,
    ) -> OfficerView:
        """Add an officer.

        Raises:
            InvalidInput: The login, name, language or password cannot be used.
            Conflict: The login is taken.
        """
        login, name = normal_login(login), name.strip()
        if not _LOGIN.fullmatch(login):
            raise InvalidInput("login", "2 to 64 of a-z, 0-9 and . _ @ -, beginning with a letter or digit")
        if not 1 <= len(name) <= 100:
            raise InvalidInput("name", "1 to 100 characters")
        if language not in LANGUAGES:
            raise InvalidInput("language", "one of " + ", ".join(LANGUAGES))
        _check_password(password)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        try:
            async with self._db.transaction() as session:
                row = Officer(
                    id=new_id(),
                    login=login,
                    name=name,
                    role=role,
                    room=room or None,
                    language=language,
                    speaks=" ".join(speaks.split())[:64] or None if speaks else None,
                    password_hash=password_hash,
                    active=True,
                    failed_logins=0,
                    created_at=now,
                )
                session.add(row)
                await session.flush()
                await audit.record(session, actor="system", act="officer.create", subject=row.id, now=now)
                return OfficerView.model_validate(row)
        except IntegrityError as error:
            raise Conflict(f"the login {login} is taken") from error

    async def ensure(self, *, login: str, name: str, role: Role, password: str) -> tuple[OfficerView, bool]:
        """Have an officer with this login, role and password; what is already so is left alone.

        Returns:
            The officer, and whether anything was changed.
        """
        async with self._db.reading() as session:
            row = await repository.by_login(session, normal_login(login))
        if row is None:
            return await self.create(login=login, name=name, role=role, password=password), True
        if row.active and row.role == role and await self._passwords.matches(row.password_hash, password):
            return OfficerView.model_validate(row), False
        await self._set_password(row.id, password, role)
        return OfficerView.model_validate(row), True

    async def _set_password(self, officer_id: str, password: str, role: Role) -> None:
        _check_password(password)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        async with self._db.transaction() as session:
            row = await session.get_one(Officer, officer_id)
            row.password_hash, row.active, row.locked_until, row.failed_logins = password_hash, True, None, 0
            row.role = role
            await repository.drop_sessions_of(session, officer_id)
            await audit.record(session, actor="system", act="officer.password", subject=officer_id, now=now)

    async def sign_in(self, login: str, password: str) -> NewSession:
        """Begin a session.

        Raises:
            SignInRefused: The login or password is wrong, or the account is locked or inactive.
        """
        officer = await self._counted(normal_login(login))
        known = await self._passwords.matches(
            officer.password_hash if officer and officer.active else None, password[:_LONGEST_PASSWORD]
        )
        if officer is None or not known:
            await self._note_refusal(officer)
            raise SignInRefused("login or password")
        fresh = await self._passwords.hash(password) if self._passwords.is_outdated(officer.password_hash) else None
        return await self._begin(officer.id, fresh)

    async def _counted(self, login: str) -> Officer | None:
        now = self._clock.now()
        async with self._db.transaction() as session:
            officer = await repository.by_login(session, login)
            if officer is None:
                return None
            attempts = await repository.count_attempt(session, officer.id, now)
            if attempts is None:
                return None
            if attempts >= ATTEMPTS:
                await repository.lock(session, officer.id, now + LOCKED_FOR)
                await audit.record(session, actor="system", act="officer.lock", subject=officer.id, now=now)
            return officer

    async def _note_refusal(self, officer: Officer | None) -> None:
        async with self._db.transaction() as session:
            subject = officer.id if officer else "unknown"
            await audit.record(
                session, actor="system", act="officer.sign_in_refused", subject=subject, now=self._clock.now()
            )

    async def _begin(self, officer_id: str, fresh_hash: str | None) -> NewSession:
        now = self._clock.now()
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        async with self._db.transaction() as session:
            row = await session.get_one(Officer, officer_id)
            await repository.clear_attempts(session, officer_id)
            await repository.drop_expired(session, now)
            if fresh_hash is not None:
                row.password_hash = fresh_hash
            begun = OfficerSession(
                id=new_id(),
                officer_id=officer_id,
                token_digest=_digest(token),
                csrf=csrf,
                created_at=now,
                expires_at=now + SESSION_LIFE,
                last_seen_at=now,
            )
            session.add(begun)
            await audit.record(session, actor=officer_id, act="officer.sign_in", subject=officer_id, now=now)
            officer = OfficerView.model_validate(row)
        return NewSession(token=token, signed_in=SignedIn(session_id=begun.id, officer=officer, csrf=csrf))

    async def authenticate(self, token: str, *, acting: bool = True) -> SignedIn:
        """Whose session the token belongs to.

        Args:
            token: What the browser sent.
            acting: Whether the officer did something; what a page fetches by itself does not keep a session alive.

        Raises:
            NotSignedIn: There is no such session, it is over, or the officer is inactive.
        """
        now = self._clock.now()
        async with self._db.reading() as session:
            found = await repository.session_by_digest(session, _digest(token))
        if found is None:
            raise NotSignedIn("no session")
        begun, officer = found
        if not officer.active or begun.expires_at <= now or begun.last_seen_at + IDLE_LIFE <= now:
            raise NotSignedIn("the session is over")
        if acting and begun.last_seen_at + _TOUCH_EVERY <= now:
            async with self._db.transaction() as session:
                await repository.touch(session, begun.id, now)
        return SignedIn(session_id=begun.id, officer=OfficerView.model_validate(officer), csrf=begun.csrf)

    async def sign_out(self, signed_in: SignedIn) -> None:
        """End the session."""
        now = self._clock.now()
        async with self._db.transaction() as session:
            await repository.drop_session(session, signed_in.session_id)
            officer_id = signed_in.officer.id
            await presence.leave(session, officer_id)
            await audit.record(session, actor=officer_id, act="officer.sign_out", subject=officer_id, now=now)

    async def set_language(self, officer_id: str, language: str) -> None:
        """Remember the language in which an officer reads the desk.

        Raises:
            InvalidInput: It is not offered.
        """
        if language not in LANGUAGES:
            raise InvalidInput("language", "one of " + ", ".join(LANGUAGES))
        async with self._db.transaction() as session:
            row = await session.get_one(Officer, officer_id)
            row.language = language

    async def set_active(self, officer_id: str, *, active: bool, by: str, now: datetime | None = None) -> None:
        """Let an officer in or keep them out; keeping out ends every session at once."""
        moment = now or self._clock.now()
        async with self._db.transaction() as session:
            row = await session.get_one(Officer, officer_id)
            row.active = active
            if not active:
                await repository.drop_sessions_of(session, officer_id)
                await presence.leave(session, officer_id)
            act = "officer.activate" if active else "officer.deactivate"
            await audit.record(session, actor=by, act=act, subject=officer_id, now=moment)
