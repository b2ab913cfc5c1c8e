"""What a client sends: fields of a grievance and of a closure, with the stand-in's limits."""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from simulators.cpgrams.errors import Refusal
from simulators.cpgrams.settings import OrganisationCode

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,10}/[EP]/\d{4}/\d{7}$")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_F = TypeVar("_F", bound=_Form)


class Complainant(_Form):
    """Whom a grievance is from."""

    name: Line
    gender: Literal["female", "male", "other"] | None = None
    address: Annotated[str, StringConstraints(max_length=500)] | None = None
    country: Literal["India"] = "India"
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    district: Line | None = None
    pincode: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{5}$")] | None = None
    mobile: Annotated[str, StringConstraints(pattern=r"^\+\d{7,15}$")] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)] | None = None


class Filing(_Form):
    """A grievance as a citizen files it."""

    organisation: OrganisationCode
    category: Line
    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{4})?$")] = "en"
    complainant: Complainant


class Registration(Filing):
    """A grievance as a client registers it."""

    client_reference: Reference
    received_at: datetime


class Closure(_Form):
    """A client's report that a grievance is closed."""

    registration_number: Number
    client_reference: Reference
    outcome: Literal["redressed", "partly_redressed", "not_redressed", "not_admissible", "withdrawn"]
    reasons: Annotated[str, StringConstraints(strip_whitespace=True, min_length=20, max_length=4000)]
    closed_at: datetime


def read(form: type[_F], body: bytes) -> _F:
    """Read a body.

    Raises:
        Refusal: It is not JSON, or fields are missing, unknown or unusable; names them.
    """
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        if any(problem["type"] == "json_invalid" for problem in problems):
            raise Refusal(400, "malformed", "The body is not JSON") from error
        fields = {".".join(str(part) for part in problem["loc"]): problem["msg"] for problem in problems}
        raise Refusal(400, "invalid_fields", "Some fields cannot be used", fields=fields) from error
