"""Puts the desk together as a web application that can be mounted or served by itself."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from core.clock import Clock
from core.db import Database
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted, SahayakError
from core.media.service import MediaStore
from handoff.desk import assets, auth, files, views
from handoff.desk.acts import LONGEST_REPLY, Acts, SaidOtherwise, Wake
from handoff.desk.grievances import views as grievance_views
from handoff.desk.grievances.acts import GrievanceActs
from handoff.desk.guard import Attempts, Guard
from handoff.desk.live import Live
from handoff.desk.parts import Desk, base_of, desk_of, is_partial, render
from handoff.desk.settings import DeskSettings
from handoff.officers.errors import NotSignedIn
from handoff.officers.service import Officers
from handoff.queue.service import TooManyOpen

_ANSWERS: dict[type[Exception], tuple[int, str]] = {
    auth.ForgedForm: (403, "form_expired"),
    NotPermitted: (403, "not_permitted"),
    NotFound: (404, "not_found"),
    TooManyOpen: (409, "too_many"),
    SaidOtherwise: (409, "said_otherwise"),
    Conflict: (409, "not_yours"),
    InvalidInput: (422, "bad_input"),
}


def make_desk(
    db: Database,
    clock: Clock,
    wake: Wake,
    settings: DeskSettings,
    store: MediaStore,
    officers: Officers | None = None,
) -> FastAPI:
    """The desk as an application; it needs no lifespan of its own.

    Args:
        db: The application's database.
        clock: Tells the time.
        wake: Starts the delivery of what is queued in a conversation.
        settings: Limits and keys.
        store: Where contacts' files are kept.
        officers: Made from the database when not given.

    Raises:
        AssetMissing: htmx is not installed in the version that was checked.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.desk = Desk(
        db=db,
        clock=clock,
        settings=settings,
        officers=officers or Officers(db, clock),
        acts=Acts(db, clock, wake),
        grievances=GrievanceActs(db, clock, wake),
        live=Live(db, settings.poll_seconds, clock),
        attempts=Attempts(settings.sign_in_per_minute),
        assets=assets.load(),
        store=store,
    )
    app.add_middleware(Guard)
    app.include_router(auth.router)
    app.include_router(views.router)
    app.include_router(files.router)
    app.include_router(grievance_views.router)
    app.add_api_route("/static/{version}/{name}", _asset, methods=["GET"])
    app.add_exception_handler(SahayakError, _show_error)
    app.add_exception_handler(RequestValidationError, _show_error)
    app.add_exception_handler(HTTPException, _show_error)
    return app


async def _asset(request: Request, version: str, name: str) -> Response:
    found = desk_of(request).assets.get(name)
    if found is None or found.version != version:
        raise NotFound("asset")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.content, media_type=found.media_type, headers=headers)


async def _show_error(request: Request, error: Exception) -> Response:
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    status, key = _answer(error)
    params = {}
    if isinstance(error, InvalidInput) and error.field == "text":
        key, params = "bad_reply", {"limit": LONGEST_REPLY}
    if isinstance(error, InvalidInput) and error.field == "transfer":
        key = "bad_transfer"
    if is_partial(request):
        part = render(request, "notice.html", status, problem=key, params=params)
        part.headers.update({"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
        return part
    return render(request, "error.html", status, problem=key, params=params)


def _answer(error: Exception) -> tuple[int, str]:
    if isinstance(error, RequestValidationError):
        return 422, "bad_input"
    if isinstance(error, HTTPException):
        return error.status_code, "not_found" if error.status_code == 404 else "bad_input"
    for kind, answer in _ANSWERS.items():
        if isinstance(error, kind):
            return answer
    return 500, "failed"


def _to_sign_in(request: Request) -> Response:
    address = f"{base_of(request)}/sign-in"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": address})
    if request.method == "GET" and request.url.path.endswith("/live"):
        return Response(status_code=401)
    response = RedirectResponse(address, 303)
    response.delete_cookie(auth.SESSION_COOKIE, path=base_of(request) or "/")
    return response
