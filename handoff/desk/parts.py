"""What a running desk is made of, and how its pages are rendered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.clock import Clock
from core.db import Database
from core.i18n import LANGUAGES
from core.media.service import MediaStore
from handoff.desk.acts import Acts
from handoff.desk.assets import Asset
from handoff.desk.grievances.acts import GrievanceActs
from handoff.desk.guard import Attempts
from handoff.desk.live import Live
from handoff.desk.settings import DeskSettings
from handoff.desk.words import speaker
from handoff.officers.service import Officers

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Desk:
    """The parts of a running desk."""

    db: Database
    clock: Clock
    settings: DeskSettings
    officers: Officers
    acts: Acts
    grievances: GrievanceActs
    live: Live
    attempts: Attempts
    assets: dict[str, Asset]
    store: MediaStore


def desk_of(request: Request) -> Desk:
    """The desk that serves the request."""
    desk: Desk = request.app.state.desk
    return desk


def base_of(request: Request) -> str:
    """The path under which the desk is mounted, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def is_partial(request: Request) -> bool:
    """Whether the page's script asks for a part of the page."""
    return "hx-request" in request.headers and "hx-boosted" not in request.headers


def language_of(request: Request) -> str:
    """The language to answer in: the officer's, else the one asked for, else what the browser prefers."""
    known = getattr(request.state, "language", None) or request.query_params.get("language")
    if known in LANGUAGES:
        return str(known)
    return "hi" if request.headers.get("accept-language", "").lower().startswith("hi") else "en"


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, or a part of one."""
    desk, base, language = desk_of(request), base_of(request), language_of(request)

    def asset(name: str) -> str:
        return f"{base}/static/{desk.assets[name].version}/{name}"

    text = _TEMPLATES.get_template(template).render(
        base=base, asset=asset, say=speaker(language), language=language, languages=LANGUAGES, **context
    )
    return HTMLResponse(text, status)
