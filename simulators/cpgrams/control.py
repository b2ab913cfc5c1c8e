"""The control API of the stand-in: tests play citizens and officers of CPGRAMS and break things with it."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from simulators.control import permit
from simulators.cpgrams.api import status_resource
from simulators.cpgrams.errors import Refusal
from simulators.cpgrams.faults import Behaviour, Fault
from simulators.cpgrams.forms import Filing
from simulators.cpgrams.gate import StandInHere
from simulators.cpgrams.records import Grievance, Status

router = APIRouter(prefix="/control/cpgrams", dependencies=[Depends(permit)])


class DirectFiling(Filing):
    """A grievance that a citizen files on the public page; ``received_at`` may lie anywhere."""

    received_at: datetime | None = None


class StatusChange(BaseModel):
    """What an officer of CPGRAMS does to a grievance."""

    model_config = ConfigDict(extra="forbid")

    registration_number: str
    status: Status
    remarks: str = Field(default="", max_length=4000)
    officer: str = Field(default="", max_length=200)


def _shown(found: Grievance) -> dict[str, Any]:
    return {**status_resource(found), "origin": found.origin, "details": found.details}


@router.post("/grievances", status_code=201)
async def file_directly(filing: DirectFiling, standin: StandInHere) -> dict[str, Any]:
    """File a grievance as a citizen."""
    at = filing.received_at.timestamp() if filing.received_at else None
    try:
        return _shown(standin.file_directly(Filing(**filing.model_dump(exclude={"received_at"})), at))
    except Refusal as error:
        raise HTTPException(422, error.more) from error


@router.get("/grievances")
async def list_grievances(standin: StandInHere) -> dict[str, Any]:
    """List everything on the books, in the order of registration."""
    return {"grievances": [_shown(one) for one in standin.store.all()]}


@router.put("/grievances/status")
async def change_status(change: StatusChange, standin: StandInHere) -> dict[str, Any]:
    """Change where a grievance stands."""
    details = {name: value for name in ("remarks", "officer") if (value := getattr(change, name))}
    try:
        return _shown(standin.move(change.registration_number, change.status, details))
    except Refusal as error:
        raise HTTPException(404, error.message) from error


@router.get("/calls")
async def list_calls(standin: StandInHere) -> dict[str, Any]:
    """List the calls of the interface since the start, oldest first."""
    return {"calls": list(standin.calls)}


@router.get("/faults")
async def list_faults(standin: StandInHere) -> dict[str, Any]:
    """List the faults still due."""
    return {"faults": [fault.model_dump() for fault in standin.faults.pending()]}


@router.post("/faults", status_code=201)
async def add_fault(fault: Fault, standin: StandInHere) -> dict[str, Any]:
    """Plan a fault for the next calls."""
    standin.faults.add(fault)
    return await list_faults(standin)


@router.delete("/faults", status_code=204)
async def clear_faults(standin: StandInHere) -> None:
    """Plan no fault any more."""
    standin.faults.clear()


@router.get("/behaviour")
async def show_behaviour(standin: StandInHere) -> Behaviour:
    """Show the habits in force."""
    return standin.behaviour


@router.patch("/behaviour")
async def change_behaviour(changes: dict[str, Any], standin: StandInHere) -> Behaviour:
    """Change some habits and leave the others."""
    try:
        standin.behaviour = Behaviour.model_validate(standin.behaviour.model_dump() | changes)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    return standin.behaviour


@router.post("/reset", status_code=204)
async def reset(standin: StandInHere) -> None:
    """Forget grievances, calls, faults and habits."""
    standin.reset()
