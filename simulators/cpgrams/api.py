"""The interface that the gateway calls: register, find, status, received, closure."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from simulators.cpgrams.errors import Refusal
from simulators.cpgrams.forms import Closure, Registration, read
from simulators.cpgrams.gate import Admitted, admit
from simulators.cpgrams.records import Grievance

MAX_PAGE = 100
router = APIRouter(prefix="/cpgrams/v1")
_TOKEN = re.compile(r"p\d{1,12}")

Registering = Annotated[Admitted, Depends(admit("register"))]
Finding = Annotated[Admitted, Depends(admit("find"))]
Asking = Annotated[Admitted, Depends(admit("status"))]
Pulling = Annotated[Admitted, Depends(admit("received"))]
Closing = Annotated[Admitted, Depends(admit("closure"))]


def moment(seconds: float) -> str:
    """Write a moment as it is sent."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def status_resource(found: Grievance) -> dict[str, Any]:
    """Show where a grievance stands."""
    return {
        "registration_number": found.number,
        "client_reference": found.client_reference,
        "received_at": moment(found.received_at),
        "status": found.status,
        "status_at": moment(found.updated_at),
        "officer": found.details.get("officer", ""),
        "remarks": found.details.get("remarks", ""),
        "outcome": found.details.get("outcome"),
        "closed_by": found.details.get("closed_by"),
    }


def received_resource(found: Grievance) -> dict[str, Any]:
    """Show a grievance that was filed directly."""
    return {
        "registration_number": found.number,
        "received_at": moment(found.received_at),
        "status": found.status,
        **{name: found.details[name] for name in ("category", "description", "language", "complainant")},
    }


def _query(call: Admitted, name: str) -> str:
    given = call.request.query_params.get(name, "")
    if not given:
        raise Refusal(400, "invalid_fields", "Some fields cannot be used", fields={name: "missing"})
    return given


@router.post("/grievances")
async def register(call: Registering) -> Response:
    """Register a grievance."""
    form = read(Registration, call.body)
    found = call.standin.register(form)
    document = status_resource(found)
    kind = call.fault.kind if call.fault else None
    if kind == "bad_number":
        document["registration_number"] = found.number.replace("/", "-").removesuffix(found.number[-1])
    if kind == "duplicate_number":
        document["registration_number"] = call.standin.store.all()[0].number
    return await call.answer(document, 201)


@router.get("/grievances")
async def find(call: Finding) -> Response:
    """List what is registered under a reference of the client."""
    found = call.standin.store.by_reference(_query(call, "client_reference"))
    return await call.answer({"grievances": [status_resource(one) for one in found]})


@router.get("/grievances/status")
async def status(call: Asking) -> Response:
    """Show where a grievance stands."""
    return await call.answer(status_resource(call.standin.get(_query(call, "registration_number"))))


@router.get("/grievances/received")
async def received(call: Pulling) -> Response:
    """List what citizens filed directly since a moment, in pages."""
    since = _since(_query(call, "since"))
    params = call.request.query_params
    size, token = params.get("page_size", "50"), params.get("page_token", "p0")
    if not size.isdecimal() or not 1 <= int(size) <= MAX_PAGE or not _TOKEN.fullmatch(token):
        raise Refusal(400, "invalid_fields", "Some fields cannot be used", fields={"page_size": f"1 to {MAX_PAGE}"})
    page, following = call.standin.received(since, int(token[1:]), int(size))
    document = {
        "grievances": [received_resource(one) for one in page],
        "next_page_token": f"p{following}" if following else None,
    }
    return await call.answer(document)


def _since(text: str) -> float:
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        since = None
    if since is None or since.tzinfo is None:
        raise Refusal(400, "invalid_fields", "Some fields cannot be used", fields={"since": "ISO 8601 with an offset"})
    return since.timestamp()


@router.post("/grievances/closure")
async def closure(call: Closing) -> Response:
    """Close a grievance."""
    return await call.answer(status_resource(call.standin.close_grievance(read(Closure, call.body))))
