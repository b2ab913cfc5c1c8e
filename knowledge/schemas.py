"""What travels between the knowledge process and its client."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Language = Literal["en", "hi", "hi-Latn"]
PageLanguage = Literal["en", "hi"]
Aspect = Literal["what", "who", "benefits", "how", "documents", "fees", "time", "helpline", "status"]
SchemeStatus = Literal["active", "uncertain", "closed", "upcoming"]

MAX_QUESTION = 5000
"""Longest question in characters; WhatsApp itself allows 4,096."""


class Question(BaseModel):
    """A question as the actions put it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)]
    language: Language
    scheme: Annotated[str, StringConstraints(max_length=64)] | None = None
    aspect: Aspect | None = None
    limit: int = Field(default=3, ge=1, le=20)


class Wording(BaseModel):
    """A text whose meaning is to be compared with that of others."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)]
    language: Language


class Meaning(BaseModel):
    """A text's meaning as a unit vector; only vectors of the same embedder can be compared."""

    model_config = ConfigDict(frozen=True)

    vector: tuple[float, ...]
    embedder: str


class Passage(BaseModel):
    """A section of a page, with what a contact must be told about it."""

    model_config = ConfigDict(frozen=True)

    scheme: str
    scheme_name: str
    aspect: Aspect
    heading: str
    text: str
    language: PageLanguage
    source_title: str
    source_url: str | None
    as_of: str
    scheme_status: SchemeStatus
    missing_aspect: bool
    score: float


class KnowledgeAnswer(BaseModel):
    """Passages, best first, or an honest refusal."""

    model_config = ConfigDict(frozen=True)

    status: Literal["answered", "refused"]
    passages: tuple[Passage, ...]
    score: float
    threshold: float
