"""What the officers feature gives to others: officers, their roles and rights, and sessions."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Role(StrEnum):
    """What an officer is at the desk."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    HUB = "hub"
    EDITOR = "editor"
    AUDITOR = "auditor"
    ADMIN = "admin"


_ANSWERING = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.HUB, Role.ADMIN})
_READING = _ANSWERING | {Role.AUDITOR}
_HUB = "hub"
_EVERYWHERE = frozenset({Role.HUB, Role.ADMIN, Role.AUDITOR})


class OfficerView(BaseModel):
    """An officer, without anything secret."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    login: str
    name: str
    role: Role
    room: str | None
    language: str
    active: bool
    speaks: str | None = None

    @property
    def languages(self) -> frozenset[str] | None:
        """Languages in which conversations are led; None is every one."""
        return frozenset(self.speaks.split()) if self.speaks else None

    @property
    def works_at(self) -> str | None:
        """The room whose queue the officer works off: the own one, else the hub for those who see every room."""
        return self.room or (_HUB if self.role in _EVERYWHERE else None)

    @property
    def may_read(self) -> bool:
        """Whether transcripts may be read."""
        return self.role in _READING

    @property
    def may_answer(self) -> bool:
        """Whether conversations may be claimed and answered."""
        return self.role in _ANSWERING

    @property
    def rooms(self) -> frozenset[str] | None:
        """Rooms whose conversations may be seen; None for all of them."""
        if self.role in _EVERYWHERE:
            return None
        return frozenset({self.room} if self.room else ())


class SignedIn(BaseModel):
    """A valid session."""

    model_config = ConfigDict(frozen=True)

    session_id: str
    officer: OfficerView
    csrf: str


class NewSession(BaseModel):
    """A session that was just begun.

    Args:
        token: What the browser keeps; it is stored nowhere else.
        signed_in: Whose it is.
    """

    model_config = ConfigDict(frozen=True)

    token: str
    signed_in: SignedIn
